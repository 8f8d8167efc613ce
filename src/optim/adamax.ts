/**
 * Adamax (Kingma & Ba 2015, arXiv 1412.6980, section 7.1): Adam with the infinity norm,
 *     m ← β₁m + (1 − β₁)g;  u ← max(β₂u, |g| + eps);  p ← p − lr/c₁ · m/u
 * The paper has no eps. As torch.optim.Adamax, whose defaults these are.
 */
import { adamBetas } from './adam.js';
import { averageOfOne, lerp, penalised } from './moments.js';
import { epsilon, learningRate, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const adamax = defineOptimizer(
  'adamax',
  'Adam by the largest gradient in place of the root mean square',
  { lr: learningRate(2e-3), ...adamBetas(), eps: epsilon(1e-8), weightDecay: penalty() },
  ({ beta1, beta2, eps, weightDecay }) =>
    perParameter({
      name: 'adamax',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), largest: parameter.zerosLike() }),
      shared: { one1: 0 },
      scalars({ lr, momentum }, shared) {
        const one1 = averageOfOne(shared.one1, momentum);
        return { one1, weight: momentum.neg().add(1), stepSize: lr.div(one1) };
      },
      update(gradient, state, parameter, { weight, stepSize }) {
        const g = penalised(gradient, parameter, weightDecay);
        const m = lerp(state.m, g, weight);
        const largest = state.largest.mul(beta2).maximum(g.abs().add(eps));
        return { parameter: parameter.sub(stepSize.mul(m).div(largest)), m, largest };
      },
    }),
);
