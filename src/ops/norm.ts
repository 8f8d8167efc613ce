import { ScreeError } from '../graph/errors.js';
import type { Op, OnnxEmitter, OnnxRequest, TensorType } from '../graph/op.js';
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

/** (x − mean) / √(variance + ε), with the statistics of the batch. */
function normalized(x: Tensor, epsilon: number): { centred: Tensor; inverse: Tensor } {
  const axes = statisticsAxes(x.shape);
  const centred = x.sub(x.mean({ axes, keepDims: true }));
  const inverse = centred.mul(centred).mean({ axes, keepDims: true }).add(epsilon).rsqrt();
  return { centred, inverse };
}

/** Mean and variance of the batch, as vectors over channels, on the ONNX target. Equal calls share their nodes. */
function lowerStatistics(
  emitter: OnnxEmitter,
  { names: [x], inputs: [{ shape, dtype }] }: OnnxRequest<NormAttributes>,
) {
  const axes = emitter.ints(statisticsAxes(shape));
  const mean = emitter.emit('ReduceMean', [x, axes], { keepdims: { int: 1 } });
  const centred = emitter.emit('Sub', [x, mean]);
  const variance = emitter.emit('ReduceMean', [emitter.emit('Mul', [centred, centred]), axes], {
    keepdims: { int: 0 },
  });
  return { mean: emitter.emit('Reshape', [mean, emitter.ints([shape[1]])]), variance, dtype };
}

/** Batch norm with the statistics of the batch: inputs x [batch, channels, …], scale and bias [channels]. Composite. */
const batchNormOp: Op<NormAttributes> = {
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
  onnx(emitter, request) {
    const [x, scale, bias] = request.names;
    const { mean, variance } = lowerStatistics(emitter, request);
    return emitter.emit('BatchNormalization', [x, scale, bias, mean, variance], {
      epsilon: { float: request.attributes.epsilon },
    });
  },
};

/**
 * The cotangent of batchNorm's input from x, scale and the output's cotangent d, with x̂ the normalised input and the means over
 * batch and space: scale/σ · (d − mean(d) − x̂ · mean(d · x̂)). Composite. (Ioffe & Szegedy 2015, section 3.)
 */
const batchNormGradientOp: Op<NormAttributes> = {
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
  const axes = statisticsAxes(x.shape);
  return { mean: x.mean({ axes }), variance: x.variance({ axes }), count: sizeOf(x.shape) / x.shape[1] };
}

/** Normalisation with given statistics (evaluation): (x − mean) / √(variance + ε) · scale + bias, vectors over channels. */
export function normalize(
  x: Tensor,
  { mean, variance, scale, bias }: { mean: Tensor; variance: Tensor; scale: Tensor; bias: Tensor },
  { epsilon = 1e-5 }: BatchNormOptions = {},
): Tensor {
  const factor = scale.mul(variance.add(epsilon).rsqrt());
  return x.mul(perChannel(factor, x.rank)).add(perChannel(bias.sub(mean.mul(factor)), x.rank));
}
