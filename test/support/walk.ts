import { allocateOutputs, compileGraph } from '../../src/compile/index.js';
import {
  flattenTree,
  ndarray,
  unflattenTree,
  zeros,
  type DType,
  type NDArray,
  type Tensor,
  type TensorType,
  type Tree,
} from '../../src/graph/index.js';
import { takeStep, type Optimizer } from '../../src/optim/index.js';
import { traceTree } from '../../src/ops/index.js';
import { valueAndGrad } from '../../src/transform/index.js';

type Tensors = Tree<Tensor>;
type Arrays = Tree<NDArray>;

export interface WalkOptions {
  readonly steps: number;
  /** Standard normal numbers for a step (from 1), for optimisers that need noise; 0 otherwise. */
  readonly noise?: (step: number) => readonly NDArray[];
  /** The momentum by the number of steps taken, where a schedule cycles it. */
  readonly momentum?: (step: number) => number;
  /** Element type of lr and step. */
  readonly dtype?: DType;
}

export interface Walk {
  /** The parameters' numbers, leaf after leaf, at each step, the start first. */
  readonly points: readonly number[][];
  /** The same of the parameters that the optimiser wants evaluated. */
  readonly evaluated: readonly number[][];
  readonly values: readonly number[];
  readonly state: Arrays;
}

const flatten = (tree: Arrays) => flattenTree(tree).flatMap(({ data }) => [...data]);

/** Runs a function of trees in JavaScript, compiled once. */
function program(
  f: (...args: Tensors[]) => Tensors,
  specs: readonly Tree<TensorType>[],
): (...args: Arrays[]) => Arrays {
  const { graph, result } = traceTree<Tensors[], Tensors>(f, [...specs]);
  const types = unflattenTree<Tensor, TensorType>(result, flattenTree<Tensor>(result));
  const executable = compileGraph(graph);
  return (...args) => {
    const outputs = allocateOutputs(graph);
    executable.run(
      args.flatMap((arg) => flattenTree(arg)),
      outputs,
    );
    return unflattenTree(types, outputs);
  };
}

/** Takes steps on a function in JavaScript, with one program for all of them. */
export function walk(
  optimizer: Optimizer,
  objective: (parameters: Tensors) => Tensor,
  start: Arrays,
  { steps, noise, momentum, dtype = 'float64' }: WalkOptions,
): Walk {
  const init = program((parameters) => optimizer.init(parameters), [start]);
  let state = init(start);
  const scalar: TensorType = { shape: [], dtype };
  const scalars = { lr: scalar, step: scalar, ...(momentum && { momentum: scalar }) };
  const step = program(
    (given, before, numbers, noise) => {
      const context = { ...(numbers as { lr: Tensor; step: Tensor; momentum?: Tensor }), noise };
      const taken = takeStep(optimizer, valueAndGrad<[Tensors]>(objective), before, given, context);
      const { parameters, state, evaluated } = taken;
      const best = optimizer.evaluationParameters?.(state, parameters) ?? parameters;
      return { value: evaluated.value, parameters, state, best };
    },
    [start, state, scalars, start],
  );
  const silence = flattenTree(start).map((leaf) => zeros(leaf.shape, leaf.dtype));
  let parameters = start;
  const points = [flatten(start)];
  const evaluated = [flatten(start)];
  const values: number[] = [];
  for (let number = 1; number <= steps; number++) {
    const array = (value: number) => ndarray(value, [], dtype);
    const numbers: Arrays = {
      lr: array(optimizer.learningRate(number - 1)),
      step: array(number),
      ...(momentum && { momentum: array(momentum(number - 1)) }),
    };
    const result = step(parameters, state, numbers, unflattenTree(start, noise?.(number) ?? silence));
    const { best, value } = result as { best: Arrays; value: NDArray };
    ({ parameters, state } = result as { parameters: Arrays; state: Arrays });
    if (optimizer.hostStep?.isDue(number) === true) state = optimizer.hostStep.run(state, number);
    points.push(flatten(parameters));
    evaluated.push(flatten(best));
    values.push(value.data[0]);
  }
  return { points, evaluated, values, state };
}
