import { expect } from 'vitest';
import { compile, type AsyncTarget } from '../../src/compile/index.js';
import { ndarray, type DType, type NDArray, type Tensor } from '../../src/graph/index.js';
import { valueAndGrad } from '../../src/transform/index.js';
import { inputsOf, randomLike, type OpCase } from '../ops/cases.js';

/** What two targets gave for the same arrays, the second of them JavaScript. */
export type Pair = readonly [actual: readonly NDArray[], expected: readonly NDArray[]];

export const as = (array: NDArray, dtype: DType): NDArray => ndarray(array.data, array.shape, dtype);

/** Weighted sum, gradients and output of a case on a target and in JavaScript, in one element type. */
export async function onBoth(opCase: OpCase, dtype: DType, target: AsyncTarget): Promise<Pair> {
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
  const program = await compile(f, [inputs, weights], target);
  try {
    return [await program.run(inputs, weights), expected];
  } finally {
    program.close();
  }
}

/** Each number to the tolerance, relative to the largest of its array where that is above 1. */
export function expectClose([actual, expected]: Pair, tolerance: number): void {
  actual.forEach(({ data }, k) => {
    const scale = Math.max(1, ...Array.from(expected[k].data, Math.abs));
    data.forEach((value, i) => expect(Math.abs(value - expected[k].data[i])).toBeLessThan(tolerance * scale));
  });
}
