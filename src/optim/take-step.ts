import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import type { Optimizer, StepContext } from './optimizer.js';

/**
 * One whole step on a traced objective: the gradient, a second one where the optimiser asks for it (sam), and the update.
 * @param evaluate gives at least the gradient at the parameters, as valueAndGrad does; whatever else it gives at the current
 *   parameters (value, aux) is passed on
 * @throws ScreeError when the optimiser needs noise and the context has none
 * @example
 * ```ts
 * import { compile, float64, valueAndGrad, type Tensor } from 'scree';
 * import { sgd, takeStep } from 'scree/optim';
 *
 * const optimizer = sgd({ lr: 0.1 });
 * const loss = valueAndGrad((x: Tensor) => x.square().sum());
 * const one = (x: Tensor, lr: Tensor, step: Tensor) =>
 *   takeStep(optimizer, loss, optimizer.init(x), x, { lr, step }).parameters;
 * console.log(compile(one, [float64(2), float64(), float64()]).run([1, 2], 0.1, 1).data);
 * ```
 * ```text
 * Float64Array(2) [ 0.8, 1.6 ]
 * ```
 */
export function takeStep<P extends Tree<Tensor>, R extends { readonly gradient: P }>(
  optimizer: Optimizer,
  evaluate: (parameters: P) => R,
  state: Tree<Tensor>,
  parameters: P,
  context: StepContext,
): { evaluated: R; parameters: P; state: Tree<Tensor> } {
  if (optimizer.needs?.noise === true && context.noise === undefined) {
    throw new ScreeError(`${optimizer.name}: needs noise; give the step standard normal numbers`);
  }
  const evaluated = evaluate(parameters);
  const complete: StepContext = {
    ...context,
    gradient: (at: Tree<Tensor>) => evaluate(at as P).gradient,
  };
  const place = optimizer.gradientAt?.(evaluated.gradient, state, parameters, complete);
  const gradient = place === undefined ? evaluated.gradient : evaluate(place).gradient;
  return { evaluated, ...optimizer.update(gradient, state, parameters, complete) };
}
