import { compileGraph, type CompileOptions, type Executable } from '../compile/index.js';
import type { DType } from '../graph/dtype.js';
import type { Graph } from '../graph/graph.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import { RandomKey, type Initialised, type Layer } from '../nn/index.js';
import { accuracy, float32, int32, trace, traceTree } from '../ops/index.js';
import { takeStep, type Optimizer } from '../optim/index.js';
import { valueAndGradWithAux } from '../transform/index.js';
import { standardNormal } from './noise.js';
import type { StateEntry } from './state.js';

/** What a model is judged by: a scalar from its output [batch, classes] and the labels, int32 [batch]. */
export type Loss = (output: Tensor, labels: Tensor) => Tensor;

export interface StepRequest {
  readonly model: Layer;
  /** What `model.init` gave. */
  readonly initial: Initialised;
  /** Shape of one example. */
  readonly input: Shape;
  readonly batchSize: number;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Whether the schedule cycles the momentum. */
  readonly cyclesMomentum: boolean;
  readonly compile: CompileOptions;
}

/** What a step is given beside the state and the batch; written before each step. */
export interface StepScalars {
  readonly lr: NDArray;
  /** From 1. */
  readonly step: NDArray;
  /** int32 [2], for all that is random in the step. */
  readonly key: NDArray;
  /** Present where the schedule cycles it. */
  readonly momentum: NDArray | undefined;
}

/** A whole training step as one program: forward, loss, accuracy, backward, update. */
export interface TrainingStep {
  readonly executable: Executable;
  /** Parameters, then the model's state, then the optimiser's: the first inputs and outputs of the program. */
  readonly entries: readonly StateEntry[];
  readonly initial: readonly NDArray[];
  /** How many of the entries are parameters, and how many the model's state. */
  readonly counts: { readonly parameters: number; readonly state: number };
  /** The tree of the optimiser's state. */
  readonly optimizerState: Tree<TensorType>;
  readonly scalars: StepScalars;
  /** The program's inputs for a batch. */
  inputs(state: readonly NDArray[], images: NDArray, labels: NDArray): NDArray[];
}

function named(prefix: string, tree: Tree<TensorType>): string[] {
  return treePaths(tree).map((path) => (path === '' ? prefix : `${prefix}.${path}`));
}

function flat({ shape, dtype }: TensorType): TensorType {
  return { shape: [sizeOf(shape)], dtype };
}

/** The optimiser's state before the first step, over flat parameters. */
function initialOptimizerState(optimizer: Optimizer, parameters: Tree<NDArray>) {
  const leaves = flattenTree(parameters);
  const { graph, result } = traceTree<[readonly Tensor[]], Tree<Tensor>>(
    (tensors) => optimizer.init(unflattenTree(parameters, tensors)),
    [leaves.map(flat)],
  );
  const types = flattenTree<Tensor>(result).map(({ shape, dtype }): TensorType => ({ shape, dtype }));
  const values = runOnce(
    graph,
    leaves.map((leaf) => ({ ...leaf, ...flat(leaf) })),
  );
  return { tree: unflattenTree<Tensor, TensorType>(result, types), values };
}

/** Runs a graph once, in JavaScript. */
function runOnce(graph: Graph, inputs: readonly NDArray[]): NDArray[] {
  const executable = compileGraph(graph);
  const outputs = allocateOutputs(graph);
  executable.run(inputs, outputs);
  executable.close();
  return outputs;
}

/** Shape and element type of the labels of a batch. */
const labelType = (batchSize: number): TensorType => int32(batchSize);

/**
 * Builds and compiles the step.
 * @throws ScreeError when the model, the loss and the optimiser do not go together
 */
export async function compileStep(request: StepRequest): Promise<TrainingStep> {
  const { model, initial, input, batchSize, loss, optimizer, cyclesMomentum, compile } = request;
  const parameters = flattenTree(initial.parameters);
  const modelState = flattenTree(initial.state);
  const optimizerState = initialOptimizerState(optimizer, initial.parameters);

  const evaluate = (images: Tensor, labels: Tensor, state: readonly Tensor[], key: Tensor) =>
    valueAndGradWithAux<[Tree<Tensor>], readonly Tensor[]>((tree) => {
      const shaped = flattenTree<Tensor>(tree).map((leaf, index) => leaf.reshape(parameters[index].shape));
      const applied = model.apply(
        unflattenTree(initial.parameters, shaped),
        unflattenTree(initial.state, state),
        images,
        // Made anew for each evaluation: an optimiser that evaluates twice sees the same masks.
        { training: true, key: new RandomKey(key) },
      );
      return {
        value: loss(applied.output, labels),
        aux: [accuracy(applied.output, labels), ...flattenTree<Tensor>(applied.state)],
      };
    });

  const graph = trace<
    [readonly Tensor[], readonly Tensor[], readonly Tensor[], ...Tensor[]],
    readonly Tensor[]
  >(
    (leaves, state, moments, images, labels, lr, step, key, momentum) => {
      const tree = unflattenTree(initial.parameters, leaves);
      const taken = takeStep(
        optimizer,
        evaluate(images, labels, state, key),
        unflattenTree(optimizerState.tree, moments),
        tree,
        { lr, step, momentum, ...(optimizer.needs?.noise && { noise: standardNormal(key, tree) }) },
      );
      const { value, aux } = taken.evaluated;
      const [correct, ...nextState] = aux;
      return [
        ...flattenTree<Tensor>(taken.parameters),
        ...nextState,
        ...flattenTree<Tensor>(taken.state),
        value,
        correct,
      ];
    },
    [
      parameters.map(flat),
      modelState,
      flattenTree(optimizerState.tree),
      float32(batchSize, ...input),
      labelType(batchSize),
      float32(),
      float32(),
      int32(2),
      ...(cyclesMomentum ? [float32()] : []),
    ],
  );
  const executable = await compileGraph(graph, compile);
  return executable;
}
