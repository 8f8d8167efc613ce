/**
 * Adagrad (Duchi, Hazan & Singer 2011, JMLR 12): each element's rate shrinks with all the gradients that it has seen,
 *     s ← s + g²;  p ← p − lr/(1 + (t − 1)·lrDecay) · g / (√s + eps)
 * As torch.optim.Adagrad, whose defaults these are.
 */
import { z } from 'zod';
import { penalised } from './moments.js';
import { decay, epsilon, learningRate, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';

export const adagrad = defineOptimizer(
  'adagrad',
  'rates that shrink with the root of all squared gradients so far',
  {
    lr: learningRate(1e-2),
    lrDecay: decay(0, 'the rate is divided by 1 + this times the steps taken'),
    weightDecay: penalty(),
    initialAccumulator: z.number().min(0).default(0).describe('the sum of squares at the start'),
    eps: epsilon(1e-10),
  },
  ({ lrDecay, weightDecay, initialAccumulator, eps }) =>
    perParameter({
      name: 'adagrad',
      init: (parameter) => ({ sum: parameter.zerosLike().add(initialAccumulator) }),
      scalars: ({ lr, step }) => ({ rate: lr.div(step.sub(1).mul(lrDecay).add(1)) }),
      update(gradient, state, parameter, { rate }) {
        const g = penalised(gradient, parameter, weightDecay);
        const sum = state.sum.add(g.mul(g));
        return { parameter: parameter.sub(rate.mul(g).div(sum.sqrt().add(eps))), sum };
      },
    }),
);
