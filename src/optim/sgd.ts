/**
 * Stochastic gradient descent (Robbins & Monro 1951), with heavy-ball (Polyak 1964) or Nesterov momentum as PyTorch writes it:
 *     g ← g + weightDecay·p;  b ← momentum·b + (1 − dampening)·g, at first g;  p ← p − lr·(nesterov ? g + momentum·b : b)
 * The buffer sums gradients (it does not average them), so that momentum 0.9 makes steps up to ten times longer.
 * Source of the defaults: torch.optim.SGD.
 */
import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { penalised } from './moments.js';
import { dampeningOption, flag, learningRate, momentumOption, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter, type ParameterRule, type Tensors } from './per-parameter.js';

interface SgdOptions {
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

type Momentum = ParameterRule<{ momentum: Tensor }, never, { lr: Tensor; beta: Tensor; isFirst: Tensor }>;

/** What sgd, momentum and nesterov share. */
export function sgdMethod(name: string, { momentum, dampening, weightDecay, nesterov }: SgdOptions) {
  if (momentum === 0) {
    if (nesterov) throw new ScreeError(`${name}: nesterov needs a momentum above 0`);
    return perParameter<Tensors, never, { lr: Tensor }>({
      name,
      scalars: ({ lr }) => ({ lr }),
      update: (gradient, _state, parameter, { lr }) => ({
        parameter: parameter.sub(penalised(gradient, parameter, weightDecay).mul(lr)),
      }),
    });
  }
  if (nesterov && dampening !== 0)
    throw new ScreeError(`${name}: nesterov needs dampening 0, got ${dampening}`);
  const rule: Momentum = {
    name,
    momentum,
    init: (parameter) => ({ momentum: parameter.zerosLike() }),
    scalars: ({ lr, step, momentum: beta }) => ({ lr, beta, isFirst: step.equal(1) }),
    update(gradient, { momentum: before }, parameter, { lr, beta, isFirst }) {
      const g = penalised(gradient, parameter, weightDecay);
      const next = before.mul(beta).add(dampening === 0 ? g : g.mul(1 - dampening));
      const buffer = dampening === 0 ? next : isFirst.where(g, next);
      const direction = nesterov ? g.add(buffer.mul(beta)) : buffer;
      return { parameter: parameter.sub(direction.mul(lr)), momentum: buffer };
    },
  };
  return perParameter(rule);
}

export const sgd = defineOptimizer(
  'sgd',
  'stochastic gradient descent, with momentum if asked',
  {
    lr: learningRate(1e-3),
    momentum: momentumOption(0),
    dampening: dampeningOption,
    weightDecay: penalty(),
    nesterov: flag(false, "Nesterov's momentum: the gradient as if the momentum step were taken"),
  },
  (options) => sgdMethod('sgd', options),
);
