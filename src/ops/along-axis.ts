import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import { broadcastShapes, normalizeAxis, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { toTensor, type TensorLike } from './define.js';
import { checkedIndices } from './indices.js';

type TakeAttributes = { readonly axis: number };
type PutAttributes = { readonly axis: number; readonly extent: number };

function spread(tensors: readonly Tensor[], batched: readonly boolean[]): Tensor[] {
  const [count] = tensors[batched.indexOf(true)].shape;
  return tensors.map((tensor, k) => (batched[k] ? tensor : tensor.broadcastTo([count, ...tensor.shape])));
}

/** Elements of x chosen along an axis: the shapes of x and of the int32 indices differ along that axis alone. */
const takeAlongAxisOp: Op<TakeAttributes> = {
  name: 'takeAlongAxis',
  infer: ([x, indices]) => ({ shape: indices.shape, dtype: x.dtype }),
  jvp: ({ inputs: [, indices], attributes: { axis } }, [tangent]) => tangent && take(tangent, indices, axis),
  vjp: ({ inputs: [x, indices], attributes: { axis } }, cotangent) => [
    putAdd(cotangent, indices, { axis, extent: x.shape[axis] }),
    undefined,
  ],
  batch(inputs, batched, { axis }) {
    const [x, indices] = spread(inputs, batched);
    return take(x, indices, axis + 1);
  },
  kernel({ inputs: [x], output: { shape }, attributes: { axis } }) {
    const inner = sizeOf(shape.slice(axis + 1));
    const block = shape[axis] * inner;
    const outer = sizeOf(shape.slice(0, axis));
    const step = x.shape[axis] * inner;
    return (output, data, indices) => {
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < block; k++) {
          const at = o * block + k;
          output[at] = data[o * step + indices[at] * inner + (k % inner)];
        }
      }
    };
  },
  onnx: (emitter, { names, attributes: { axis } }) =>
    emitter.emit('GatherElements', names, { axis: { int: axis } }),
};

/** The adjoint of takeAlongAxis: each value added at its index along the axis of zeros. */
const putAlongAxisOp: Op<PutAttributes> = {
  name: 'putAlongAxis',
  infer: ([values], { axis, extent }) => ({
    shape: values.shape.with(axis, extent),
    dtype: values.dtype,
  }),
  jvp: ({ inputs: [, indices], attributes }, [tangent]) => tangent && putAdd(tangent, indices, attributes),
  vjp: ({ inputs: [, indices], attributes: { axis } }, cotangent) => [
    take(cotangent, indices, axis),
    undefined,
  ],
  batch(inputs, batched, { axis, extent }) {
    const [values, indices] = spread(inputs, batched);
    return putAdd(values, indices, { axis: axis + 1, extent });
  },
  kernel({ inputs: [{ shape }], output, attributes: { axis, extent } }) {
    const inner = sizeOf(shape.slice(axis + 1));
    const block = shape[axis] * inner;
    const outer = sizeOf(shape.slice(0, axis));
    const sums = new Float64Array(sizeOf(output.shape));
    return (result, values, indices) => {
      sums.fill(0);
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < block; k++) {
          const at = o * block + k;
          sums[o * extent * inner + indices[at] * inner + (k % inner)] += values[at];
        }
      }
      result.set(sums);
    };
  },
  onnx(emitter, { names: [values, indices], output, attributes: { axis } }) {
    const zeros = emitter.emit('Expand', [emitter.scalar(0, output.dtype), emitter.ints(output.shape)]);
    return emitter.emit('ScatterElements', [zeros, indices, values], {
      axis: { int: axis },
      reduction: { string: 'add' },
    });
  },
};

function take(x: Tensor, indices: Tensor, axis: number): Tensor {
  return x.builder.apply(takeAlongAxisOp, [x, indices], { axis });
}

function putAdd(values: Tensor, indices: Tensor, attributes: PutAttributes): Tensor {
  return values.builder.apply(putAlongAxisOp, [values, indices], attributes);
}

/**
 * Elements of x chosen along an axis by int32 indices of the same rank, as numpy.take_along_axis and torch.gather: the result
 * has the indices' extent along the axis; along the others x and indices broadcast.
 * @throws ScreeError when the shapes do not fit, or an index is outside the axis (when: see gather).
 */
export function takeAlongAxis(x: Tensor, indices: TensorLike, axis = -1): Tensor {
  const name = 'takeAlongAxis';
  const along = normalizeAxis(name, axis, x.rank);
  const places = toTensor(name, indices);
  if (places.rank !== x.rank) {
    throw new ScreeError(
      `${name}: indices ${showShape(places.shape)} must have as many axes as ${showShape(x.shape)}`,
    );
  }
  const others = broadcastShapes(name, x.shape.with(along, 1), places.shape.with(along, 1));
  const checked = checkedIndices(name, places, x.shape[along]);
  return take(
    x.broadcastTo(others.with(along, x.shape[along])),
    checked.broadcastTo(others.with(along, places.shape[along])),
    along,
  );
}
