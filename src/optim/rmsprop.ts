/**
 * RMSprop (Tieleman & Hinton 2012, Coursera lecture 6.5; centred by Graves 2013, arXiv 1308.0850):
 *     v ← αv + (1 − α)g²;  centred: a ← αa + (1 − α)g, v − a² in place of v;  p ← p − lr · g / (√v + eps)
 * and with momentum b ← momentum·b + g/(√v + eps), p ← p − lr·b. As torch.optim.RMSprop, whose defaults these are, but that
 * a variance which rounding makes negative counts as 0 (PyTorch's becomes NaN).
 */
import type { Tensor } from '../graph/tensor.js';
import { lerp, meanSquare, penalised } from './moments.js';
import { beta, epsilon, flag, learningRate, momentumOption, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter, type Tensors } from './per-parameter.js';

export const rmsprop = defineOptimizer(
  'rmsprop',
  'the gradient over its root mean square',
  {
    lr: learningRate(1e-2),
    alpha: beta(0.99, 'share of the mean squared gradient kept at each step'),
    eps: epsilon(1e-8),
    weightDecay: penalty(),
    momentum: momentumOption(0),
    centered: flag(false, 'divide by the deviation from the mean gradient'),
  },
  ({ alpha, eps, weightDecay, momentum, centered }) =>
    perParameter<Tensors, never, { lr: Tensor; beta: Tensor }>({
      name: 'rmsprop',
      ...(momentum > 0 && { momentum }),
      init(parameter) {
        const zero = parameter.zerosLike();
        return { square: zero, ...(centered && { mean: zero }), ...(momentum > 0 && { momentum: zero }) };
      },
      scalars: ({ lr, momentum: beta }) => ({ lr, beta }),
      update(gradient, state, parameter, { lr, beta }) {
        const g = penalised(gradient, parameter, weightDecay);
        const next: Record<string, Tensor> = { square: meanSquare(state.square, g, alpha) };
        let variance = next.square;
        if (centered) {
          next.mean = lerp(state.mean, g, 1 - alpha);
          variance = variance.sub(next.mean.mul(next.mean)).maximum(0);
        }
        const root = variance.sqrt().add(eps);
        if (momentum === 0) return { parameter: parameter.sub(lr.mul(g).div(root)), ...next };
        next.momentum = state.momentum.mul(beta).add(g.div(root));
        return { parameter: parameter.sub(next.momentum.mul(lr)), ...next };
      },
    }),
);
