import type { TypedArray } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Kernel, KernelRequest, Op } from '../graph/op.js';
import { broadcastShapes, showShape, sizeOf, stridesOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import {
  alignBatch,
  noAttributes,
  sumDefined,
  unbroadcast,
  unify,
  type NoAttributes,
  type TensorLike,
} from './define.js';
import { stridedWalk } from './strided.js';

/** [.., m, k] · [.., k, n] → [.., m, n], batch axes broadcast. */
export const matmulOp: Op<NoAttributes> = {
  name: 'matmul',
  infer([a, b]) {
    const fits = a.shape.length >= 2 && b.shape.length >= 2 && a.shape.at(-1) === b.shape.at(-2);
    if (!fits || a.dtype !== b.dtype) {
      throw new ScreeError(
        `matmul: ${a.dtype}${showShape(a.shape)} times ${b.dtype}${showShape(b.shape)}; the last axis of the first must equal the last but one of the second`,
      );
    }
    const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...batch, a.shape[a.shape.length - 2], b.shape[b.shape.length - 1]], dtype: a.dtype };
  },
  jvp: ({ inputs: [a, b] }, [da, db]) => sumDefined([da && da.matmul(b), db && a.matmul(db)]),
  vjp: ({ inputs: [a, b] }, cotangent, wanted) => [
    wanted[0] ? unbroadcast(cotangent.matmul(b.swapLast()), a.shape) : undefined,
    wanted[1] ? unbroadcast(a.swapLast().matmul(cotangent), b.shape) : undefined,
  ],
  batch: (inputs, batched) => {
    const [a, b] = alignBatch(inputs, batched);
    return a.builder.apply(matmulOp, [a, b], noAttributes);
  },
  kernel: matmulKernel,
  onnx: (emitter, { names }) => emitter.emit('MatMul', names),
};

function matmulKernel({ inputs: [a, b], output }: KernelRequest<NoAttributes>): Kernel {
  const [m, n] = output.shape.slice(-2);
  const k = a.shape[a.shape.length - 1];
  const batch = output.shape.slice(0, -2);
  const batchStrides = (shape: readonly number[], matrix: number) => {
    const outer = shape.slice(0, -2);
    const strides = stridesOf(outer);
    const extra = batch.length - outer.length;
    return batch.map((_, axis) =>
      axis < extra || outer[axis - extra] === 1 ? 0 : strides[axis - extra] * matrix,
    );
  };
  const offsetsA = new Int32Array(sizeOf(batch));
  const offsetsB = new Int32Array(sizeOf(batch));
  stridedWalk(batch, batchStrides(a.shape, m * k))((position, offset) => (offsetsA[position] = offset));
  stridedWalk(batch, batchStrides(b.shape, k * n))((position, offset) => (offsetsB[position] = offset));
  return (result, left, right) => {
    for (let t = 0; t < offsetsA.length; t++) {
      multiply(result, left, right, t * m * n, offsetsA[t], offsetsB[t], m, k, n);
    }
  };
}

/**
 * One product [m, k] · [k, n], four rows and two columns at a time, so that what is read is used several times. Each element is a
 * sum over k in order, as a plain loop would make it.
 */
function multiply(
  result: TypedArray,
  left: TypedArray,
  right: TypedArray,
  to: number,
  fromA: number,
  fromB: number,
  m: number,
  k: number,
  n: number,
): void {
  const rows = m - (m % 4);
  const columns = n - (n % 2);
  for (let i = 0; i < rows; i += 4) {
    const a0 = fromA + i * k;
    const a1 = a0 + k;
    const a2 = a1 + k;
    const a3 = a2 + k;
    for (let j = 0; j < columns; j += 2) {
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      let s20 = 0;
      let s21 = 0;
      let s30 = 0;
      let s31 = 0;
      for (let p = 0, q = fromB + j; p < k; p++, q += n) {
        const b0 = right[q];
        const b1 = right[q + 1];
        const x0 = left[a0 + p];
        const x1 = left[a1 + p];
        const x2 = left[a2 + p];
        const x3 = left[a3 + p];
        s00 += x0 * b0;
        s01 += x0 * b1;
        s10 += x1 * b0;
        s11 += x1 * b1;
        s20 += x2 * b0;
        s21 += x2 * b1;
        s30 += x3 * b0;
        s31 += x3 * b1;
      }
      const at = to + i * n + j;
      result[at] = s00;
      result[at + 1] = s01;
      result[at + n] = s10;
      result[at + n + 1] = s11;
      result[at + 2 * n] = s20;
      result[at + 2 * n + 1] = s21;
      result[at + 3 * n] = s30;
      result[at + 3 * n + 1] = s31;
    }
    dots(result, left, right, to, fromA, fromB, k, n, i, i + 4, columns);
  }
  dots(result, left, right, to, fromA, fromB, k, n, rows, m, 0);
}

/** The elements that no block of four by two covers. */
function dots(
  result: TypedArray,
  left: TypedArray,
  right: TypedArray,
  to: number,
  fromA: number,
  fromB: number,
  k: number,
  n: number,
  firstRow: number,
  endRow: number,
  firstColumn: number,
): void {
  for (let i = firstRow; i < endRow; i++) {
    for (let j = firstColumn; j < n; j++) {
      let sum = 0;
      for (let p = 0, q = fromB + j; p < k; p++, q += n) sum += left[fromA + i * k + p] * right[q];
      result[to + i * n + j] = sum;
    }
  }
}

/** Matrix product; vectors count as a row on the left and a column on the right, and their axis is dropped again. */
export function matmul(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = unify('matmul', [x, y]);
  if (a.rank === 0 || b.rank === 0) throw new ScreeError('matmul: a scalar has no matrix product; use mul');
  const left = a.rank === 1 ? a.reshape([1, ...a.shape]) : a;
  const right = b.rank === 1 ? b.reshape([...b.shape, 1]) : b;
  const product = left.builder.apply(matmulOp, [left, right], noAttributes);
  const shape = [...product.shape];
  if (b.rank === 1) shape.pop();
  if (a.rank === 1) shape.splice(shape.length - (b.rank === 1 ? 1 : 2), 1);
  return product.reshape(shape);
}
