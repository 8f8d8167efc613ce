/**
 * LAMB (You et al. 2019, arXiv 1904.00962, algorithm 2): Adam's direction, its length in each tensor made that of the tensor,
 *     r = m/c₁ / (√(v/c₂) + eps) + weightDecay·p;  p ← p − lr · φ(‖p‖)/‖r‖ · r,  φ the identity
 * with ratio 1 where either norm is 0. Defaults of the paper's code; eps 1e-6.
 */
import { adamBetas, biasCorrections, correctBias } from './adam.js';
import { trustRatio } from './lars.js';
import { decay, epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';
import { globalNorm } from './trees.js';

export const lamb = defineOptimizer(
  'lamb',
  'Adam with a trust ratio for each tensor, for large batches',
  {
    lr: learningRate(1e-3),
    ...adamBetas(),
    eps: epsilon(1e-6),
    weightDecay: decay(0, 'times the parameter, joins the direction before the trust ratio'),
  },
  ({ beta1, beta2, eps, weightDecay }) =>
    perParameter({
      name: 'lamb',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike(), v: parameter.zerosLike() }),
      shared: biasCorrections,
      scalars(context, shared) {
        const { lr, momentum } = context;
        return { ...correctBias(context, shared, beta2), lr, keep: momentum, weight: momentum.neg().add(1) };
      },
      update(g, state, parameter, { one1, one2, lr, keep, weight }) {
        const m = state.m.mul(keep).add(g.mul(weight));
        const v = state.v.mul(beta2).add(g.mul(1 - beta2).mul(g));
        const adam = m.div(one1).div(v.div(one2).sqrt().add(eps));
        const direction = adam.add(parameter.mul(weightDecay));
        const size = globalNorm(parameter);
        const length = globalNorm(direction);
        const ratio = trustRatio(size, length, size.div(length));
        return { parameter: parameter.sub(lr.mul(ratio).mul(direction)), m, v };
      },
    }),
);
