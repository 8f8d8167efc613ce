/**
 * Rprop (Riedmiller & Braun 1993, ICNN; the variant iRprop− of Igel & Hüsken 2000): only the gradient's sign counts. An
 * element's step grows by etaPlus while the sign stays, shrinks by etaMinus when it turns (and then waits a step), and is held
 * in [stepMin, stepMax]. The first step is lr; afterwards lr has no effect. For whole batches: noise in the sign misleads it.
 * As torch.optim.Rprop, whose defaults
 * these are, but that a NaN gradient gives NaN (PyTorch's sign gives 0).
 */
import { z } from 'zod';
import { signOrNaN } from './moments.js';
import { learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter } from './per-parameter.js';
import { scalar } from './trees.js';

export const rprop = defineOptimizer(
  'rprop',
  'steps by the sign of the gradient, longer while it stays',
  {
    lr: learningRate(1e-2).describe('length of the first step'),
    etaMinus: z.number().gt(0).lt(1).default(0.5).describe('factor of the step when the sign turns'),
    etaPlus: z.number().gt(1).default(1.2).describe('factor of the step while the sign stays'),
    stepMin: z.number().min(0).default(1e-6).describe('shortest step'),
    stepMax: z.number().gt(0).default(50).describe('longest step'),
  },
  ({ etaMinus, etaPlus, stepMin, stepMax }) =>
    perParameter({
      name: 'rprop',
      init: (parameter) => ({ previous: parameter.zerosLike(), length: parameter.zerosLike() }),
      scalars: ({ lr, step }) => ({ lr, isFirst: step.equal(1) }),
      update(gradient, state, parameter, { lr, isFirst }) {
        const agreement = gradient.mul(state.previous);
        const turned = agreement.less(0);
        const grown = agreement.greater(0).where(scalar(etaPlus, gradient.dtype), 1);
        const factor = turned.where(etaMinus, grown);
        const length = isFirst.where(lr, state.length).mul(factor).clip(stepMin, stepMax);
        const previous = turned.where(0, gradient);
        return { parameter: parameter.sub(signOrNaN(previous).mul(length)), previous, length };
      },
    }),
);
