/**
 * NAdam (Dozat 2016, ICLR workshop, section 2.2 with the momentum schedule of its appendix): Adam with Nesterov's momentum,
 *     μₜ = β₁(1 − ½·0.96^(t·momentumDecay));  Πₜ = μ₁⋯μₜ
 *     p ← p − lr(1 − μₜ)/(1 − Πₜ) · g/d − lr·μₜ₊₁/(1 − Πₜμₜ₊₁) · m/d,  d = √(v/c₂) + eps
 * As torch.optim.NAdam, whose defaults these are.
 */
import type { Tensor } from '../graph/tensor.js';
import { pow } from '../ops/index.js';
import { adamBetas } from './adam.js';
import { averageOfOne, decayed, lerp, meanSquare, penalised } from './moments.js';
import { decay, epsilon, flag, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const nadam = defineOptimizer(
  'nadam',
  "Adam with Nesterov's momentum",
  {
    lr: learningRate(2e-3),
    ...adamBetas(),
    eps: epsilon(1e-8),
    weightDecay: decay(0, 'L2 penalty, or decoupled decay if decoupledWeightDecay'),
    momentumDecay: decay(4e-3, 'how fast the momentum rises from β₁/2 to β₁'),
    decoupledWeightDecay: flag(false, 'decay the parameters apart from the gradient'),
  },
  ({ beta1, beta2, eps, weightDecay, momentumDecay, decoupledWeightDecay: decoupled }) =>
    perParameter({
      name: 'nadam',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), v: parameter.zerosLike() }),
      shared: { product: 1, one2: 0 },
      scalars({ lr, step, momentum }, shared) {
        const mu = (t: Tensor) => momentum.mul(pow(0.96, t.mul(momentumDecay)).mul(0.5).neg().add(1));
        const one2 = averageOfOne(shared.one2, beta2);
        const current = mu(step);
        const next = mu(step.add(1));
        const product = shared.product.mul(current);
        const gradientRate = lr.mul(current.neg().add(1)).div(product.neg().add(1));
        const momentRate = lr.mul(next).div(product.mul(next).neg().add(1));
        return { product, one2, lr, weight: momentum.neg().add(1), gradientRate, momentRate };
      },
      update(gradient, state, parameter, { one2, lr, weight, gradientRate, momentRate }) {
        const g = decoupled ? gradient : penalised(gradient, parameter, weightDecay);
        const from = decoupled ? decayed(parameter, lr, weightDecay) : parameter;
        const m = lerp(state.m, g, weight);
        const v = meanSquare(state.v, g, beta2);
        const denominator = v.div(one2).sqrt().add(eps);
        const moved = from.sub(gradientRate.mul(g).div(denominator)).sub(momentRate.mul(m).div(denominator));
        return { parameter: moved, m, v };
      },
    }),
);
