/**
 * AdaBelief (Zhuang et al. 2020, arXiv 2010.07468, algorithm 2): Adam that divides by the deviation of the gradient from its mean,
 *     m ← β₁m + (1 − β₁)g;  s ← β₂s + (1 − β₂)(g − m)² + eps;  p ← p − lr · m/c₁ / (√(s/c₂) + eps)
 * Defaults and decoupled weight decay (before the step) of the authors' code.
 */
import { adamBetas, biasCorrections, correctBias } from './adam.js';
import { decayed } from './moments.js';
import { decoupledDecay, epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const adabelief = defineOptimizer(
  'adabelief',
  'Adam by the surprise of the gradient in place of its size',
  { lr: learningRate(1e-3), ...adamBetas(), eps: epsilon(1e-16), weightDecay: decoupledDecay() },
  ({ beta1, beta2, eps, weightDecay }) =>
    perParameter({
      name: 'adabelief',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), s: parameter.zerosLike() }),
      shared: biasCorrections,
      scalars(context, shared) {
        const { lr, momentum } = context;
        return { ...correctBias(context, shared, beta2), lr, keep: momentum, weight: momentum.neg().add(1) };
      },
      update(g, state, parameter, { one1, one2, lr, keep, weight }) {
        const m = state.m.mul(keep).add(g.mul(weight));
        const surprise = g.sub(m);
        const s = state.s
          .mul(beta2)
          .add(surprise.mul(surprise).mul(1 - beta2))
          .add(eps);
        const step = lr.mul(m.div(one1)).div(s.div(one2).sqrt().add(eps));
        return { parameter: decayed(parameter, lr, weightDecay).sub(step), m, s };
      },
    }),
);
