/**
 * Schedule-free AdamW (Defazio et al. 2024, arXiv 2405.15682, algorithm 1): schedule-free SGD on Adam's denominator,
 *     v ← β₂v + (1 − β₂)g²;  z ← z − γ·(g/(√(v/c₂) + eps) + weightDecay·y);  x and y as in schedulefreesgd, with β₁ for β
 * Defaults of the authors' code.
 */
import { adamBetas } from './adam.js';
import { averageOfOne, meanSquare } from './moments.js';
import { epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';
import {
  average,
  averageOptions,
  averageShare,
  averageWeights,
  evaluatedAtAverage,
} from './schedulefreesgd.js';

export const schedulefreeadamw = defineOptimizer(
  'schedulefreeadamw',
  'AdamW with an average in place of a schedule',
  { lr: learningRate(2.5e-3), ...adamBetas(), eps: epsilon(1e-8), ...averageOptions },
  ({ beta1, beta2, eps, weightDecay, ...options }) =>
    evaluatedAtAverage(
      perParameter({
        name: 'schedulefreeadamw',
        momentum: beta1,
        init: (parameter) => ({ z: parameter, x: parameter, v: parameter.zerosLike() }),
        shared: { ...averageWeights, one2: 0 },
        scalars: (context, shared) => ({
          ...averageShare(context, shared, options),
          one2: averageOfOne(shared.one2, beta2),
          beta: context.momentum,
        }),
        update(g, state, y, { rate, c, one2, beta }) {
          const v = meanSquare(state.v, g, beta2);
          const direction = g.div(v.div(one2).sqrt().add(eps));
          const step = weightDecay === 0 ? direction : direction.add(y.mul(weightDecay));
          return { ...average(state.z.sub(rate.mul(step)), state.x, c, beta), v };
        },
      }),
    ),
);
