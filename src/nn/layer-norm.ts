import { ScreeError } from '../graph/errors.js';
import { allocate } from '../graph/dtype.js';
import { ndarray, zeros, type NDArray } from '../graph/ndarray.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { groupNorm as groupNormOp, layerNorm as layerNormOp } from '../ops/index.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount } from './options.js';

export interface NormLayerOptions {
  /** Added to the variance; 1e-5 by default, as in PyTorch. */
  readonly epsilon?: number;
}

type Affine = { scale: Tensor; bias: Tensor };

/** 1 and 0, from which a normalisation starts. */
function affine(count: number): { scale: NDArray; bias: NDArray } {
  return { scale: ndarray(allocate('float32', count).fill(1)), bias: zeros([count]) };
}

/**
 * Layer normalisation over the last axis, with `scale` and `bias` of its extent (Ba, Kiros & Hinton 2016). Training and
 * evaluation are alike.
 * @throws ScreeError (from `init`) where examples have no axis
 */
export function layerNorm({ epsilon = 1e-5 }: NormLayerOptions = {}): Layer<Affine, Nothing> {
  return {
    name: 'layer norm',
    init(_generator, input) {
      const features = input.at(-1);
      if (features === undefined) {
        throw new ScreeError('layerNorm: examples have no axes; the last is normalised');
      }
      return { parameters: affine(features), state: nothing, output: input };
    },
    apply: ({ scale, bias }, state, x) => ({ output: layerNormOp(x, scale, bias, { epsilon }), state }),
  };
}

/**
 * Group normalisation: channels, the first axis of an example, in `groups` groups, each normalised over its channels and all
 * spatial axes; `scale` and `bias` a channel (Wu & He 2018). One group is layer norm over a whole image, as many groups as
 * channels instance norm.
 * @throws ScreeError when `groups` is not a positive integer, or (from `init`) does not divide the channels
 */
export function groupNorm(groups: number, { epsilon = 1e-5 }: NormLayerOptions = {}): Layer<Affine, Nothing> {
  requireCount('groupNorm', 'groups', groups);
  return {
    name: `group norm ${groups}`,
    init(_generator, input) {
      if (input.length < 1 || input[0] % groups !== 0) {
        throw new ScreeError(
          `groupNorm: examples of shape ${showShape(input)} need [channels, …], channels divisible by the ${groups} groups`,
        );
      }
      return { parameters: affine(input[0]), state: nothing, output: input };
    },
    apply: ({ scale, bias }, state, x) => ({
      output: groupNormOp(x, scale, bias, { groups, epsilon }),
      state,
    }),
  };
}
