import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Op, TensorType } from '../graph/op.js';
import { broadcastShapes, showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { toTensor } from './define.js';
import { arange } from './ranges.js';
import { softmax } from './softmax.js';

type AttentionAttributes = { readonly causal: boolean; readonly scale: number };

export interface AttentionOptions {
  /** Each query sees the keys up to its own place only; false by default. */
  readonly causal?: boolean;
  /** Bool, broadcasts to [..., queries, keys]: which keys a query sees. A query that sees none gets zeros. */
  readonly mask?: Tensor;
  /** Factor of the products; 1/√(width) by default. */
  readonly scale?: number;
}

function inferAttention([q, k, v, mask]: readonly TensorType[]): TensorType {
  const name = 'scaledDotProductAttention';
  const ranks = [q, k, v].every(({ shape, dtype }) => shape.length >= 2 && dtype === q.dtype);
  const fits = ranks && q.shape.at(-1) === k.shape.at(-1) && k.shape.at(-2) === v.shape.at(-2);
  if (!fits) {
    throw new ScreeError(
      `${name}: queries ${q.dtype}${showShape(q.shape)}, keys ${k.dtype}${showShape(k.shape)} and values ${v.dtype}${showShape(v.shape)}; queries and keys must share their width, keys and values their number`,
    );
  }
  const lead = [q, k, v].map(({ shape }) => shape.slice(0, -2));
  const batch = broadcastShapes(name, ...lead);
  const queries = q.shape[q.shape.length - 2];
  if (mask !== undefined) {
    const seen = [...batch, queries, k.shape[k.shape.length - 2]];
    if (mask.dtype !== 'bool' || broadcastShapes(name, mask.shape, seen).length !== seen.length) {
      throw new ScreeError(
        `${name}: the mask must be bool and broadcast to ${showShape(seen)}, got ${mask.dtype}${showShape(mask.shape)}`,
      );
    }
  }
  return { shape: [...batch, queries, v.shape[v.shape.length - 1]], dtype: q.dtype };
}

/**
 * x · factor. In float64 by a vector: ONNX Runtime would fuse a scalar into the matrix product after it, as a float32
 * attribute.
 */
function scaled(x: Tensor, factor: number): Tensor {
  if (x.dtype !== 'float64') return x.mul(factor);
  const width = x.shape[x.rank - 1];
  return x.mul(x.builder.constant(ndarray(new Float64Array(width).fill(factor))));
}

/** Which keys each query sees, or undefined where all see all. */
function visible(q: Tensor, k: Tensor, mask: Tensor | undefined, causal: boolean): Tensor | undefined {
  if (!causal) return mask;
  const [queries, keys] = [q.shape[q.rank - 2], k.shape[k.rank - 2]];
  const before = arange(queries).reshape([queries, 1]).greaterEqual(arange(keys));
  return mask === undefined ? before : before.and(mask);
}

/** softmax(scale · Q·Kᵀ)·V over the keys that a mask and causality leave: inputs q, k, v and perhaps a mask. Composite. */
const attentionOp: Op<AttentionAttributes> = {
  name: 'scaledDotProductAttention',
  infer: (inputs) => inferAttention(inputs),
  decompose(inputs, { causal, scale }) {
    const [q, k, v] = inputs;
    const scores = scaled(q, scale).matmul(k.swapLast());
    const mask = inputs.length > 3 ? inputs[3] : undefined;
    const seen = visible(q, k, mask, causal);
    if (seen === undefined) return softmax(scores).matmul(v);
    const number = (value: number) => toTensor('scaledDotProductAttention', value, q.dtype);
    // Added, not chosen: one pass forward and none backward, as PyTorch does it.
    if (mask === undefined) return softmax(scores.add(seen.where(number(0), -Infinity))).matmul(v);
    // Where a query sees no key its scores stay, and its weights become 0: softmax would make NaN of −∞ alone.
    const some = seen.cast('int32').max({ axes: -1, keepDims: true }).greater(0);
    const hidden = seen.where(number(0), some.where(number(-Infinity), 0));
    return seen.where(softmax(scores.add(hidden)), 0).matmul(v);
  },
};

/**
 * Attention softmax(Q·Kᵀ/√width)·V (Vaswani et al. 2017, equation 1), as torch's scaled_dot_product_attention without dropout.
 * With `causal` query i sees keys 0 … i.
 * @param q [..., queries, width]
 * @param k [..., keys, width]
 * @param v [..., keys, outputs]
 * @returns [..., queries, outputs]; the leading axes (batch, heads) broadcast.
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { causal = false, mask, scale = 1 / Math.sqrt(q.shape[q.rank - 1]) }: AttentionOptions = {},
): Tensor {
  const inputs = mask === undefined ? [q, k, v] : [q, k, v, mask];
  return q.builder.apply(attentionOp, inputs, { causal, scale });
}
