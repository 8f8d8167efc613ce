import type { Op } from '../graph/op.js';
import { normalizeAxis, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { linearRules, toTensor } from './define.js';
import { sliceAxis } from './slices.js';

type ScanAttributes = { readonly axis: number; readonly reverse: boolean };

/** Sums of the elements up to each one along an axis; from each one on, if reversed. */
const cumsumOp: Op<ScanAttributes> = {
  name: 'cumsum',
  infer: ([x]) => x,
  ...linearRules<ScanAttributes>(applyCumsum, (cotangent, _type, { axis, reverse }) =>
    applyCumsum(cotangent, { axis, reverse: !reverse }),
  ),
  batch: ([x], _batched, { axis, reverse }) => applyCumsum(x, { axis: axis + 1, reverse }),
  kernel({ inputs: [{ shape }], attributes: { axis, reverse } }) {
    const count = shape[axis];
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const step = reverse ? -inner : inner;
    const first = reverse ? (count - 1) * inner : 0;
    return (output, data) => {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let at = o * count * inner + i + first;
          let total = 0;
          for (let k = 0; k < count; k++, at += step) {
            total += data[at];
            output[at] = total;
          }
        }
      }
    };
  },
  onnx: (emitter, { names: [x], attributes: { axis, reverse } }) =>
    emitter.emit('CumSum', [x, emitter.scalar(axis, 'int32')], { reverse: { int: reverse ? 1 : 0 } }),
};

function applyCumsum(x: Tensor, attributes: ScanAttributes): Tensor {
  return x.builder.apply(cumsumOp, [x], attributes);
}

/** Running sums along an axis: element k is the sum of elements 0 to k. Bools are counted as int32. */
export function cumsum(x: Tensor, axis = -1): Tensor {
  const input = x.dtype === 'bool' ? x.cast('int32') : x;
  return applyCumsum(input, { axis: normalizeAxis('cumsum', axis, x.rank), reverse: false });
}

/**
 * Running products along an axis: element k is the product of elements 0 to k. In ⌈log₂ n⌉ rounds, each of which multiplies by
 * what lies 1, 2, 4 … before (Hillis & Steele 1986), so that its derivative is right where factors are 0.
 */
export function cumprod(x: Tensor, axis = -1): Tensor {
  const along = normalizeAxis('cumprod', axis, x.rank);
  const input = x.dtype === 'bool' ? x.cast('int32') : x;
  const count = input.shape[along];
  const one = toTensor('cumprod', 1, input.dtype).cast(input.dtype);
  let products = input;
  for (let shift = 1; shift < count; shift *= 2) {
    const ones = one.broadcastTo(products.shape.with(along, shift));
    products = products.mul(ones.concat(sliceAxis(products, along, 0, count - shift), along));
  }
  return products;
}
