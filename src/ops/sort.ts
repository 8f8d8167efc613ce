import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import { normalizeAxis, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { takeAlongAxis } from './along-axis.js';
import { onnxTypes } from './define.js';

type TopAttributes = { readonly axis: number; readonly count: number; readonly largest: boolean };

/** Values chosen and ordered, and where they stood (int32). */
export type Sorted = { readonly values: Tensor; readonly indices: Tensor };

/** Indices (int32) of the `count` largest or smallest elements along an axis, in order; the earlier of equals comes first. */
const topIndicesOp: Op<TopAttributes> = {
  name: 'topIndices',
  infer: ([{ shape }], { axis, count }) => ({ shape: shape.with(axis, count), dtype: 'int32' }),
  jvp: () => undefined,
  batch: ([x], _batched, { axis, ...rest }) =>
    x.builder.apply(topIndicesOp, [x], { axis: axis + 1, ...rest }),
  kernel({ inputs: [{ shape }], attributes: { axis, count, largest } }) {
    const extent = shape[axis];
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const keys = new Float64Array(extent);
    const order = new Int32Array(extent);
    const sign = largest ? -1 : 1;
    const compare = (a: number, b: number): number => {
      const x = keys[a];
      const y = keys[b];
      if (x < y) return -sign;
      if (x > y) return sign;
      // Equal, or NaN on one side or both: NaN counts as larger than everything.
      if (Number.isNaN(x) === Number.isNaN(y)) return a - b;
      return Number.isNaN(x) ? sign : -sign;
    };
    return (output, data) => {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          for (let k = 0; k < extent; k++) {
            keys[k] = data[(o * extent + k) * inner + i];
            order[k] = k;
          }
          order.sort(compare);
          for (let k = 0; k < count; k++) output[(o * count + k) * inner + i] = order[k];
        }
      }
    };
  },
  onnx(
    emitter,
    { names: [x], inputs: [{ dtype }], output: { shape }, attributes: { axis, count, largest } },
  ) {
    if (sizeOf(shape) === 0) {
      return emitter.emit('Expand', [emitter.scalar(0, 'int32'), emitter.ints(shape)]);
    }
    const infinity = () => emitter.scalar(Infinity, dtype);
    const keys = isFloat(dtype) ? emitter.emit('Where', [emitter.emit('IsNaN', [x]), infinity(), x]) : x;
    const [, indices] = emitter.emitMany('TopK', [keys, emitter.ints([count])], 2, {
      axis: { int: axis },
      largest: { int: largest ? 1 : 0 },
    });
    return emitter.emit('Cast', [indices], { to: { int: onnxTypes.int32 } });
  },
};

function chosen(x: Tensor, attributes: TopAttributes): Sorted {
  const input = x.dtype === 'bool' ? x.cast('int32') : x;
  const indices = x.builder.apply(topIndicesOp, [input], attributes);
  return { values: takeAlongAxis(x, indices, attributes.axis), indices };
}

export interface SortOptions {
  /** The last one by default. */
  readonly axis?: number;
  /** From the largest to the smallest; false by default. */
  readonly descending?: boolean;
}

/**
 * The elements along an axis in order, and their indices before; equals keep their order, NaN counts as the largest, as in
 * torch.sort with stable=True (on ONNX NaN is an equal of infinity). The derivative goes back to where each value stood.
 */
export function sort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Sorted {
  const along = normalizeAxis('sort', axis, x.rank);
  return chosen(x, { axis: along, count: x.shape[along], largest: descending });
}

export interface TopKOptions {
  /** The last one by default. */
  readonly axis?: number;
  /** The largest (the default) or the smallest elements. */
  readonly largest?: boolean;
}

/**
 * The k largest elements along an axis in order, or the k smallest, and their indices; as sort, cut after k.
 * @throws ScreeError when k is no integer from 0 to the axis' extent.
 * @example
 * ```ts
 * import { compile, float64, topK, type Tensor } from 'scree';
 *
 * const { values, indices } = compile((x: Tensor) => topK(x, 2), [float64(4)]).run([3, 9, 1, 5]);
 * console.log(values.data, indices.data);
 * ```
 * ```text
 * Float64Array(2) [ 9, 5 ] Int32Array(2) [ 1, 3 ]
 * ```
 */
export function topK(x: Tensor, k: number, { axis = -1, largest = true }: TopKOptions = {}): Sorted {
  const along = normalizeAxis('topK', axis, x.rank);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[along]) {
    throw new ScreeError(
      `topK: k ${k} must be an integer from 0 to ${x.shape[along]}, the extent of axis ${along} of ${showShape(x.shape)}`,
    );
  }
  return chosen(x, { axis: along, count: k, largest });
}
