import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { floating } from './arithmetic.js';
import { toTensor, type TensorLike } from './define.js';
import { argmax, max, sum, type ReduceOptions } from './reduce.js';

export interface NormOptions extends ReduceOptions {
  /** 1: sum of magnitudes, 2: Euclidean (the default), Infinity: largest magnitude. */
  readonly p?: number;
}

/**
 * The vector norm of x along axes, all of them by default, as torch.linalg.vector_norm. Where it is 0 its derivative is 0; for
 * p = ∞ equal magnitudes share it evenly.
 * @throws ScreeError for another p, or for p = ∞ along an empty axis.
 */
export function norm(x: TensorLike, { p = 2, ...options }: NormOptions = {}): Tensor {
  const input = floating(toTensor('norm', x));
  if (p === 1) return sum(input.abs(), options);
  if (p === Infinity) return max(input.abs(), options);
  if (p !== 2) throw new ScreeError(`norm: p ${String(p)} must be 1, 2 or Infinity`);
  const squares = sum(input.mul(input), options);
  const zero = squares.equal(0);
  // The root never sees a 0: its infinite derivative would spoil the 0 there.
  return zero.where(0, zero.where(1, squares).sqrt());
}

/** Index (int32) of the first smallest element along an axis; of the first NaN if there is one, as in PyTorch. */
export function argmin(x: Tensor, axis = -1): Tensor {
  // −x − 1 turns the order of integers round without leaving their range.
  return argmax(x.dtype === 'bool' || x.dtype === 'int32' ? x.cast('int32').neg().sub(1) : x.neg(), axis);
}

/** Whether any element along the axes is not 0 (NaN is not), as bool; false of nothing. */
export function any(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return sum(toTensor('any', x).notEqual(0).cast('int32'), options).greater(0);
}

/** Whether all elements along the axes are not 0 (NaN is not), as bool; true of nothing. */
export function all(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return sum(toTensor('all', x).equal(0).cast('int32'), options).equal(0);
}
