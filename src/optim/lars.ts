/**
 * LARS (You, Gitman & Ginsburg 2017, arXiv 1708.03888, algorithm 1): momentum with a rate of its own for each tensor,
 *     λ = trustCoefficient·‖p‖ / (‖g‖ + weightDecay·‖p‖), 1 where either norm is 0
 *     b ← momentum·b + lr·λ·(g + weightDecay·p);  p ← p − b
 * The rate goes into the momentum buffer, as in the paper (some implementations multiply by it outside).
 * Defaults of the paper: momentum 0.9, trust coefficient 0.001; lr 1 is ours, the schedule of the paper goes far above it.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import { decay, learningRate, momentumOption } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';
import { globalNorm } from './trees.js';

/** The ratio, or 1 where the parameter or its direction is all zeros. */
export function trustRatio(size: Tensor, length: Tensor, ratio: Tensor): Tensor {
  return size.greater(0).and(length.greater(0)).where(ratio, 1);
}

export const lars = defineOptimizer(
  'lars',
  'momentum with a trust ratio for each tensor, for large batches',
  {
    lr: learningRate(1),
    momentum: momentumOption(0.9),
    weightDecay: decay(0, 'times the parameter, joins the gradient'),
    trustCoefficient: z.number().gt(0).default(1e-3).describe('share of its size that a tensor moves'),
  },
  ({ momentum, weightDecay, trustCoefficient }) =>
    perParameter({
      name: 'lars',
      momentum,
      init: (parameter) => ({ momentum: parameter.zerosLike() }),
      scalars: ({ lr, momentum: keep }) => ({ lr, keep }),
      update(g, state, parameter, { lr, keep }) {
        const size = globalNorm(parameter);
        const slope = globalNorm(g);
        const local = size.mul(trustCoefficient).div(slope.add(size.mul(weightDecay)));
        const rate = lr.mul(trustRatio(size, slope, local));
        const buffer = state.momentum.mul(keep).add(rate.mul(g.add(parameter.mul(weightDecay))));
        return { parameter: parameter.sub(buffer), momentum: buffer };
      },
    }),
);
