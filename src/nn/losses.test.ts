import { describe, expect, test } from 'vitest';
import { array, casesOf, digits, expectClose } from '../../test/support/layers.js';
import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { grad } from '../transform/index.js';
import { binaryCrossEntropy, crossEntropy, focal, huber, mae, mse } from './index.js';

const losses = casesOf('crossEntropy', 'mse', 'l1', 'huber', 'binaryCrossEntropy').filter(
  ({ golden: { attributes } }) =>
    (attributes.reduction ?? 'mean') === 'mean' && attributes.targets !== 'probabilities',
);
test.each(losses)('$name equals that of PyTorch', ({ golden }) => {
  const { op, attributes, inputs, gradients, output } = golden;
  const [first, second] = Object.values(inputs);
  const functions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
    crossEntropy: (x, y) => crossEntropy(x, y, attributes),
    mse,
    l1: mae,
    huber: (x, y) => huber(x, y, attributes),
    binaryCrossEntropy,
  };
  const loss = functions[op];
  const truth = op === 'crossEntropy' ? ndarray(Int32Array.from(second.data)) : array(second);
  const program = compile(
    (x: Tensor, y: Tensor) => [loss(x, y), grad((moved: Tensor) => loss(moved, y))(x)],
    [array(first), truth],
  );
  const [value, gradient] = program.run(array(first), truth);
  expectClose(value, output);
  expectClose(gradient, Object.values(gradients)[0]);
});

describe('focal', () => {
  const logits = ndarray([
    [0.5, -1, 2],
    [3, 0.1, -0.4],
  ]);
  const labels = ndarray(Int32Array.of(2, 1));
  const valueOf = (gamma: number) =>
    compile((x: Tensor, y: Tensor) => focal(x, y, { gamma }), [logits, labels]).run(logits, labels).data[0];

  test.each([0, 1, 2, 3.5])('with gamma %d is its formula', (gamma) => {
    const rows = [
      [0.5, -1, 2],
      [3, 0.1, -0.4],
    ];
    const terms = rows.map((row, n) => {
      const p = Math.exp(row[labels.data[n]]) / row.reduce((sum, x) => sum + Math.exp(x), 0);
      return -((1 - p) ** gamma) * Math.log(p);
    });
    expect(valueOf(gamma)).toBeCloseTo((terms[0] + terms[1]) / 2, digits);
  });

  test('of an example that is told beyond doubt is 0, and so is its derivative', () => {
    const sure = ndarray([[800, 0]]);
    const truth = ndarray(Int32Array.of(0));
    const program = compile(
      (x: Tensor, y: Tensor) => [focal(x, y), grad((moved: Tensor) => focal(moved, y))(x)],
      [sure, truth],
    );
    const [value, gradient] = program.run(sure, truth);
    expect(Math.abs(value.data[0])).toBe(0);
    expect(Array.from(gradient.data, Math.abs)).toEqual([0, 0]);
  });
});

test('cross-entropy of sequences is that of their places one by one', () => {
  const logits = ndarray([
    [
      [1, 2, 0],
      [0, -1, 1],
    ],
    [
      [3, 0, 1],
      [0.5, 0.2, 0],
    ],
  ]);
  const labels = ndarray(Int32Array.of(0, 2, 1, 1), [2, 2]);
  const flat = { ...logits, shape: [4, 3] };
  const flatLabels = { ...labels, shape: [4] };
  const value = compile((x: Tensor, y: Tensor) => crossEntropy(x, y), [logits, labels]).run(logits, labels);
  expect(value).toEqual(
    compile((x: Tensor, y: Tensor) => crossEntropy(x, y), [flat, flatLabels]).run(flat, flatLabels),
  );
});
