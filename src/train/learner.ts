import type { CompileOptions } from '../compile/index.js';
import type { Task } from '../data/index.js';
import type { Graph } from '../graph/graph.js';
import type { TensorType } from '../graph/op.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import type { ApplyOptions, Initialised, Layer } from '../nn/index.js';
import { trace } from '../ops/index.js';
import type { Judge } from './judge.js';

/** A model and what it takes. */
export interface Network {
  readonly model: Layer;
  /** What `model.init` gave: for its trees. */
  readonly initial: Initialised;
  /** One example. */
  readonly input: TensorType;
}

/** A model and what it is judged by: all that its programs are traced from. */
export interface Learner extends Network {
  /** What is known of an example. */
  readonly label: TensorType;
  readonly judge: Judge;
  readonly compile: CompileOptions;
}

export type Leaves = readonly Tensor[];

/** So many examples, or labels, in one tensor. */
export function batchOf(size: number, { shape, dtype }: TensorType): TensorType {
  return { shape: [size, ...shape], dtype };
}

/** Applies the model to leaves in the order of its trees. */
export function applyModel(
  { model, initial }: Network,
  parameters: Leaves,
  state: Leaves,
  examples: Tensor,
  options: ApplyOptions,
): { readonly output: Tensor; readonly state: Tree<Tensor> } {
  const trees = [unflattenTree(initial.parameters, parameters), unflattenTree(initial.state, state)] as const;
  return model.apply(...trees, examples, options);
}

/** The model as it is tested, on one example. */
export function traceModel(network: Network): Graph {
  const { initial, input } = network;
  return trace<[Leaves, Leaves, Tensor], Leaves>(
    (parameters, state, examples) => [
      applyModel(network, parameters, state, examples, { training: false }).output,
    ],
    [leafTypes(initial.parameters), leafTypes(initial.state), batchOf(1, input)],
  );
}

/** The leaves' types of what a model starts with. */
export function leafTypes(tree: Tree<TensorType>): TensorType[] {
  return flattenTree(tree).map(({ shape, dtype }) => ({ shape, dtype }));
}

/** The type of one example's label. */
export function labelType({ kind }: Task, input: Shape): TensorType {
  switch (kind) {
    case 'classification':
      return { shape: [], dtype: 'int32' };
    case 'regression':
      return { shape: [], dtype: 'float32' };
    case 'characters':
      return { shape: input, dtype: 'int32' };
  }
}
