/**
 * Adan (Xie et al. 2022, arXiv 2208.06677, algorithm 1): Adam with Nesterov's momentum written in differences of gradients,
 *     d = g − g₋₁ (0 at first);  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)d;  n ← β₃n + (1 − β₃)(g + β₂d)²
 *     p ← (p − lr · (m/c₁ + β₂v/c₂) / (√(n/c₃) + eps)) / (1 + lr·weightDecay)
 * The betas are the weights of the past, 1 minus the paper's, and the bias is corrected, both as in the authors' code, whose
 * defaults these are. The paper's proximal weight decay.
 */
import { averageOfOne } from './moments.js';
import { beta, decay, epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const adan = defineOptimizer(
  'adan',
  "adaptive moments with Nesterov's momentum by gradient differences",
  {
    lr: learningRate(1e-3),
    beta1: beta(0.98, 'share of the mean gradient kept at each step'),
    beta2: beta(0.92, 'share of the mean gradient difference kept at each step'),
    beta3: beta(0.99, 'share of the mean square kept at each step'),
    eps: epsilon(1e-8),
    weightDecay: decay(0, 'proximal weight decay: parameters are divided by 1 + lr times this'),
  },
  ({ beta1, beta2, beta3, eps, weightDecay }) =>
    perParameter({
      name: 'adan',
      momentum: beta1,
      init(parameter) {
        const zero = parameter.zerosLike();
        return { m: zero, v: zero, n: zero, previous: zero };
      },
      shared: { one1: 0, one2: 0, one3: 0 },
      scalars: ({ lr, step, momentum }, { one1, one2, one3 }) => ({
        lr,
        isFirst: step.equal(1),
        keep: momentum,
        weight: momentum.neg().add(1),
        shrink: lr.mul(weightDecay).add(1),
        one1: averageOfOne(one1, momentum),
        one2: averageOfOne(one2, beta2),
        one3: averageOfOne(one3, beta3),
      }),
      update(g, state, parameter, { lr, isFirst, keep, weight, shrink, one1, one2, one3 }) {
        const difference = isFirst.where(0, g.sub(state.previous));
        const ahead = g.add(difference.mul(beta2));
        const m = state.m.mul(keep).add(g.mul(weight));
        const v = state.v.mul(beta2).add(difference.mul(1 - beta2));
        const n = state.n.mul(beta3).add(ahead.mul(ahead).mul(1 - beta3));
        const direction = m.div(one1).add(v.div(one2).mul(beta2));
        const moved = parameter.sub(lr.mul(direction).div(n.div(one3).sqrt().add(eps)));
        return { parameter: moved.div(shrink), m, v, n, previous: g };
      },
    }),
);
