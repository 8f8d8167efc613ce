import { ScreeError } from '../graph/errors.js';
import type { Op, OnnxEmitter, TensorType } from '../graph/op.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';

export interface BatchNormOptions {
  /** Added to the variance; 1e-5 by default, as in PyTorch. */
  readonly epsilon?: number;
}

type NormAttributes = { readonly epsilon: number };

/** Axes over which batch norm takes its statistics: all but the channels'. */
function statisticsAxes(shape: Shape): number[] {
  return shape.map((_, axis) => axis).filter((axis) => axis !== 1);
}

/** A vector over channels, shaped to broadcast against [batch, channels, ...spatial]. */
function perChannel(vector: Tensor, rank: number): Tensor {
  return vector.reshape([1, vector.size, ...new Array<number>(rank - 2).fill(1)]);
}

function inferBatchNorm([x, ...vectors]: readonly TensorType[]): TensorType {
  for (const { shape, dtype } of vectors) {
    if (x.shape.length < 2 || shape.length !== 1 || shape[0] !== x.shape[1] || dtype !== x.dtype) {
      throw new ScreeError(
        `batchNorm: input ${x.dtype}${showShape(x.shape)} needs vectors of its ${x.shape[1]} channels, got ${dtype}${showShape(shape)}`,
      );
    }
  }
  return x;
}

/** x less its mean, and the (biased) variance, over all axes but the channels'; the variance as [1, channels, 1, …]. */
function moments(x: Tensor): { mean: Tensor; centred: Tensor; variance: Tensor } {
  const axes = statisticsAxes(x.shape);
  const mean = x.mean({ axes, keepDims: true });
  const centred = x.sub(mean);
  return { mean, centred, variance: centred.mul(centred).mean({ axes, keepDims: true }) };
}

/** x less its mean, and 1/√(variance + ε), with the statistics of the batch. */
function normalized(x: Tensor, epsilon: number): { centred: Tensor; inverse: Tensor } {
  const { centred, variance } = moments(x);
  return { centred, inverse: variance.add(epsilon).rsqrt() };
}

/** Sum over all axes but the channels', on the ONNX target: as the op `sum` writes it, so that equal sums are shared. */
function lowerSum(emitter: OnnxEmitter, x: string, shape: Shape, keepDims: boolean): string {
  return emitter.emit('ReduceSum', [x, emitter.ints(statisticsAxes(shape))], {
    keepdims: { int: keepDims ? 1 : 0 },
    noop_with_empty_axes: { int: 1 },
  });
}

/** The nodes of `moments` on the ONNX target, shared with those that the graph itself has; the variance as [channels]. */
function lowerMoments(emitter: OnnxEmitter, x: string, { shape, dtype }: TensorType) {
  const share = emitter.scalar(shape[1] / sizeOf(shape), dtype);
  const mean = (value: string) => emitter.emit('Mul', [lowerSum(emitter, value, shape, true), share]);
  const centred = emitter.emit('Sub', [x, mean(x)]);
  const variance = mean(emitter.emit('Mul', [centred, centred]));
  const channels = emitter.ints([shape[1]]);
  return {
    centred,
    variance: emitter.emit('Reshape', [variance, channels]),
    share,
    zero: emitter.emit('Expand', [emitter.scalar(0, dtype), channels]),
  };
}

/** Batch norm with the statistics of the batch: inputs x [batch, channels, …], scale and bias [channels]. Composite. */
export const batchNormOp: Op<NormAttributes> = {
  name: 'batchNorm',
  infer: (inputs) => inferBatchNorm(inputs),
  vjp({ inputs: [x, scale], attributes }, cotangent, wanted) {
    const axes = statisticsAxes(x.shape);
    const { centred, inverse } = normalized(x, attributes.epsilon);
    return [
      wanted[0] ? x.builder.apply(batchNormGradientOp, [x, scale, cotangent], attributes) : undefined,
      wanted[1] ? cotangent.mul(centred).sum({ axes }).mul(inverse.reshape(scale.shape)) : undefined,
      wanted[2] ? cotangent.sum({ axes }) : undefined,
    ];
  },
  decompose([x, scale, bias], { epsilon }) {
    const { centred, inverse } = normalized(x, epsilon);
    return centred.mul(inverse.mul(perChannel(scale, x.rank))).add(perChannel(bias, x.rank));
  },
  onnx(emitter, { names: [x, scale, bias], inputs, attributes: { epsilon } }) {
    const { centred, variance, zero } = lowerMoments(emitter, x, inputs[0]);
    return emitter.emit('BatchNormalization', [centred, scale, bias, zero, variance], {
      epsilon: { float: epsilon },
    });
  },
};

/**
 * The cotangent of batchNorm's input from x, scale and the output's cotangent d, with x̂ the normalised input and the means over
 * batch and space: scale/σ · (d − mean(d) − x̂ · mean(d · x̂)). Composite. (Ioffe & Szegedy 2015, section 3.)
 */
export const batchNormGradientOp: Op<NormAttributes> = {
  name: 'batchNormGradient',
  infer: ([x]) => x,
  decompose([x, scale, cotangent], { epsilon }) {
    const axes = statisticsAxes(x.shape);
    const { centred, inverse } = normalized(x, epsilon);
    const hat = centred.mul(inverse);
    const means = (value: Tensor) => value.mean({ axes, keepDims: true });
    const rest = cotangent.sub(means(cotangent)).sub(hat.mul(means(cotangent.mul(hat))));
    return rest.mul(inverse.mul(perChannel(scale, x.rank)));
  },
  /** The sum of two affine maps a channel, each of which the runtime's normalisation makes in one pass. */
  onnx(emitter, { names: [x, scale, cotangent], inputs, attributes: { epsilon } }) {
    const [{ shape, dtype }] = inputs;
    const { centred, variance, share, zero } = lowerMoments(emitter, x, inputs[0]);
    const mean = (value: string) => emitter.emit('Mul', [lowerSum(emitter, value, shape, false), share]);
    const attributes = { epsilon: { float: epsilon } };
    const direct = emitter.emit(
      'BatchNormalization',
      [cotangent, scale, zero, mean(cotangent), variance],
      attributes,
    );
    const along = mean(emitter.emit('Mul', [cotangent, centred]));
    const spread = emitter.emit('Add', [variance, emitter.scalar(epsilon, dtype)]);
    const factor = emitter.emit('Div', [emitter.emit('Mul', [scale, along]), spread]);
    const back = emitter.emit('BatchNormalization', [centred, factor, zero, zero, variance], attributes);
    return emitter.emit('Sub', [direct, back]);
  },
};

/**
 * Batch normalisation with the batch's own statistics (training).
 * @param x [batch, channels, ...spatial]
 * @param scale [channels]
 * @param bias [channels]
 */
export function batchNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  { epsilon = 1e-5 }: BatchNormOptions = {},
): Tensor {
  return x.builder.apply(batchNormOp, [x, scale, bias], { epsilon });
}

/** Mean and (biased) variance over all axes but the channels', as vectors: what batchNorm normalises with. */
export function batchStatistics(x: Tensor): { mean: Tensor; variance: Tensor; count: number } {
  const { mean, variance } = moments(x);
  const channels = [x.shape[1]];
  return {
    mean: mean.reshape(channels),
    variance: variance.reshape(channels),
    count: sizeOf(x.shape) / x.shape[1],
  };
}

/** `normalize`: inputs x, mean, variance, scale, bias. Composite. */
export const normalizeOp: Op<NormAttributes> = {
  name: 'normalize',
  infer: (inputs) => inferBatchNorm(inputs),
  decompose([x, mean, variance, scale, bias], { epsilon }) {
    const factor = scale.mul(variance.add(epsilon).rsqrt());
    return x.mul(perChannel(factor, x.rank)).add(perChannel(bias.sub(mean.mul(factor)), x.rank));
  },
  onnx(emitter, { names: [x, mean, variance, scale, bias], inputs: [{ shape }], attributes: { epsilon } }) {
    if (sizeOf(shape) === 0) return undefined;
    return emitter.emit('BatchNormalization', [x, scale, bias, mean, variance], {
      epsilon: { float: epsilon },
    });
  },
};

/** Normalisation with given statistics (evaluation): (x − mean) / √(variance + ε) · scale + bias, vectors over channels. */
export function normalize(
  x: Tensor,
  { mean, variance, scale, bias }: { mean: Tensor; variance: Tensor; scale: Tensor; bias: Tensor },
  { epsilon = 1e-5 }: BatchNormOptions = {},
): Tensor {
  return x.builder.apply(normalizeOp, [x, mean, variance, scale, bias], { epsilon });
}
