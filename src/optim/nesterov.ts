/**
 * Gradient descent with Nesterov's accelerated gradient (Nesterov 1983, Soviet Math. Dokl. 27), in the form of Sutskever et
 * al. 2013 that PyTorch uses, where the parameters are the look-ahead point:
 *     b ← momentum·b + g;  p ← p − lr·(g + momentum·b)
 * sgd with nesterov=true by its own name. Source of the defaults: torch.optim.SGD; momentum 0.9 is what its users set.
 */
import { learningRate, momentumOption, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { sgdMethod } from './sgd.js';

export const nesterov = defineOptimizer(
  'nesterov',
  "gradient descent with Nesterov's momentum",
  { lr: learningRate(1e-3), momentum: momentumOption(0.9), weightDecay: penalty() },
  (options) => sgdMethod('nesterov', { ...options, dampening: 0, nesterov: true }),
);
