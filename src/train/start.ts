import { createHash } from 'node:crypto';
import { allocateOutputs, compileGraph } from '../compile/index.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import type { Initialised } from '../nn/index.js';
import { trace, traceTree } from '../ops/index.js';
import type { Optimizer } from '../optim/index.js';
import { TrainingState, type StateEntry } from './state.js';

type Leaves = readonly Tensor[];

/** Parameters in the shapes of the model, and the model's state: what a model is applied with. */
export interface Weights {
  readonly parameters: readonly NDArray[];
  readonly state: readonly NDArray[];
}

/** A training state before its first step, and what is known of its parts. */
export interface Start {
  /** Parameters, then the model's state, then the optimiser's. */
  readonly state: TrainingState;
  readonly types: {
    /** Parameters in the shapes of the model. */
    readonly parameters: readonly TensorType[];
    /** Parameters as the step sees them: see `held`. */
    readonly held: readonly TensorType[];
    readonly state: readonly TensorType[];
    readonly optimizer: readonly TensorType[];
  };
  /** The tree of the optimiser's state. */
  readonly optimizerTree: Tree<TensorType>;
  /** What to test and to keep of the current state: views, or where the optimiser averages, arrays of its own. */
  weights(): Weights;
}

/**
 * Parameters as an optimiser moves them: with all axes as one, for a native program updates long vectors quickest, unless
 * it needs them in their own shapes.
 */
function held<T extends TensorType>({ needs }: Optimizer, parameters: readonly T[]): T[] {
  if (needs?.shapes === true) return [...parameters];
  return parameters.map((parameter) => ({ ...parameter, shape: [sizeOf(parameter.shape)] }));
}

const typeOf = ({ shape, dtype }: TensorType): TensorType => ({ shape, dtype });

function named(prefix: string, tree: Tree<TensorType>): string[] {
  return treePaths(tree).map((path) => (path === '' ? prefix : `${prefix}.${path}`));
}

/** The optimiser's state before the first step. */
function initialOptimizerState(optimizer: Optimizer, parameters: Tree<NDArray>) {
  const leaves = held(optimizer, flattenTree(parameters));
  const { graph, result } = traceTree<[Leaves], Tree<Tensor>>(
    (tensors) => optimizer.init(unflattenTree(parameters, tensors)),
    [leaves],
  );
  const values = allocateOutputs(graph);
  compileGraph(graph).run(leaves, values);
  return { tree: unflattenTree(result, flattenTree(result).map(typeOf)), values };
}

/** What the optimiser would have tested in place of the parameters, from parameters and its state. */
function averagedParameters(
  optimizer: Optimizer,
  parameters: Tree<NDArray>,
  optimizerTree: Tree<TensorType>,
): ((parameters: readonly NDArray[], state: readonly NDArray[]) => NDArray[]) | undefined {
  if (optimizer.evaluationParameters === undefined) return undefined;
  const graph = trace<[Leaves, Leaves], Leaves>(
    (leaves, state) => {
      const trees = [unflattenTree(optimizerTree, state), unflattenTree(parameters, leaves)] as const;
      // An output of its own even where the optimiser gives a tensor of its state back.
      return flattenTree(optimizer.evaluationParameters?.(...trees) ?? trees[1]).map((leaf) =>
        leaf.identity(),
      );
    },
    [held(optimizer, flattenTree(parameters)).map(typeOf), flattenTree(optimizerTree)],
  );
  const executable = compileGraph(graph);
  return (leaves, state) => {
    const outputs = allocateOutputs(graph);
    executable.run([...leaves, ...state], outputs);
    return outputs;
  };
}

/** The state that training begins with: the model's first values and the optimiser's. */
export function startState({ parameters, state }: Initialised, optimizer: Optimizer): Start {
  const leaves = flattenTree(parameters);
  const inStep = held(optimizer, leaves);
  const modelState = flattenTree(state);
  const { tree: optimizerTree, values: optimizerState } = initialOptimizerState(optimizer, parameters);
  const entry = (name: string, { shape }: TensorType, inStep: TensorType): StateEntry => ({
    name,
    shape,
    inStep: typeOf(inStep),
  });
  const parameterNames = named('model', parameters);
  const stateNames = named('state', state);
  const optimizerNames = named('optimizer', optimizerTree);
  const training = new TrainingState(
    [
      ...leaves.map((leaf, index) => entry(parameterNames[index], leaf, inStep[index])),
      ...modelState.map((value, index) => entry(stateNames[index], value, value)),
      ...optimizerState.map((value, index) => entry(optimizerNames[index], value, value)),
    ],
    [...leaves, ...modelState, ...optimizerState],
  );
  const averaged = averagedParameters(optimizer, parameters, optimizerTree);
  const first = leaves.length;
  const second = first + modelState.length;
  return {
    state: training,
    types: {
      parameters: leaves.map(typeOf),
      held: inStep.map(typeOf),
      state: modelState.map(typeOf),
      optimizer: optimizerState.map(typeOf),
    },
    optimizerTree,
    weights() {
      const { current } = training;
      const trained = current.slice(0, first);
      const tested = averaged?.(trained, current.slice(second)) ?? trained;
      return {
        parameters: tested.map((array, index) => ({ ...array, shape: leaves[index].shape })),
        state: current.slice(first, second),
      };
    },
  };
}

/** SHA-256 of the parameters as they are trained (not as an optimiser averages them), tensor after tensor. */
export function parametersSha256({ state, types }: Pick<Start, 'state' | 'types'>): string {
  const hash = createHash('sha256');
  for (const { data } of state.current.slice(0, types.parameters.length)) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
