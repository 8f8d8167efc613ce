import { ScreeError } from '../graph/errors.js';
import { allocate } from '../graph/dtype.js';
import { ndarray, zeros } from '../graph/ndarray.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { batchNorm as batchNormOp, batchStatistics, normalize, type BatchNormOptions } from '../ops/index.js';
import type { Layer } from './layer.js';

export interface BatchNormLayerOptions extends BatchNormOptions {
  /** Weight of the new batch in the running statistics; 0.1 by default, as in PyTorch. */
  readonly momentum?: number;
}

/**
 * Batch normalisation over the channels, the first axis of an example (Ioffe & Szegedy 2015). Training normalises with the
 * batch's own mean and biased variance and moves the running ones towards them; evaluation uses the running ones. As in
 * PyTorch, running ← (1 − momentum) · running + momentum · batch, with the unbiased variance of the batch.
 * @throws ScreeError when the momentum is not in [0, 1], or a training batch has one value a channel: it has no variance
 */
export function batchNorm({ momentum = 0.1, epsilon = 1e-5 }: BatchNormLayerOptions = {}): Layer<
  { scale: Tensor; bias: Tensor },
  { mean: Tensor; variance: Tensor }
> {
  if (!(momentum >= 0 && momentum <= 1)) {
    throw new ScreeError(`batchNorm: momentum ${momentum} must lie between 0 and 1`);
  }
  const towards = (running: Tensor, batch: Tensor) => running.mul(1 - momentum).add(batch.mul(momentum));
  return {
    name: 'batch norm',
    init(_generator, input) {
      if (input.length < 1)
        throw new ScreeError('batchNorm: examples have no axes; the first is the channels');
      const channels = [input[0]];
      const ones = ndarray(allocate('float32', input[0]).fill(1));
      return {
        parameters: { scale: ones, bias: zeros(channels) },
        state: { mean: zeros(channels), variance: ones },
        output: input,
      };
    },
    apply({ scale, bias }, { mean, variance }, x, { training }) {
      if (!training) {
        return {
          output: normalize(x, { mean, variance, scale, bias }, { epsilon }),
          state: { mean, variance },
        };
      }
      const batch = batchStatistics(x);
      if (batch.count < 2) {
        throw new ScreeError(
          `batchNorm: training on ${showShape(x.shape)} gives one value a channel; the batch must be larger`,
        );
      }
      const unbiased = batch.variance.mul(batch.count / (batch.count - 1));
      return {
        output: batchNormOp(x, scale, bias, { epsilon }),
        state: {
          mean: towards(mean, batch.mean).stopGradient(),
          variance: towards(variance, unbiased).stopGradient(),
        },
      };
    },
  };
}
