import './methods.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import type { TensorType } from '../graph/op.js';
import { Builder, building, type Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type MapLeaves, type Tree } from '../graph/tree.js';

/** Arguments with every tensor replaced by its type. */
export type Specs<A extends readonly Tree<Tensor>[]> = {
  [K in keyof A]: MapLeaves<A[K], Tensor, TensorType>;
};

/** A function of trees of tensors that gives a tree of tensors. */
export type Traceable<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>> = (...args: A) => R;

export interface Traced<R extends Tree<Tensor>> {
  readonly graph: Graph;
  /** What the function returned; its leaves are the graph's outputs in order. */
  readonly result: R;
}

/** The tensors of `specs` as inputs of `builder`, in trees of the same shape. */
function inputTrees(builder: Builder, specs: readonly Tree<TensorType>[]): Tree<Tensor>[] {
  return specs.map((spec) =>
    unflattenTree(
      spec,
      flattenTree(spec).map((type) => builder.input(type)),
    ),
  );
}

/** The leaves of what a traced function returned. Throws when one is not a tensor. */
export function resultLeaves(operation: string, result: Tree<Tensor>): Tensor[] {
  if (typeof result !== 'object' || result === null) {
    throw new ScreeError(
      `${operation}: the function returned ${String(result)}; it must return tensors, in a tree or alone`,
    );
  }
  return flattenTree(result);
}

/** Runs `f` on tensors of the given types and records what it does, with the tree that it returned. */
export function traceTree<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
): Traced<R> {
  const builder = new Builder();
  return building(builder, () => {
    const args = inputTrees(builder, specs);
    const result = f(...(args as readonly Tree<Tensor>[] as A));
    const inputs = args.flatMap((arg) => flattenTree(arg));
    return { graph: builder.graph(inputs, resultLeaves('trace', result)), result };
  });
}

/**
 * The graph of a function: `f` is run once on tensors without values, and what it does is recorded.
 * @param specs one tree of `{ shape, dtype }` for each argument.
 * @example
 * ```ts
 * import { float64, matmul, trace, type Tensor } from 'scree';
 *
 * const graph = trace((x: Tensor, w: Tensor) => matmul(x, w), [float64(2, 3), float64(3, 4)]);
 * console.log(graph.nodes[graph.outputs[0]].shape);
 * ```
 * ```text
 * [ 2, 4 ]
 * ```
 */
export function trace<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  specs: Specs<A>,
): Graph {
  return traceTree(f, specs).graph;
}

/** Shape and element type in one word: `float64(2, 3)`. */
function type(dtype: TensorType['dtype']): (...shape: number[]) => TensorType {
  return (...shape) => ({ shape, dtype });
}
export const float64 = type('float64');
export const float32 = type('float32');
export const int32 = type('int32');
export const bool = type('bool');
