/**
 * Lion (Chen et al. 2023, arXiv 2302.06675, algorithm 2): the sign of a momentum, found by program search,
 *     u = sign(β₁m + (1 − β₁)g);  p ← p − lr·(u + weightDecay·p);  m ← β₂m + (1 − β₂)g
 * A NaN gradient gives NaN, where PyTorch's sign gives 0. Defaults of the paper; it advises an lr 3 to 10 times smaller than AdamW's and a decay as much larger.
 */
import { signOrNaN } from './moments.js';
import { beta, decoupledDecay, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const lion = defineOptimizer(
  'lion',
  'the sign of an interpolated momentum',
  {
    lr: learningRate(1e-4),
    beta1: beta(0.9, 'share of the momentum in the step'),
    beta2: beta(0.99, 'share of the momentum kept at each step'),
    weightDecay: decoupledDecay(),
  },
  ({ beta1, beta2, weightDecay }) =>
    perParameter({
      name: 'lion',
      momentum: beta1,
      init: (parameter) => ({ m: parameter.zerosLike() }),
      scalars: ({ lr, momentum }) => ({ lr, keep: momentum, weight: momentum.neg().add(1) }),
      update(g, state, parameter, { lr, keep, weight }) {
        const direction = signOrNaN(state.m.mul(keep).add(g.mul(weight)));
        const whole = weightDecay === 0 ? direction : direction.add(parameter.mul(weightDecay));
        return {
          parameter: parameter.sub(whole.mul(lr)),
          m: state.m.mul(beta2).add(g.mul(1 - beta2)),
        };
      },
    }),
);
