/**
 * Yogi (Zaheer et al. 2018, NeurIPS, algorithm 2): Adam whose second moment changes by additions of bounded size,
 *     m ← β₁m + (1 − β₁)g;  v ← v − (1 − β₂)·sign(v − g²)·g²;  p ← p − lr · m/(√v + eps)
 * Defaults of the paper. m and v start at 0 and there is no bias correction, as there (optax starts both at 1e-6 and corrects).
 */
import { adamBetas } from './adam.js';
import { epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const yogi = defineOptimizer(
  'yogi',
  'Adam with an additive second moment',
  { lr: learningRate(1e-2), ...adamBetas(), eps: epsilon(1e-3) },
  ({ beta1, beta2, eps }) =>
    perParameter({
      name: 'yogi',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), v: parameter.zerosLike() }),
      scalars: ({ lr, momentum }) => ({ lr, keep: momentum, weight: momentum.neg().add(1) }),
      update(g, state, parameter, { lr, keep, weight }) {
        const square = g.mul(g);
        const m = state.m.mul(keep).add(g.mul(weight));
        const change = state.v
          .sub(square)
          .sign()
          .mul(1 - beta2)
          .mul(g)
          .mul(g);
        const v = state.v.sub(change);
        return { parameter: parameter.sub(lr.mul(m).div(v.sqrt().add(eps))), m, v };
      },
    }),
);
