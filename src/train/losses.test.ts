import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import type { Task } from '../data/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { float64, int32 } from '../ops/index.js';
import { judgeOf } from './judge.js';
import { parseLoss } from './losses.js';

const classes: Task = { kind: 'classification', classes: ['a', 'b', 'c'] };
const number: Task = { kind: 'regression', target: 'y', mean: 10, std: 4 };
const characters: Task = { kind: 'characters', alphabet: ['a', 'b'] };

function evaluate(text: string, task: Task, types: [TensorType, TensorType], values: [number[][], number[]]) {
  const judge = judgeOf(task, parseLoss(text, task), [1]);
  const program = compile(
    (output: Tensor, labels: Tensor) => [judge.loss(output, labels), judge.tally(output, labels)],
    types,
  );
  const [output, labels] = values;
  const [loss, tally] = program.run(ndarray(output), {
    ...ndarray(labels, undefined, types[1].dtype),
  });
  return { loss: loss.data[0], tally: tally.data[0] };
}

describe('a loss by name', () => {
  const logits = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const labels = [1, 0];
  const shares = logits.map((row) => {
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    return row.map((value) => Math.exp(value) / total);
  });

  test.each([
    ['crossentropy', -(Math.log(shares[0][1]) + Math.log(shares[1][0])) / 2],
    [
      'crossentropy:labelSmoothing=0.3',
      -shares
        .map((row, index) =>
          row.reduce(
            (sum, share, place) => sum + (0.1 + (place === labels[index] ? 0.7 : 0)) * Math.log(share),
            0,
          ),
        )
        .reduce((sum, value) => sum + value) / 2,
    ],
    [
      'focal:gamma=3',
      -shares
        .map((row, index) => row[labels[index]])
        .reduce((sum, share) => sum + (1 - share) ** 3 * Math.log(share), 0) / 2,
    ],
  ])('%s of classes', (text, expected) => {
    const { loss, tally } = evaluate(text, classes, [float64(2, 3), int32(2)], [logits, labels]);
    // float64 with a few roundings.
    expect(loss).toBeCloseTo(expected, 12);
    expect(tally).toBe(1);
  });

  test.each([
    ['mse', (0.25 + 9) / 2],
    ['mae', (0.5 + 3) / 2],
    ['huber:delta=2', (0.125 + 2 * (3 - 1)) / 2],
  ])('%s of a number, which may come as [batch, 1]', (text, expected) => {
    const { loss, tally } = evaluate(
      text,
      number,
      [float64(2, 1), float64(2)],
      [
        [[1], [-2]],
        [0.5, 1],
      ],
    );
    expect(loss).toBeCloseTo(expected, 12);
    expect(tally).toBeCloseTo(9.25, 12);
  });

  test.each([
    ['mse', classes, 'loss mse is not for data that ask for classes; take crossentropy, focal'],
    ['focal', number, 'loss focal is not for data that ask for a number; take mse, mae, huber'],
    ['huber', characters, 'loss huber is not for data that ask for characters'],
    ['crossentropi', classes, 'unknown loss "crossentropi"; did you mean "crossentropy"?'],
    ['mse:delta=1', number, 'mse: unknown option "delta"'],
    ['mse:delta', number, 'mse: takes no options; write mse'],
    ['huber:delta=0', number, 'huber: delta is 0; it must satisfy delta > 0'],
    ['crossentropy:labelSmoothing=1', classes, 'labelSmoothing is 1; it must satisfy 0 ≤ labelSmoothing < 1'],
  ])('%s: %s', (text, task, message) => {
    expect(() => parseLoss(text, task)).toThrow(message);
  });
});

describe('scores', () => {
  const split = (labels: number[]) => ({
    size: labels.length,
    inputs: ndarray(new Float32Array(labels.length)),
    labels: ndarray(Float32Array.from(labels)),
  });

  test('of a number are in its own unit, and R² is set against the part’s variance', () => {
    const judge = judgeOf(number, parseLoss('mae', number), [3]);
    expect(judge.score(0.3, 0.25)).toEqual({ loss: 0.3, rmse: 2 });
    // Labels −1 and 3 have the variance 4.
    expect(judge.score(0.3, 0.25, split([-1, 3]))).toEqual({ loss: 0.3, rmse: 2, r2: 1 - 0.25 / 4 });
    expect(judge.score(0.3, 0.25, split([2, 2]))).toEqual({ loss: 0.3, rmse: 2 });
  });

  test('of characters are perplexity and bits of the cross-entropy, whatever the loss', () => {
    const judge = judgeOf(characters, parseLoss('focal', characters), [8]);
    expect(judge.labelsEach).toBe(8);
    const { perplexity, bits } = judge.score(0.1, Math.log(8));
    expect(perplexity).toBeCloseTo(8, 12);
    expect(bits).toBeCloseTo(3, 12);
    expect(judge.score(0.1, 1000).perplexity).toBe(Number.MAX_VALUE);
  });
});
