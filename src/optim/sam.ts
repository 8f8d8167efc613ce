/**
 * Sharpness-aware minimisation (Foret et al. 2021, arXiv 2010.01412, algorithm 1), around any optimiser: the gradient is taken
 * where the loss is highest nearby, to first order, at p + rho·g/(‖g‖ + 1e-12), ‖g‖ over all parameters. Two gradients a step.
 * Default: the paper's rho 0.05.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import type { StepContext } from './optimizer.js';
import { globalNorm, mapTrees } from './trees.js';
import { defineWrapper } from './wrapper.js';

export const sam = defineWrapper(
  'sam',
  'take the gradient at the worst point nearby (two gradients a step)',
  { rho: z.number().gt(0).default(0.05).describe('how far the worst point is looked for') },
  (inner, { rho }) => ({
    ...inner,
    gradientAt<P extends Tree<Tensor>>(gradients: P, state: Tree<Tensor>, given: P, context: StepContext): P {
      const parameters = inner.gradientAt?.(gradients, state, given, context) ?? given;
      const norm = globalNorm(gradients).add(1e-12);
      return mapTrees((p, g) => p.add(g.mul(rho).div(norm.cast(g.dtype))), parameters, gradients);
    },
  }),
);
