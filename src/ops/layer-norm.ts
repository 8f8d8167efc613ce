import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Op } from '../graph/op.js';
import { sameShape, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

type LayerNormAttributes = { readonly axes: number; readonly epsilon: number };
type GroupNormAttributes = { readonly groups: number; readonly epsilon: number };

function lastAxes(x: Tensor, count: number): number[] {
  return x.shape.map((_, axis) => axis).slice(x.rank - count);
}

/** (x − mean) / √(variance + ε) over the last axes, and 1 / √(variance + ε). */
function standardized(x: Tensor, { axes: count, epsilon }: LayerNormAttributes) {
  const axes = lastAxes(x, count);
  const centred = x.sub(x.mean({ axes, keepDims: true }));
  const inverse = centred.mul(centred).mean({ axes, keepDims: true }).add(epsilon).rsqrt();
  return { hat: centred.mul(inverse), inverse };
}

/** Sums over all axes but the last ones. */
function sumLeading(x: Tensor, count: number): Tensor {
  return x.sum({ axes: x.shape.map((_, axis) => axis).slice(0, x.rank - count) });
}

/** A vector of vmap's batch, shaped to broadcast against x. */
function batchedVector(vector: Tensor, x: Tensor, count: number): Tensor {
  const between = new Array<number>(x.rank - count - 1).fill(1);
  return vector.reshape([vector.shape[0], ...between, ...vector.shape.slice(1)]);
}

/** Layer norm over the last axes: inputs x, scale and bias of the extents of those axes. Composite. */
export const layerNormOp: Op<LayerNormAttributes> = {
  name: 'layerNorm',
  infer([x, ...vectors], { axes }) {
    const wanted = x.shape.slice(x.shape.length - axes);
    for (const { shape, dtype } of vectors) {
      if (!sameShape(shape, wanted) || dtype !== x.dtype) {
        throw new ScreeError(
          `layerNorm: input ${x.dtype}${showShape(x.shape)} needs scale and bias of its last ${axes} axes, ${x.dtype}${showShape(wanted)}, got ${dtype}${showShape(shape)}`,
        );
      }
    }
    return x;
  },
  vjp({ inputs: [x, scale], attributes }, cotangent, wanted) {
    const { axes } = attributes;
    return [
      wanted[0] ? x.builder.apply(layerNormGradientOp, [x, scale, cotangent], attributes) : undefined,
      wanted[1] ? sumLeading(cotangent.mul(standardized(x, attributes).hat), axes) : undefined,
      wanted[2] ? sumLeading(cotangent, axes) : undefined,
    ];
  },
  batch([x, scale, bias], [xBatched, scaleBatched, biasBatched], attributes) {
    if (!scaleBatched && !biasBatched) return x.builder.apply(layerNormOp, [x, scale, bias], attributes);
    const count = (scaleBatched ? scale : bias).shape[0];
    const all = xBatched ? x : x.broadcastTo([count, ...x.shape]);
    const { hat } = standardized(all, attributes);
    return hat
      .mul(scaleBatched ? batchedVector(scale, all, attributes.axes) : scale)
      .add(biasBatched ? batchedVector(bias, all, attributes.axes) : bias);
  },
  decompose: ([x, scale, bias], attributes) => standardized(x, attributes).hat.mul(scale).add(bias),
  onnx(emitter, { names, inputs: [{ shape, dtype }], attributes: { axes, epsilon } }) {
    if (sizeOf(shape) === 0 || dtype !== 'float32') return undefined;
    return emitter.emit('LayerNormalization', names, { axis: { int: -axes }, epsilon: { float: epsilon } });
  },
};

/**
 * The cotangent of layerNorm's input from x, scale and the output's cotangent d, with g = d · scale, the normalised input x̂ and
 * means over the last axes: (g − mean(g) − x̂ · mean(g · x̂)) / σ. Composite. (Ba, Kiros & Hinton 2016.)
 */
export const layerNormGradientOp: Op<LayerNormAttributes> = {
  name: 'layerNormGradient',
  infer: ([x]) => x,
  decompose([x, scale, cotangent], attributes) {
    const { hat, inverse } = standardized(x, attributes);
    const g = cotangent.mul(scale);
    const means = (value: Tensor) => value.mean({ axes: lastAxes(x, attributes.axes), keepDims: true });
    return g
      .sub(means(g))
      .sub(hat.mul(means(g.mul(hat))))
      .mul(inverse);
  },
};

/** Group norm: inputs x [batch, channels, …], scale and bias [channels]. Composite: the layer norm of each group. */
const groupNormOp: Op<GroupNormAttributes> = {
  name: 'groupNorm',
  infer([x, ...vectors], { groups }) {
    const channels = x.shape[1];
    const fits = x.shape.length >= 2 && Number.isInteger(groups) && groups >= 1 && channels % groups === 0;
    for (const { shape, dtype } of vectors) {
      if (!fits || !sameShape(shape, [channels]) || dtype !== x.dtype) {
        throw new ScreeError(
          `groupNorm: input ${x.dtype}${showShape(x.shape)} in ${groups} group(s) needs channels that divide into the groups and vectors of them, got ${dtype}${showShape(shape)}`,
        );
      }
    }
    return x;
  },
  decompose([x, scale, bias], { groups, epsilon }) {
    const [batch, channels, ...spatial] = x.shape;
    const split = x.reshape([batch, groups, sizeOf([channels / groups, ...spatial])]);
    const constant = (value: number) =>
      x.builder.constant(ndarray(value, [], x.dtype)).broadcastTo([split.shape[2]]);
    const hat = split.builder.apply(layerNormOp, [split, constant(1), constant(0)], { axes: 1, epsilon });
    const vector = [channels, ...spatial.map(() => 1)];
    return hat.reshape(x.shape).mul(scale.reshape(vector)).add(bias.reshape(vector));
  },
};

export interface LayerNormOptions {
  /** How many of the last axes are normalised together; 1 by default. */
  readonly axes?: number;
  /** Added to the variance; 1e-5 by default, as in PyTorch. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axes with the (biased) statistics of each example (Ba, Kiros & Hinton 2016).
 * @param x [...any, ...normalised]
 * @param scale [...normalised]
 * @param bias [...normalised]
 */
export function layerNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  { axes = 1, epsilon = 1e-5 }: LayerNormOptions = {},
): Tensor {
  if (!Number.isInteger(axes) || axes < 1 || axes > x.rank) {
    throw new ScreeError(
      `layerNorm: axes ${axes} must be an integer from 1 to ${x.rank}, the axes of the input`,
    );
  }
  return x.builder.apply(layerNormOp, [x, scale, bias], { axes, epsilon });
}

export interface GroupNormOptions {
  /** Channels are normalised in this many groups; it must divide their number. */
  readonly groups: number;
  /** Added to the variance; 1e-5 by default, as in PyTorch. */
  readonly epsilon?: number;
}

/**
 * Group normalisation: each example's channels in groups, each over its channels and space (Wu & He 2018). One group is layer
 * norm over channels and space, as many groups as channels instance norm.
 * @param x [batch, channels, ...spatial]
 * @param scale [channels]
 * @param bias [channels]
 */
export function groupNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  { groups, epsilon = 1e-5 }: GroupNormOptions,
): Tensor {
  return x.builder.apply(groupNormOp, [x, scale, bias], { groups, epsilon });
}
