/**
 * Gradient descent with heavy-ball momentum (Polyak 1964, USSR Comp. Math. 4(5)):
 *     b ← momentum·b + (1 − dampening)·g, at first g;  p ← p − lr·b
 * sgd with momentum by its own name. Source of the defaults: torch.optim.SGD; momentum 0.9 is what its users set.
 */
import { dampeningOption, learningRate, momentumOption, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { sgdMethod } from './sgd.js';

export const momentum = defineOptimizer(
  'momentum',
  'gradient descent with heavy-ball momentum',
  {
    lr: learningRate(1e-3),
    momentum: momentumOption(0.9),
    dampening: dampeningOption,
    weightDecay: penalty(),
  },
  (options) => sgdMethod('momentum', { ...options, nesterov: false }),
);
