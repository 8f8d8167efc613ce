import { describe, expect, test } from 'vitest';
import { fill, readGolden, symmetric } from '../../test/support/golden.js';
import { compile } from '../compile/index.js';
import { allocate, type DType } from '../graph/dtype.js';
import type { NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import { valueAndGradWithAux } from '../transform/index.js';
import { crossEntropy, models } from './index.js';

interface Result {
  loss: number;
  logits: number[];
  gradients: { name: string; norm: number; index: number[]; value: number[] }[];
}

interface Golden {
  batch: number;
  input: { shape: number[]; k: number };
  parameters: { name: string; shape: number[]; k: number; bound: number }[];
  float64: Result;
  float32: Result;
}

/** Golden dense weights are [outputs, inputs], ours [inputs, outputs]. */
const isDense = (shape: Shape) => shape.length === 2;

/** Our flat index of an element of a golden array. */
function ourIndex(shape: Shape, index: number): number {
  if (!isDense(shape)) return index;
  const [outputs, inputs] = shape;
  return (index % inputs) * outputs + Math.floor(index / inputs);
}

function goldenArray(shape: Shape, dtype: DType, value: (index: number) => number): NDArray {
  const data = allocate(dtype, sizeOf(shape));
  for (let index = 0; index < data.length; index++) {
    data[ourIndex(shape, index)] = Math.fround(value(index));
  }
  return { data, shape: isDense(shape) ? [shape[1], shape[0]] : shape, dtype };
}

// Tolerances, relative to the largest element of the array compared: PyTorch adds in another order. float64 keeps 16 digits
// and loses a few in sums of up to 6,272 products; for float32 the project promises 1e-4.
const cases = ['mlp', 'lenet', 'cnn'].flatMap((name) => [
  { name, dtype: 'float64', target: 'javascript', tolerance: 1e-12 } as const,
  { name, dtype: 'float32', target: 'javascript', tolerance: 1e-4 } as const,
  { name, dtype: 'float32', target: 'onnx', tolerance: 1e-4 } as const,
]);

describe('loss and gradients equal those of PyTorch on the same weights', () => {
  test.each(cases)('$name, $dtype, $target', async ({ name, dtype, target, tolerance }) => {
    const golden = readGolden(`${name}.json`) as Golden;
    const expected = golden[dtype];
    const example = golden.input.shape.slice(1);
    const model = models[name].build(example, 10);
    const { parameters, state } = model.init(new Generator(0), example);
    const weights = golden.parameters.map(({ shape, k, bound }) =>
      goldenArray(shape, dtype, (index) => symmetric(index, k, bound)),
    );
    expect(flattenTree(parameters).map(({ shape }) => shape)).toEqual(weights.map(({ shape }) => shape));

    const pixels = allocate(dtype, sizeOf(golden.input.shape));
    for (let index = 0; index < pixels.length; index++)
      pixels[index] = Math.fround(fill(index, golden.input.k));
    const labels = Int32Array.from({ length: golden.batch }, (_, index) => index % 10);
    const step = (leaves: readonly Tensor[], x: Tensor, y: Tensor) => {
      const loss = valueAndGradWithAux<[readonly Tensor[]], Tensor>((weights) => {
        const tree = unflattenTree(parameters, weights);
        const { output } = model.apply(tree, unflattenTree(state, []), x, { training: true });
        return { value: crossEntropy(output, y), aux: output };
      });
      const { value, aux, gradient } = loss(leaves);
      return [value, flattenTree<Tensor>(aux)[0], ...gradient];
    };
    const program = await compile<[readonly Tensor[], Tensor, Tensor], readonly Tensor[]>(
      step,
      [weights, { shape: golden.input.shape, dtype }, { shape: [golden.batch], dtype: 'int32' }],
      { target },
    );
    const [loss, logits, ...gradients] = await program.run(
      weights,
      { data: pixels, shape: golden.input.shape, dtype },
      { data: labels, shape: [golden.batch], dtype: 'int32' },
    );
    program.close();

    expect(Math.abs(loss.data[0] - expected.loss)).toBeLessThan(tolerance * expected.loss);
    expectClose(Array.from(logits.data.subarray(0, 10)), expected.logits, tolerance);
    expected.gradients.forEach(({ norm, index, value }, place) => {
      const { data } = gradients[place];
      const { shape } = golden.parameters[place];
      expectClose(
        index.map((i) => data[ourIndex(shape, i)]),
        value,
        tolerance,
      );
      let squares = 0;
      for (const element of data) squares += element ** 2;
      expectClose([Math.sqrt(squares)], [norm], tolerance);
    });
  });
});

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const scale = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, index) => Math.abs(value - actual[index])));
  expect(error / scale).toBeLessThan(tolerance);
}
