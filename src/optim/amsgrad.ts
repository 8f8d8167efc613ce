/**
 * AMSGrad (Reddi, Kale & Kumar 2018, arXiv 1904.09237): Adam whose denominator never shrinks,
 *     v̂ ← max(v̂, v);  p ← p − lr/c₁ · m / (√v̂/√c₂ + eps)
 * With bias corrections, which the paper leaves out, as torch.optim.Adam(amsgrad=True), whose defaults these are.
 */
import { adamBetas, adamMethod } from './adam.js';
import { epsilon, learningRate, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';

export const amsgrad = defineOptimizer(
  'amsgrad',
  'Adam whose denominator never shrinks',
  { lr: learningRate(1e-3), ...adamBetas(), eps: epsilon(1e-8), weightDecay: penalty() },
  (options) => adamMethod('amsgrad', options, { amsgrad: true }),
);
