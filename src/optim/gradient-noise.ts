/**
 * Gradient noise (Neelakantan et al. 2015, arXiv 1511.06807, equation 1), around any optimiser: g ← g + N(0, σ²),
 * σ² = eta/t^gamma at step t. The numbers come from outside (context.noise), from the run's seeded generator.
 * Defaults: the paper's gamma 0.55 and the middle of its three eta, 0.3.
 */
import { ScreeError } from '../graph/errors.js';
import { decay } from './options.js';
import { mapTrees } from './trees.js';
import { defineWrapper, onGradients } from './wrapper.js';

export const gradientNoise = defineWrapper(
  'gradientnoise',
  'add noise to the gradient that fades with the steps',
  {
    eta: decay(0.3, 'variance at the first step'),
    gamma: decay(0.55, 'the variance falls with this power of the step'),
  },
  (inner, { eta, gamma }) => ({
    ...onGradients(inner, (gradients, _parameters, { step, noise }) => {
      if (noise === undefined) {
        throw new ScreeError(
          'gradientnoise: needs noise (context.noise), standard normal numbers for each step',
        );
      }
      const deviation = step.pow(-gamma).mul(eta).sqrt();
      return mapTrees((g, normal) => g.add(normal.mul(deviation.cast(g.dtype))), gradients, noise);
    }),
    needs: { ...inner.needs, noise: true },
  }),
);
