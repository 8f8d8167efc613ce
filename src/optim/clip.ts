/**
 * Gradient clipping (Pascanu et al. 2013, arXiv 1211.5063): a wrapper that hands the inner optimiser shorter gradients.
 * By norm as torch.nn.utils.clip_grad_norm_: g ← g·min(1, maxNorm/(‖g‖ + 1e-6)), ‖g‖ over all parameters together.
 * By value as clip_grad_value_: each element held in ±maxValue. A NaN stays a NaN in both.
 */
import { z } from 'zod';
import { div } from '../ops/index.js';
import { globalNorm, mapTrees } from './trees.js';
import { defineWrapper, onGradients } from './wrapper.js';

export const clipByGlobalNorm = defineWrapper(
  'clipnorm',
  'scale the gradient down to a largest norm over all parameters',
  { maxNorm: z.number().gt(0).default(1).describe('the largest norm') },
  (inner, { maxNorm }) =>
    onGradients(inner, (gradients) => {
      const scale = div(maxNorm, globalNorm(gradients).add(1e-6)).minimum(1);
      return mapTrees((gradient) => gradient.mul(scale.cast(gradient.dtype)), gradients);
    }),
);

export const clipByValue = defineWrapper(
  'clipvalue',
  'hold each element of the gradient between two values',
  { maxValue: z.number().gt(0).default(1).describe('the largest absolute value of an element') },
  (inner, { maxValue }) =>
    onGradients(inner, (gradients) => mapTrees((gradient) => gradient.clip(-maxValue, maxValue), gradients)),
);
