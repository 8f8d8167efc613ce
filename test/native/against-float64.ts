import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import { flattenTree, unflattenTree, type Tree } from '../../src/graph/tree.js';
import { crossEntropy, type Layer } from '../../src/nn/index.js';
import { Generator } from '../../src/random/index.js';
import { valueAndGradWithAux } from '../../src/transform/index.js';

/** A network, one of its inputs, and a batch of labels. */
export interface Setting {
  readonly model: Layer;
  readonly x: NDArray;
  readonly labels: NDArray;
  /** For the initial weights; 1 by default. */
  readonly seed?: number;
}

type Leaves = readonly Tensor[];

const double = (array: NDArray): NDArray =>
  array.dtype === 'float32' ? ndarray(Float64Array.from(array.data), array.shape) : array;

/** The tree with float64 in place of float32. */
function widened(tree: Tree<NDArray>): Tree<NDArray> {
  return unflattenTree<NDArray, NDArray>(tree, flattenTree<NDArray>(tree).map(double));
}

/**
 * Loss, new state and gradients of a training step on the native target in float32, twice, and in float64 in JavaScript.
 */
export async function trainingStep(
  { model, x, labels, seed = 1 }: Setting,
  { threads = 1, deterministic = true }: { threads?: number; deterministic?: boolean } = {},
): Promise<{ native: NDArray[]; again: NDArray[]; exact: NDArray[] }> {
  const { parameters, state } = model.init(new Generator(seed), x.shape.slice(1));
  const step = (tree: Tree<Tensor>, old: Tree<Tensor>, examples: Tensor, truth: Tensor): Leaves => {
    const objective = valueAndGradWithAux<[Tree<Tensor>], Leaves>((weights) => {
      const applied = model.apply(weights, old, examples, { training: true });
      return { value: crossEntropy(applied.output, truth), aux: flattenTree(applied.state) };
    });
    const { value, aux, gradient } = objective(tree);
    return [value, ...aux, ...flattenTree(gradient)];
  };
  const single = [parameters, state, x, labels] as const;
  const wide = [widened(parameters), widened(state), double(x), labels] as const;
  const program = await compile(step, [...single], { target: 'native', threads, deterministic });
  try {
    const native = await program.run(...single);
    const again = await program.run(...single);
    return { native: [...native], again: [...again], exact: [...compile(step, [...wide]).run(...wide)] };
  } finally {
    program.close();
  }
}

/** All numbers of some arrays. */
export function joined(arrays: readonly NDArray[]): NDArray {
  return ndarray(Float64Array.from(arrays.flatMap(({ data }) => [...data])));
}
