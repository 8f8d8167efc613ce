import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Op } from '../graph/op.js';
import { normalizeAxis, sameShape, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { toTensor, type TensorLike } from './define.js';
import { checkedIndices } from './indices.js';

type GatherAttributes = { readonly axis: number };
type ScatterAttributes = { readonly axis: number; readonly extent: number };

/** The axis of `from` moved to `to`, the others keeping their order. */
function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const order = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  return x.transpose(order.toSpliced(to, 0, from));
}

/** `count` axes from the place `from` moved together to the place `to`. */
function moveAxes(x: Tensor, from: number, count: number, to: number): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  const moved = axes.splice(from, count);
  return x.transpose(axes.toSpliced(to, 0, ...moved));
}

/** Indices [batch, …] into one axis that holds the batch's axes of `extent` one after the other. */
function indicesOfBatch(indices: Tensor, extent: number): Tensor {
  const [count] = indices.shape;
  const starts = Int32Array.from({ length: count }, (_, example) => example * extent);
  const shape = [count, ...new Array<number>(indices.rank - 1).fill(1)];
  return indices.add(indices.builder.constant(ndarray(starts, shape)));
}

/**
 * Slices of x at indices along an axis: x [...a, n, ...b] and int32 indices [...s] give [...a, ...s, ...b]. Indices are checked
 * by an op before it.
 */
const gatherOp: Op<GatherAttributes> = {
  name: 'gather',
  infer: ([x, indices], { axis }) => ({
    shape: x.shape.toSpliced(axis, 1, ...indices.shape),
    dtype: x.dtype,
  }),
  jvp: ({ inputs: [, indices], attributes: { axis } }, [tangent]) =>
    tangent && applyGather(tangent, indices, axis),
  vjp: ({ inputs: [x, indices], attributes: { axis } }, cotangent) => [
    applyScatter(cotangent, indices, { axis, extent: x.shape[axis] }),
    undefined,
  ],
  batch([x, indices], [xBatched, indicesBatched], { axis }) {
    if (!indicesBatched) return applyGather(x, indices, axis + 1);
    if (!xBatched) return moveAxis(applyGather(x, indices, axis), axis, 0);
    const [count, ...example] = x.shape;
    const front = moveAxis(x, axis + 1, 1);
    const merged = front.reshape([count * example[axis], ...front.shape.slice(2)]);
    const taken = applyGather(merged, indicesOfBatch(indices, example[axis]), 0);
    return moveAxes(taken, 1, indices.rank - 1, axis + 1);
  },
  kernel({ inputs: [x, { shape }], attributes: { axis } }) {
    const { outer, extent, inner } = blocksOf(x.shape, axis);
    const count = sizeOf(shape);
    return (output, data, indices) => {
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < count; k++) {
          const from = (o * extent + indices[k]) * inner;
          const to = (o * count + k) * inner;
          for (let i = 0; i < inner; i++) output[to + i] = data[from + i];
        }
      }
    };
  },
  onnx: (emitter, { names, attributes: { axis } }) => emitter.emit('Gather', names, { axis: { int: axis } }),
};

/** The adjoint of gather: values [...a, ...s, ...b] added up at indices [...s] of zeros [...a, extent, ...b]. */
const scatterAddOp: Op<ScatterAttributes> = {
  name: 'scatterAdd',
  infer: ([values, indices], { axis, extent }) => ({
    shape: values.shape.toSpliced(axis, indices.shape.length, extent),
    dtype: values.dtype,
  }),
  jvp: ({ inputs: [, indices], attributes }, [tangent]) =>
    tangent && applyScatter(tangent, indices, attributes),
  vjp: ({ inputs: [, indices], attributes: { axis } }, cotangent) => [
    applyGather(cotangent, indices, axis),
    undefined,
  ],
  batch([values, indices], [valuesBatched, indicesBatched], { axis, extent }) {
    if (!indicesBatched) return applyScatter(values, indices, { axis: axis + 1, extent });
    const [count] = indices.shape;
    const all = valuesBatched ? values : values.broadcastTo([count, ...values.shape]);
    const front = moveAxes(all, axis + 1, indices.rank - 1, 1);
    const sums = applyScatter(front, indicesOfBatch(indices, extent), { axis: 0, extent: count * extent });
    return moveAxis(sums.reshape([count, extent, ...sums.shape.slice(1)]), 1, axis + 1);
  },
  kernel({ inputs: [, { shape }], output, attributes: { axis } }) {
    const { outer, extent, inner } = blocksOf(output.shape, axis);
    const count = sizeOf(shape);
    const sums = new Float64Array(sizeOf(output.shape));
    return (result, values, indices) => {
      sums.fill(0);
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < count; k++) {
          const from = (o * count + k) * inner;
          const to = (o * extent + indices[k]) * inner;
          for (let i = 0; i < inner; i++) sums[to + i] += values[from + i];
        }
      }
      result.set(sums);
    };
  },
  onnx(emitter, { names: [values, indices], inputs, output, attributes: { axis } }) {
    const { outer, extent, inner } = blocksOf(output.shape, axis);
    const count = sizeOf(inputs[1].shape);
    const zero = emitter.scalar(0, output.dtype);
    if (sizeOf(inputs[0].shape) === 0) return emitter.emit('Expand', [zero, emitter.ints(output.shape)]);
    // ScatterND adds whole rows along the first axis: the axis goes there and back.
    const swap = (x: string) => emitter.emit('Transpose', [x], { perm: { ints: [1, 0, 2] } });
    const reshaped = (x: string, shape: readonly number[]) =>
      emitter.emit('Reshape', [x, emitter.ints(shape)]);
    const rows =
      outer === 1 ? reshaped(values, [count, 1, inner]) : swap(reshaped(values, [outer, count, inner]));
    const places = emitter.emit('Cast', [reshaped(indices, [count, 1])], { to: { int: 7 } });
    const zeros = emitter.emit('Expand', [zero, emitter.ints([extent, outer, inner])]);
    const sums = emitter.emit('ScatterND', [zeros, places, rows], { reduction: { string: 'add' } });
    return reshaped(outer === 1 ? sums : swap(sums), output.shape);
  },
};

/** The numbers of positions before the axis, along it and after it. */
function blocksOf(shape: readonly number[], axis: number) {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    extent: shape[axis],
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

function applyGather(x: Tensor, indices: Tensor, axis: number): Tensor {
  return x.builder.apply(gatherOp, [x, indices], { axis });
}

function applyScatter(values: Tensor, indices: Tensor, attributes: ScatterAttributes): Tensor {
  return values.builder.apply(scatterAddOp, [values, indices], attributes);
}

/**
 * Slices of x at int32 indices along an axis, as torch.index_select and jax.numpy.take: x [...a, n, ...b] and indices [...s]
 * give [...a, ...s, ...b]. With axis 0 it is an embedding look-up: a table [rows, width] and tokens [batch, time] give
 * [batch, time, width]. Its derivative adds up what several equal indices get.
 * @throws ScreeError when an index is outside 0 … n − 1: while tracing for constants, before a run for inputs of the function,
 * during it for computed ones.
 * @example
 * ```ts
 * import { compile, float64, gather, int32, type Tensor } from 'scree';
 *
 * const rows = compile((table: Tensor, places: Tensor) => gather(table, places), [float64(3, 2), int32(2)]);
 * console.log(rows.run([[0, 1], [2, 3], [4, 5]], [2, 0]).data);
 * ```
 * ```text
 * Float64Array(4) [ 4, 5, 0, 1 ]
 * ```
 */
export function gather(x: Tensor, indices: TensorLike, axis = 0): Tensor {
  const along = normalizeAxis('gather', axis, x.rank);
  return applyGather(x, checkedIndices('gather', toTensor('gather', indices), x.shape[along]), along);
}

/**
 * `into` with values added at int32 indices along an axis, as torch.index_add: into [...a, n, ...b], indices [...s], values
 * [...a, ...s, ...b]. Values of equal indices add up.
 * @throws ScreeError when the shapes do not fit, or an index is outside 0 … n − 1 (when: see gather).
 */
export function scatterAdd(into: Tensor, indices: TensorLike, values: Tensor, axis = 0): Tensor {
  const along = normalizeAxis('scatterAdd', axis, into.rank);
  const extent = into.shape[along];
  const places = checkedIndices('scatterAdd', toTensor('scatterAdd', indices), extent);
  const wanted = into.shape.toSpliced(along, 1, ...places.shape);
  if (!sameShape(values.shape, wanted)) {
    throw new ScreeError(
      `scatterAdd: values ${showShape(values.shape)} for indices ${showShape(places.shape)} along axis ${along} of ${showShape(into.shape)} must be ${showShape(wanted)}`,
    );
  }
  return into.add(applyScatter(values, places, { axis: along, extent }));
}
