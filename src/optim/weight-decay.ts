/**
 * Weight decay around any optimiser: decoupled as in AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101), p ← p·(1 − lr·rate)
 * before the inner step, or as an L2 penalty, g ← g + rate·p. Default: PyTorch's rate for AdamW.
 */
import { mapTrees } from './trees.js';
import { decayed, penalised } from './moments.js';
import { decay, flag } from './options.js';
import { defineWrapper, onGradients } from './wrapper.js';

export const weightDecay = defineWrapper(
  'weightdecay',
  'let the parameters decay',
  {
    rate: decay(1e-2, 'how much decays: lr times this at each step, or this in the penalty'),
    decoupled: flag(true, 'decay the parameters themselves, not by an L2 penalty'),
  },
  (inner, { rate, decoupled }) => {
    if (!decoupled) {
      return onGradients(inner, (gradients, parameters) =>
        mapTrees((g, p) => penalised(g, p, rate), gradients, parameters),
      );
    }
    return {
      ...inner,
      update(gradients, state, parameters, context) {
        const smaller = mapTrees((p) => decayed(p, context.lr.cast(p.dtype), rate), parameters);
        return inner.update(gradients, state, smaller, context);
      },
    };
  },
);
