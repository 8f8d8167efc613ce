import { compile } from '../compile/index.js';
import { compileLoop, type Loop } from '../compile/javascript/loop.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { float64, traceTree } from '../ops/index.js';
import { problemOf, takeStep, type Method, type Optimizer } from '../optim/index.js';
import type { Found } from './stop.js';
import { Generator, normal } from '../random/index.js';
import { valueAndGrad } from '../transform/index.js';
import type { Path } from './path.js';

/** What moves a walk on, a few rows at a time. */
export interface Stepper {
  /**
   * Adds up to `rows` rows to the path; the last one may be the first at which `small` or `large` was reached.
   * @returns the number of rows added; 0 when the method itself has ended.
   */
  advance(path: Path, rows: number): number;
  /** Why the method ended of itself, once it has. */
  readonly halt?: Found;
  /** It goes on where the gradient is zero, and says itself when there is no way on. */
  readonly passesStationary?: boolean;
}

export interface StepperOptions {
  /** Ends where the norm of the gradient is at most this; negative to go on for ever. */
  readonly small: number;
  /** Ends where the value or a coordinate is this large, or is no number. */
  readonly large: number;
  /** Standard deviation of the normal noise added to each gradient. */
  readonly noise: number;
  readonly seed: number;
  /** Where methods that look around draw their points: a range for each variable. */
  readonly box?: readonly (readonly [number, number])[];
}

/** An optimiser's whole loop (function, gradient, update, recording) as one generated function, and what it starts with. */
export interface WalkLoop {
  readonly loop: Loop;
  /** Point, the optimiser's state and the number of the step. */
  readonly carry: () => NDArray[];
  /** The optimiser's state among `carry`, and its tree. */
  readonly stateLength: number;
  readonly stateTree: Tree<TensorType>;
}

/** Point, value and squared norm of the gradient are recorded before each update. */
export function compileWalk(
  objective: (x: Tensor) => Tensor,
  optimizer: Optimizer,
  start: readonly number[],
  { small, large, noise }: StepperOptions,
): WalkLoop {
  const size = start.length;
  const { graph: initGraph, result } = traceTree((x: Tensor) => optimizer.init(x), [float64(size)]);
  const types = initGraph.outputs.map((id) => initGraph.nodes[id]);
  const stateTree = unflattenTree<Tensor, TensorType>(result, types);
  const state = compile((x: Tensor) => flattenTree<Tensor>(optimizer.init(x)), [float64(size)]).run([
    ...start,
  ]);

  const step = (x: Tensor, leaves: Tensor[], count: Tensor, lr: Tensor, draws: Tensor) => {
    const evaluate = (at: Tensor) => {
      const { value, gradient: exact } = valueAndGrad(objective)(at);
      return { value, exact, gradient: noise > 0 ? exact.add(draws.mul(noise)) : exact };
    };
    const context = { lr, step: count, noise: draws };
    const before: Tree<Tensor> = unflattenTree<TensorType, Tensor>(stateTree, leaves);
    const { evaluated, parameters, state: after } = takeStep(optimizer, evaluate, before, x, context);
    const square = evaluated.exact.square().sum();
    const inside = evaluated.value.abs().less(large).and(x.abs().max().less(large));
    const ends = square
      .greater(small < 0 ? -1 : small * small)
      .and(inside)
      .not();
    return [parameters, ...flattenTree<Tensor>(after), count.add(1), x, evaluated.value, square, ends];
  };
  const { graph } = traceTree(step, [float64(size), types, float64(), float64(), float64(size)]);
  return {
    loop: compileLoop(graph, { carry: state.length + 2, stop: true }),
    carry: () => [
      ndarray(Float64Array.from(start)),
      ...state.map(({ data, shape }) => ndarray(data.slice(), shape)),
      ndarray(Float64Array.of(1), []),
    ],
    stateLength: state.length,
    stateTree,
  };
}

/** Drives an optimiser's loop: as many steps in one call as have one learning rate and need nothing from outside. */
export function optimizerStepper(
  objective: (x: Tensor) => Tensor,
  optimizer: Optimizer,
  start: readonly number[],
  options: StepperOptions,
): Stepper {
  const { loop, carry: begin, stateLength, stateTree } = compileWalk(objective, optimizer, start, options);
  const carry = begin();
  const state = carry.slice(1, 1 + stateLength);
  const lr = ndarray(new Float64Array(1), []);
  const draws = ndarray(new Float64Array(start.length));
  const drawsNoise = options.noise > 0 || optimizer.needs?.noise === true;
  const random = new Generator(options.seed).fork('gradient noise');
  const { hostStep, learningRate } = optimizer;
  let taken = 0;
  const steady = (rows: number): number => {
    if (drawsNoise || hostStep !== undefined) return Math.min(1, rows);
    let same = 1;
    while (same < rows && learningRate(taken + same) === lr.data[0]) same++;
    return Math.min(same, rows);
  };
  return {
    advance(path, rows) {
      lr.data[0] = learningRate(taken);
      if (drawsNoise) draws.data.set(normal(random, [start.length], { dtype: 'float64' }).data);
      const some = steady(rows);
      const done = loop.run(carry, [lr, draws], some, path.room(some));
      path.commit(done);
      taken += done;
      if (hostStep?.isDue(taken)) {
        const before = unflattenTree<TensorType, NDArray>(stateTree, state);
        flattenTree(hostStep.run(before, taken)).forEach(({ data }, index) => state[index].data.set(data));
      }
      return done;
    },
  };
}

/** A deterministic method, driven point by point. */
export function methodStepper(
  objective: (x: Tensor) => Tensor,
  method: Method,
  start: readonly number[],
  { small, seed, box }: StepperOptions,
): Stepper {
  const range = box && { lower: box.map(([low]) => low), upper: box.map(([, high]) => high) };
  const context = { tol: Math.max(0, small), generator: new Generator(seed), box: range };
  const steps = method.steps(problemOf(objective, start.length), Float64Array.from(start), context);
  let halt: Found | undefined;
  return {
    passesStationary: method.passesStationary,
    get halt() {
      return halt;
    },
    advance(path) {
      if (halt !== undefined) return 0;
      const next = steps.next();
      if (next.done === true) {
        halt = next.value;
        return 0;
      }
      const { x, value, gradient } = next.value;
      const [points, values, squares] = path.room(1);
      points.set(x);
      values[0] = value;
      squares[0] = gradient.reduce((sum, slope) => sum + slope * slope, 0);
      path.commit(1);
      return 1;
    },
  };
}
