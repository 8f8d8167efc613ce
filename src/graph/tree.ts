import { ScreeError } from './errors.js';
import type { TensorType } from './op.js';

/** Nested plain objects and arrays with leaves of T: parameters, optimiser states, batches. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** The tree type with every leaf `From` replaced by `To`. */
export type MapLeaves<S, From, To> = [Tree<From>] extends [S]
  ? Tree<To>
  : S extends From
    ? To
    : S extends readonly unknown[] | object
      ? { -readonly [K in keyof S]: MapLeaves<S[K], From, To> }
      : S;

/** A leaf is whatever carries a dtype and a shape: a Tensor, an NDArray, a type. */
function isLeaf<T extends TensorType>(tree: Tree<T>): tree is T {
  return 'dtype' in tree && typeof tree.dtype === 'string' && 'shape' in tree && Array.isArray(tree.shape);
}

/** The leaves in order: arrays by index, objects by their own key order. */
export function flattenTree<T extends TensorType>(tree: Tree<T>): T[] {
  if (isLeaf(tree)) return [tree];
  return Object.values(tree).flatMap((child: Tree<T>) => flattenTree(child));
}

/** The paths of the leaves, such as `layers.0.weight`, in the order of flattenTree. */
export function treePaths<T extends TensorType>(tree: Tree<T>, prefix = ''): string[] {
  if (isLeaf(tree)) return [prefix];
  return Object.entries(tree).flatMap(([key, child]: [string, Tree<T>]) =>
    treePaths(child, prefix === '' ? key : `${prefix}.${key}`),
  );
}

/** A tree shaped as `like` with `leaves` in the order of flattenTree. */
export function unflattenTree<T extends TensorType, U>(like: Tree<T>, leaves: readonly U[]): Tree<U> {
  let next = 0;
  const build = (tree: Tree<T>): Tree<U> => {
    if (isLeaf(tree)) {
      if (next >= leaves.length) throw new ScreeError(`unflattenTree: only ${leaves.length} leaves given`);
      return leaves[next++];
    }
    if (Array.isArray(tree)) return tree.map((child: Tree<T>) => build(child));
    return Object.fromEntries(
      Object.entries(tree).map(([key, child]: [string, Tree<T>]) => [key, build(child)]),
    );
  };
  const result = build(like);
  if (next !== leaves.length) {
    throw new ScreeError(`unflattenTree: ${leaves.length} leaves given, the tree has ${next}`);
  }
  return result;
}
