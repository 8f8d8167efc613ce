import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { logSoftmax, softmaxCrossEntropy, softplus } from '../ops/index.js';

export interface CrossEntropyOptions {
  /** Share of the truth that is spread evenly over all classes (Szegedy et al. 2016), from 0 to below 1; 0 by default. */
  readonly labelSmoothing?: number;
}

/**
 * Mean over all examples, and all places of a sequence, of −log softmax(logits)[label].
 * @param logits [...s, classes]
 * @param labels int32 [...s]
 * @throws ScreeError when the smoothing is out of range or the shapes do not go together
 * @example
 * ```ts
 * import { compile, float64, int32, type Tensor } from 'scree';
 * import { crossEntropy } from 'scree/nn';
 *
 * const loss = compile((scores: Tensor, labels: Tensor) => crossEntropy(scores, labels), [float64(1, 2), int32(1)]);
 * console.log(loss.run([[0, Math.log(3)]], [1]).data[0].toFixed(4));
 * ```
 * ```text
 * 0.2877
 * ```
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ScreeError(`crossEntropy: labelSmoothing ${labelSmoothing} must be from 0 to below 1`);
  }
  const truth = eachCrossEntropy(logits, labels).mean();
  if (labelSmoothing === 0) return truth;
  const even = logSoftmax(logits).mean().neg();
  return truth.mul(1 - labelSmoothing).add(even.mul(labelSmoothing));
}

/** −log softmax(logits)[label] of every example and place, as one axis. */
function eachCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  if (logits.rank < 3) return softmaxCrossEntropy(logits, labels);
  const classes = logits.shape[logits.rank - 1];
  return softmaxCrossEntropy(logits.reshape([-1, classes]), labels.reshape([labels.size]));
}

export interface FocalOptions {
  /** How much less an example counts that is told well; 2 by default, at 0 it is the cross-entropy. */
  readonly gamma?: number;
}

/**
 * Mean of −(1 − p)^γ log p with p the softmax at the label (Lin et al. 2017, eq. 4, for any count of classes).
 * @param logits [...s, classes]
 * @param labels int32 [...s]
 * @throws ScreeError when gamma is neither 0 nor at least 1, where the derivative is finite
 */
export function focal(logits: Tensor, labels: Tensor, { gamma = 2 }: FocalOptions = {}): Tensor {
  if (!(gamma === 0 || (gamma >= 1 && Number.isFinite(gamma)))) {
    throw new ScreeError(`focal: gamma ${gamma} must be 0 or at least 1`);
  }
  const loss = eachCrossEntropy(logits, labels);
  return gamma === 0 ? loss.mean() : loss.neg().expm1().neg().pow(gamma).mul(loss).mean();
}

/**
 * Mean over all elements of −t log σ(x) − (1 − t) log(1 − σ(x)), with σ the sigmoid.
 * @param logits any shape
 * @param targets of the same shape and element type, from 0 to 1
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return softplus(logits).sub(logits.mul(targets)).mean();
}

/** Mean of (prediction − target)² over all elements; both of one shape. */
export function mse(prediction: Tensor, target: Tensor): Tensor {
  const error = prediction.sub(target);
  return error.mul(error).mean();
}

/** Mean of |prediction − target| over all elements; both of one shape. */
export function mae(prediction: Tensor, target: Tensor): Tensor {
  return prediction.sub(target).abs().mean();
}

export interface HuberOptions {
  /** Error from which on the loss is linear; 1 by default. */
  readonly delta?: number;
}

/**
 * Mean over all elements of e²/2 where |e| ≤ δ, and δ(|e| − δ/2) elsewhere, e = prediction − target (Huber 1964).
 * @throws ScreeError when delta is not positive
 */
export function huber(prediction: Tensor, target: Tensor, { delta = 1 }: HuberOptions = {}): Tensor {
  if (!(delta > 0)) throw new ScreeError(`huber: delta ${delta} must be positive`);
  const size = prediction.sub(target).abs();
  // min(|e|, δ) is the slope, and the loss is slope · (|e| − slope/2) on both sides.
  const slope = size.clip(0, delta);
  return slope.mul(size.sub(slope.mul(0.5))).mean();
}
