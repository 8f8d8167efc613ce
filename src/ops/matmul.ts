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
  const row = new Float64Array(n);
  return (result, left, right) => {
    for (let t = 0; t < offsetsA.length; t++) {
      for (let i = 0; i < m; i++) {
        row.fill(0);
        for (let p = 0; p < k; p++) {
          const value = left[offsetsA[t] + i * k + p];
          const from = offsetsB[t] + p * n;
          for (let j = 0; j < n; j++) row[j] += value * right[from + j];
        }
        result.set(row, (t * m + i) * n);
      }
    }
  };
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
