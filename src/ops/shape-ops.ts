import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import {
  broadcastShapes,
  normalizeAxes,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  type Shape,
} from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { linearRules, unbroadcast } from './define.js';
import { stridedWalk } from './strided.js';

type ShapeAttributes = { readonly shape: Shape };

export const reshapeOp: Op<ShapeAttributes> = {
  name: 'reshape',
  infer([input], { shape }) {
    if (sizeOf(input.shape) !== sizeOf(shape)) {
      throw new ScreeError(
        `reshape: ${showShape(input.shape)} has ${sizeOf(input.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return { shape, dtype: input.dtype };
  },
  ...linearRules<ShapeAttributes>(
    (input, { shape }) => reshape(input, shape),
    (cotangent, { shape }) => reshape(cotangent, shape),
  ),
  batch: ([input], _batched, { shape }) => reshape(input, [input.shape[0], ...shape]),
  kernel: () => (output, data) => output.set(data),
  onnx: (emitter, { names: [x], attributes: { shape } }) =>
    emitter.emit('Reshape', [x, emitter.ints(shape)], { allowzero: { int: 1 } }),
};

export const broadcastToOp: Op<ShapeAttributes> = {
  name: 'broadcastTo',
  infer([input], { shape }) {
    if (!sameShape(broadcastShapes('broadcastTo', input.shape, shape), shape)) {
      throw new ScreeError(
        `broadcastTo: ${showShape(input.shape)} does not broadcast to ${showShape(shape)}`,
      );
    }
    return { shape, dtype: input.dtype };
  },
  ...linearRules<ShapeAttributes>(
    (input, { shape }) => broadcastTo(input, shape),
    (cotangent, { shape }) => unbroadcast(cotangent, shape),
  ),
  batch([input], _batched, { shape }) {
    const [count, ...rest] = input.shape;
    const aligned = reshape(input, [
      count,
      ...new Array<number>(shape.length - rest.length).fill(1),
      ...rest,
    ]);
    return broadcastTo(aligned, [count, ...shape]);
  },
  kernel({ inputs: [input], output: { shape } }) {
    const strides = stridesOf(input.shape);
    const extra = shape.length - input.shape.length;
    const walk = stridedWalk(
      shape,
      shape.map((_, axis) => (axis < extra || input.shape[axis - extra] === 1 ? 0 : strides[axis - extra])),
    );
    return (output, data) =>
      walk((position, offset) => {
        output[position] = data[offset];
      });
  },
  onnx: (emitter, { names: [x], attributes: { shape } }) => emitter.emit('Expand', [x, emitter.ints(shape)]),
};

type TransposeAttributes = { readonly permutation: readonly number[] };

function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((axis, place) => {
    inverse[axis] = place;
  });
  return inverse;
}

export const transposeOp: Op<TransposeAttributes> = {
  name: 'transpose',
  infer: ([input], { permutation }) => ({
    shape: permutation.map((axis) => input.shape[axis]),
    dtype: input.dtype,
  }),
  ...linearRules<TransposeAttributes>(
    (input, { permutation }) => transpose(input, permutation),
    (cotangent, _type, { permutation }) => transpose(cotangent, inversePermutation(permutation)),
  ),
  batch: ([input], _batched, { permutation }) =>
    transpose(input, [0, ...permutation.map((axis) => axis + 1)]),
  kernel({ inputs: [input], output: { shape }, attributes: { permutation } }) {
    const strides = stridesOf(input.shape);
    const walk = stridedWalk(
      shape,
      permutation.map((axis) => strides[axis]),
    );
    return (output, data) =>
      walk((position, offset) => {
        output[position] = data[offset];
      });
  },
  onnx: (emitter, { names, attributes: { permutation } }) =>
    emitter.emit('Transpose', names, { perm: { ints: permutation } }),
};

/** The same elements in another shape; one extent may be −1 and follows from the others. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent === -1 ? x.size / known : extent));
  return sameShape(full, x.shape) ? x : x.builder.apply(reshapeOp, [x], { shape: full });
}

export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(shape, x.shape) ? x : x.builder.apply(broadcastToOp, [x], { shape });
}

/** Axes in another order; reversed by default. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order = permutation ?? x.shape.map((_, axis) => x.rank - 1 - axis);
  if (order.length !== x.rank || normalizeAxes('transpose', order, x.rank).length !== x.rank) {
    throw new ScreeError(
      `transpose: [${order.join(',')}] does not permute the axes of ${showShape(x.shape)}`,
    );
  }
  return order.every((axis, place) => axis === place)
    ? x
    : x.builder.apply(transposeOp, [x], { permutation: order });
}
