import { compile } from '../compile/index.js';
import type { Loop } from '../compile/javascript/loop.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { sameShape, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree } from '../graph/tree.js';
import { float64 } from '../ops/index.js';
import type { Optimizer } from '../optim/index.js';
import { vmap } from '../transform/index.js';
import { compileWalk } from './stepper.js';
import type { Surface } from './surface.js';

/** A step of an optimiser on a surface, compiled once to be taken from many starts and with many learning rates. */
export interface StepLoop {
  /** Carries a point, the optimiser's state and the number of the step; records point, value and squared norm of the gradient. */
  readonly loop: Loop;
  /** What is carried from one start of shape [n], or from many of shape [count, n]. */
  begin(this: void, points: NDArray): NDArray[];
  /** The constants of the loop. */
  constants(this: void, learningRate: number): NDArray[];
}

/** @throws ScreeError for optimisers that draw noise or work between steps: their steps are not all alike */
export function stepLoop({ variables, evaluate }: Surface, optimizer: Optimizer): StepLoop {
  const { name, needs, hostStep } = optimizer;
  if (needs?.noise === true || hostStep !== undefined) {
    const why = hostStep === undefined ? 'draws noise at each step' : 'works between the steps';
    throw new ScreeError(
      `${name}: ${why}, so that many starts cannot be walked side by side; choose another`,
    );
  }
  const objective = (x: Tensor) => evaluate(x);
  const origin = variables.map(() => 0);
  const { loop } = compileWalk(objective, optimizer, origin, {
    small: -1,
    large: Infinity,
    noise: 0,
    seed: 0,
  });
  const init = (x: Tensor): Tensor[] => flattenTree<Tensor>(optimizer.init(x));
  const compileInit = (shape: Shape) => compile(shape.length === 2 ? vmap(init) : init, [float64(...shape)]);
  let last: { readonly shape: Shape; readonly states: ReturnType<typeof compileInit> } | undefined;
  return {
    loop,
    begin(points) {
      const { shape } = points;
      const isMany = shape.length === 2;
      if (last === undefined || !sameShape(last.shape, shape)) last = { shape, states: compileInit(shape) };
      const counts = new Float64Array(isMany ? shape[0] : 1).fill(1);
      const copy = ndarray(Float64Array.from(points.data), shape);
      return [copy, ...last.states.run(points), ndarray(counts, isMany ? [counts.length] : [])];
    },
    constants: (learningRate) => [
      ndarray(learningRate, [], 'float64'),
      ndarray(new Float64Array(origin.length)),
    ],
  };
}
