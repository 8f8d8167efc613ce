import type { NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import type { HostStep, Method, StepContext } from './optimizer.js';
import { requireAlike } from './trees.js';

/** A method for some of the parameters; its learning rate is `lrScale` times the step's. */
export interface Part {
  readonly method: Method<Tree<Tensor>>;
  readonly lrScale?: number;
}

type Leaves<T> = Readonly<Record<string, T>>;
type States<T> = Readonly<Record<string, Tree<T>>>;

/**
 * A method that treats some parameters one way and some another: `choose` names the part that a parameter belongs to. A part
 * sees its parameters as a record by their paths; its state is under its name. Parts may need no noise and no second gradient.
 */
export function partition<K extends string>(
  name: string,
  choose: (parameter: Tensor) => K,
  parts: Readonly<Record<K, Part>>,
): Method<States<Tensor>> {
  const entries = Object.entries<Part>(parts);
  const select = (part: string, tree: Tree<Tensor>, parameters: Tree<Tensor>): Leaves<Tensor> => {
    const paths = treePaths(parameters);
    const wanted = flattenTree(parameters).map((parameter) => choose(parameter) === part);
    return Object.fromEntries(
      flattenTree(tree).flatMap((leaf, index) => (wanted[index] ? [[paths[index], leaf]] : [])),
    );
  };
  /** The parts that any parameter belongs to; the others have no state. */
  const present = (parameters: Tree<Tensor>) => {
    const chosen = new Set<string>(flattenTree(parameters).map(choose));
    return entries.filter(([part]) => chosen.has(part));
  };
  return {
    needs: { shapes: true },
    init: (parameters) =>
      Object.fromEntries(
        present(parameters).map(([part, { method }]) => [
          part,
          method.init(select(part, parameters, parameters)),
        ]),
      ),
    update<P extends Tree<Tensor>>(gradients: P, state: States<Tensor>, parameters: P, context: StepContext) {
      requireAlike(name, 'the gradient', gradients, parameters);
      const results = present(parameters).map(([part, { method, lrScale = 1 }]) => {
        const scaled = lrScale === 1 ? context : { ...context, lr: context.lr.mul(lrScale) };
        const own = select(part, parameters, parameters);
        return [part, method.update(select(part, gradients, parameters), state[part], own, scaled)] as const;
      });
      const moved = Object.fromEntries(results.flatMap(([, result]) => Object.entries(result.parameters)));
      return {
        parameters: unflattenTree<Tensor, Tensor>(
          parameters,
          treePaths(parameters).map((path) => moved[path]),
        ) as P,
        state: Object.fromEntries(results.map(([part, result]) => [part, result.state])),
      };
    },
    ...hostStepOf(entries),
  };
}

/** The host steps of all parts that have one, as one. */
function hostStepOf(entries: readonly (readonly [string, Part])[]): { hostStep?: HostStep } {
  const steps = entries.flatMap(([part, { method }]) =>
    method.hostStep === undefined ? [] : [[part, method.hostStep] as const],
  );
  if (steps.length === 0) return {};
  return {
    hostStep: {
      isDue: (step) => steps.some(([, hostStep]) => hostStep.isDue(step)),
      run(state, step) {
        const states = state as States<NDArray>;
        const due = steps.filter(([part, hostStep]) => part in states && hostStep.isDue(step));
        const next = due.map(([part, hostStep]) => [part, hostStep.run(states[part], step)] as const);
        return { ...states, ...Object.fromEntries(next) };
      },
    },
  };
}
