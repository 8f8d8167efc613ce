import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type DType, type NDArray, type Tensor } from '../../src/graph/index.js';
import { valueAndGrad } from '../../src/transform/index.js';
import { inputsOf, opCases, randomLike, type OpCase } from '../ops/cases.js';
import { describeNative, hasNative } from './support.js';

const as = (array: NDArray, dtype: DType): NDArray => ndarray(array.data, array.shape, dtype);

/** Value, gradients and output of a case on the native target and in JavaScript, in one element type. */
async function both(opCase: OpCase, dtype: DType): Promise<[NDArray[], NDArray[]]> {
  const { apply, name } = opCase;
  const inputs = inputsOf(opCase).map((input) => as(input, dtype));
  const shape = compile((xs: Tensor[]) => apply(...xs), [inputs]).run(inputs);
  const weights = as(randomLike(shape, `${name} weights`), dtype);
  const f = (xs: Tensor[], w: Tensor) => {
    const objective = (ys: Tensor[]) =>
      apply(...ys)
        .mul(w)
        .sum();
    const { value, gradient } = valueAndGrad(objective)(xs);
    return [value, ...gradient, apply(...xs)];
  };
  const expected = compile(f, [inputs, weights]).run(inputs, weights);
  const program = await compile(f, [inputs, weights], { target: 'native' });
  try {
    return [await program.run(inputs, weights), expected];
  } finally {
    program.close();
  }
}

function expectClose([actual, expected]: [NDArray[], NDArray[]], tolerance: number): void {
  actual.forEach(({ data }, k) => {
    const scale = Math.max(1, ...Array.from(expected[k].data, Math.abs));
    data.forEach((value, i) => expect(Math.abs(value - expected[k].data[i])).toBeLessThan(tolerance * scale));
  });
}

// A program that stays open keeps the worker thread for those of the tests.
let keeper: { close(): void } | undefined;
beforeAll(async () => {
  if (!hasNative) return;
  const type = { shape: [64, 64], dtype: 'float32' } as const;
  keeper = await compile((x: Tensor) => x.matmul(x), [type], { target: 'native' });
});
afterAll(() => keeper?.close());

describeNative.each(opCases)('$name', (opCase) => {
  test('the native target agrees with JavaScript to the rounding of the element type', async () => {
    // Some tens of roundings of 6e-8, or of 1e-16, on each side; a wrong lowering is off by far more.
    expectClose(await both(opCase, 'float32'), 1e-5);
    expectClose(await both(opCase, 'float64'), 1e-12);
  });
});
