import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

/** What the ops on dense matrices share: they run on the JavaScript target alone, matrix after matrix in float64. */

/** Throws unless the last two axes are those of square matrices of floating-point numbers. */
export function requireSquare(
  operation: string,
  { shape, dtype }: { shape: Shape; dtype: Tensor['dtype'] },
): void {
  if (shape.length < 2 || shape.at(-1) !== shape.at(-2) || !isFloat(dtype)) {
    throw new ScreeError(
      `${operation}: ${dtype}${showShape(shape)} must be square matrices of floating-point numbers`,
    );
  }
}

/** How many matrices, and their order. */
export function matricesOf(shape: Shape): { count: number; n: number } {
  return { count: sizeOf(shape.slice(0, -2)), n: shape[shape.length - 1] };
}

/** (A + Aᵀ)/2 of the last two axes. */
export function symmetricPart(a: Tensor): Tensor {
  return a.add(a.swapLast()).mul(0.5);
}

/** Inputs of vmap with the batch axis on all of them. */
export function spreadBatch(inputs: readonly Tensor[], batched: readonly boolean[]): Tensor[] {
  const [count] = inputs[batched.indexOf(true)].shape;
  return inputs.map((input, k) => (batched[k] ? input : input.broadcastTo([count, ...input.shape])));
}
