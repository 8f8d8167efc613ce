import { compile } from '../compile/index.js';
import { compileLoop, type Loop } from '../compile/javascript/loop.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { sameShape, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { float64, traceTree } from '../ops/index.js';
import { takeStep, type Optimizer } from '../optim/index.js';
import { valueAndGrad, vmap } from '../transform/index.js';
import type { Surface } from './surface.js';

/** A step of an optimiser on a surface, compiled once to be taken from many starts. */
export interface StepLoop {
  /** Carries a point, the optimiser's state and the number of the step; records point and value before each step. */
  readonly loop: Loop;
  /** What is carried from one start of shape [n], or from many of shape [count, n]. */
  begin(points: NDArray): NDArray[];
}

/**
 * Compiles a step with its learning rate as a constant of the loop.
 * @throws ScreeError for optimisers that draw noise or work between steps: their steps are not all alike
 */
export function stepLoop({ variables, evaluate }: Surface, optimizer: Optimizer): StepLoop {
  const { name, needs, hostStep } = optimizer;
  if (needs?.noise === true || hostStep !== undefined) {
    const why = hostStep === undefined ? 'draws noise at each step' : 'works between the steps';
    throw new ScreeError(
      `${name}: ${why}, so that many starts cannot be walked side by side; choose another`,
    );
  }
  const point = float64(variables.length);
  const { graph: first, result: tree } = traceTree((x: Tensor) => optimizer.init(x), [point]);
  const types = first.outputs.map((id) => first.nodes[id]);
  const step = (x: Tensor, leaves: Tensor[], count: Tensor, lr: Tensor) => {
    const state = unflattenTree<Tensor, Tensor>(tree, leaves);
    const objective = valueAndGrad((at: Tensor) => evaluate(at));
    const taken = takeStep(optimizer, objective, state, x, { lr, step: count });
    return [taken.parameters, ...flattenTree<Tensor>(taken.state), count.add(1), x, taken.evaluated.value];
  };
  const { graph } = traceTree(step, [point, types, float64(), float64()]);
  const loop = compileLoop(graph, { carry: types.length + 2 });
  const init = (x: Tensor): Tensor[] => flattenTree<Tensor>(optimizer.init(x) as Tree<Tensor>);
  const compileInit = (shape: Shape) => compile(shape.length === 2 ? vmap(init) : init, [float64(...shape)]);
  let last: { readonly shape: Shape; readonly states: ReturnType<typeof compileInit> } | undefined;
  return {
    loop,
    begin(points) {
      const { shape } = points;
      const isMany = shape.length === 2;
      if (last === undefined || !sameShape(last.shape, shape)) last = { shape, states: compileInit(shape) };
      const { states } = last;
      const counts = new Float64Array(isMany ? shape[0] : 1).fill(1);
      const copy = ndarray(Float64Array.from(points.data), shape);
      return [copy, ...states.run(points), ndarray(counts, isMany ? [counts.length] : [])];
    },
  };
}
