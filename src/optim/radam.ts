/**
 * RAdam (Liu et al. 2020, arXiv 1908.03265, algorithm 2): Adam that waits until its second moment can be trusted,
 *     ρ∞ = 2/(1 − β₂) − 1;  ρ = ρ∞ − 2tβ₂ᵗ/c₂;  if ρ > 5: r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ)),
 *     p ← p − lr · m/c₁ · r√c₂/(√v + eps), else p ← p − lr · m/c₁
 * The paper's condition is ρ > 4. As torch.optim.RAdam, whose defaults these are.
 */
import { adamBetas, biasCorrections, correctBias } from './adam.js';
import { decayed, lerp, meanSquare, penalised } from './moments.js';
import { decay, epsilon, flag, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const radam = defineOptimizer(
  'radam',
  'Adam whose first steps are rectified by the variance of its rate',
  {
    lr: learningRate(1e-3),
    ...adamBetas(),
    eps: epsilon(1e-8),
    weightDecay: decay(0, 'L2 penalty, or decoupled decay if decoupledWeightDecay'),
    decoupledWeightDecay: flag(false, 'decay the parameters apart from the gradient'),
  },
  ({ beta1, beta2, eps, weightDecay, decoupledWeightDecay: decoupled }) =>
    perParameter({
      name: 'radam',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), v: parameter.zerosLike() }),
      shared: biasCorrections,
      scalars(context, shared) {
        const { lr, step, momentum } = context;
        const { one1, one2 } = correctBias(context, shared, beta2);
        const limit = 2 / (1 - beta2) - 1;
        const length = step.mul(2).mul(one2.neg().add(1)).div(one2).neg().add(limit);
        const ratio = length.sub(4).mul(length.sub(2)).mul(limit);
        const rectification = ratio.div(length.mul((limit - 4) * (limit - 2))).sqrt();
        return {
          one1,
          one2,
          lr,
          weight: momentum.neg().add(1),
          trusted: length.greater(5),
          adaptive: one2.sqrt().mul(rectification),
        };
      },
      update(gradient, state, parameter, { one1, lr, weight, trusted, adaptive }) {
        const g = decoupled ? gradient : penalised(gradient, parameter, weightDecay);
        const from = decoupled ? decayed(parameter, lr, weightDecay) : parameter;
        const m = lerp(state.m, g, weight);
        const v = meanSquare(state.v, g, beta2);
        const scale = trusted.where(adaptive.div(v.sqrt().add(eps)), 1);
        return { parameter: from.sub(m.div(one1).mul(lr).mul(scale)), m, v };
      },
    }),
);
