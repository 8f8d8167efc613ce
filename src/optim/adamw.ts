/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2 as PyTorch has it):
 *     p ← p·(1 − lr·weightDecay), then Adam's step on the gradient without a penalty.
 * The paper multiplies the decay by the schedule alone, PyTorch and we by lr. Source of the defaults: torch.optim.AdamW.
 */
import { adamBetas, adamMethod } from './adam.js';
import { decoupledDecay, epsilon, learningRate } from './options.js';
import { defineOptimizer } from './optimizer.js';

export const adamw = defineOptimizer(
  'adamw',
  'Adam with decoupled weight decay',
  { lr: learningRate(1e-3), ...adamBetas(), eps: epsilon(1e-8), weightDecay: decoupledDecay(1e-2) },
  (options) => adamMethod('adamw', options, { decoupled: true }),
);
