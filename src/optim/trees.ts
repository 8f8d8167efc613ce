import { promote, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { sameShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import { toTensor } from '../ops/index.js';

/** The tree of `f` of the leaves at the same place of each tree. */
export function mapTrees<P extends Tree<Tensor>>(
  f: (...leaves: Tensor[]) => Tensor,
  first: P,
  ...rest: readonly Tree<Tensor>[]
): P {
  const others = rest.map((tree) => flattenTree<Tensor>(tree));
  const leaves = flattenTree<Tensor>(first).map((leaf, index) =>
    f(leaf, ...others.map((tree) => tree[index])),
  );
  return unflattenTree<Tensor, Tensor>(first, leaves) as P;
}

/** Throws unless `tree` has leaves of the shapes and element types of `parameters`. */
export function requireAlike(
  operation: string,
  what: string,
  tree: Tree<Tensor>,
  parameters: Tree<Tensor>,
): void {
  const leaves = flattenTree(tree);
  const wanted = flattenTree(parameters);
  if (leaves.length !== wanted.length) {
    throw new ScreeError(
      `${operation}: ${what} has ${leaves.length} tensors; the parameters have ${wanted.length}`,
    );
  }
  const paths = treePaths(parameters);
  leaves.forEach((leaf, index) => {
    const parameter = wanted[index];
    if (sameShape(leaf.shape, parameter.shape) && leaf.dtype === parameter.dtype) return;
    const at = paths[index] === '' ? '' : ` at '${paths[index]}'`;
    throw new ScreeError(
      `${operation}: ${what}${at} is ${leaf.toString()}; the parameter is ${parameter.toString()}`,
    );
  });
}

/** The widest element type of the leaves: that of the numbers which all of them share. */
export function widestType(tree: Tree<Tensor>): DType {
  const types = flattenTree(tree).map((leaf) => leaf.dtype);
  return types.length === 0 ? 'float64' : types.reduce(promote);
}

export function scalar(value: number, dtype: DType): Tensor {
  return toTensor('optim', value, dtype);
}

/** Whether a whole number, such as a step's, is a multiple of `period`: a bool. */
export function isMultiple(number: Tensor, period: number): Tensor {
  return number.div(period).floor().mul(period).equal(number);
}

function total(terms: readonly Tensor[], dtype: DType): Tensor {
  if (terms.length === 0) return scalar(0, dtype);
  return terms.map((term) => term.sum().cast(dtype)).reduce((sum, term) => sum.add(term));
}

/** Σ aᵢ·bᵢ over all elements of all leaves: a scalar of the widest element type. */
export function innerProduct(a: Tree<Tensor>, b: Tree<Tensor>): Tensor {
  const others = flattenTree(b);
  return total(
    flattenTree(a).map((leaf, index) => leaf.mul(others[index])),
    widestType(a),
  );
}

/** Σ |aᵢ| over all elements of all leaves. */
export function absoluteSum(tree: Tree<Tensor>): Tensor {
  return total(
    flattenTree(tree).map((leaf) => leaf.abs()),
    widestType(tree),
  );
}

/** The Euclidean norm of all leaves together. */
export function globalNorm(tree: Tree<Tensor>): Tensor {
  return innerProduct(tree, tree).sqrt();
}

/** Throws where a schedule cycles the momentum of a method that takes none from outside. */
export function requireNoCycling(name: string, { momentum }: { readonly momentum?: Tensor }): void {
  if (momentum === undefined) return;
  throw new ScreeError(
    `${name}: the schedule cycles the momentum, which ${name} with these options takes none of from outside`,
  );
}
