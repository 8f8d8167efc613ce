/**
 * SOAP (Vyas et al. 2024, arXiv 2409.11321, algorithm 3): Adam in the eigenbasis of Shampoo's preconditioners, for matrices,
 *     L ← βL + (1 − β)GGᵀ;  R ← βR + (1 − β)GᵀG;  G' = Q_LᵀGQ_R;  m, v ← Adam's moments of G'
 *     W ← (W − lr·Q_L(m/c₁ / (√(v/c₂) + eps))Q_Rᵀ)·(1 − lr·weightDecay)
 * As in the authors' code the first gradient only starts L and R, whose eigenvectors then give Q, and every `frequency` steps
 * Q ← QR(L·Q) (algorithm 4), m is carried over to the new basis and v is not. Here the columns are not sorted again.
 *
 * Eigenvectors and QR run in plain JavaScript between two steps (hostStep): as ops they would be thousands of nodes for a
 * matrix of order 100. They cost order³ operations; a side longer than maxDimension keeps the identity for its basis, the
 * one-sided variant of the paper's section 7 (the authors' limit, 10000, would take JavaScript hours). Tensors of rank 2 and
 * more count as matrices, convolution kernels as [outputs, the rest]; the others take AdamW with the same options.
 * Defaults of the authors' code, but for its weight decay 0.01.
 */
import { z } from 'zod';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import { toTensor } from '../ops/index.js';
import { adamMethod } from './adam.js';
import { orthonormalColumns, product, symmetricEigenvectors } from './linear-algebra.js';
import { asMatrix } from './muon.js';
import { averageOfOne, decayed } from './moments.js';
import { beta, decoupledDecay, epsilon, learningRate } from './options.js';
import { defineOptimizer, type HostStep, type Method, type StepContext } from './optimizer.js';
import { partition } from './partition.js';
import { requireNoCycling, scalar, widestType } from './trees.js';

/**
 * The state of one matrix: `m` and `v` in the eigenbasis; `left` (L), `leftBasis`, `right` (R), `rightBasis` unless the side is
 * too long.
 */
type Leaf<T> = Readonly<Record<string, T>>;
type State<T> = { readonly leaves: Readonly<Record<string, Leaf<T>>>; readonly one1: T; readonly one2: T };

interface SoapOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly shampooBeta: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly frequency: number;
  readonly maxDimension: number;
}

function identity(n: number, like: Tensor): Tensor {
  const data = new Float64Array(n * n);
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return toTensor('soap', ndarray(data, [n, n], like.dtype));
}

/** To the eigenbasis, or back. */
function rotated(matrix: Tensor, leaf: Leaf<Tensor>, back: boolean): Tensor {
  let result = matrix;
  if ('left' in leaf) result = (back ? leaf.leftBasis : leaf.leftBasis.swapLast()).matmul(result);
  if ('right' in leaf) result = result.matmul(back ? leaf.rightBasis.swapLast() : leaf.rightBasis);
  return result;
}

function initLeaf(parameter: Tensor, maxDimension: number): Leaf<Tensor> {
  const matrix = asMatrix(parameter);
  const [rows, columns] = matrix.shape;
  const zero = matrix.zerosLike();
  const leaf: Record<string, Tensor> = { m: zero, v: zero };
  if (rows <= maxDimension) {
    leaf.leftBasis = identity(rows, matrix);
    leaf.left = leaf.leftBasis.zerosLike();
  }
  if (columns <= maxDimension) {
    leaf.rightBasis = identity(columns, matrix);
    leaf.right = leaf.rightBasis.zerosLike();
  }
  return leaf;
}

interface SharedScalars {
  readonly isFirst: Tensor;
  readonly c1: Tensor;
  readonly c2: Tensor;
  readonly lr: Tensor;
}

function updateLeaf(
  gradient: Tensor,
  before: Leaf<Tensor>,
  parameter: Tensor,
  { isFirst, c1, c2, lr }: SharedScalars,
  { beta1, beta2, shampooBeta, eps, weightDecay }: SoapOptions,
): { moved: Tensor; leaf: Leaf<Tensor> } {
  const g = asMatrix(gradient);
  const inBasis = rotated(g, before, false);
  const m = isFirst.where(before.m, before.m.mul(beta1).add(inBasis.mul(1 - beta1)));
  const v = isFirst.where(before.v, before.v.mul(beta2).add(inBasis.mul(1 - beta2).mul(inBasis)));
  const leaf: Record<string, Tensor> = { ...before, m, v };
  const average = (factor: Tensor, a: Tensor, b: Tensor) =>
    factor.mul(shampooBeta).add(a.mul(1 - shampooBeta).matmul(b));
  if ('left' in before) leaf.left = average(before.left, g, g.swapLast());
  if ('right' in before) leaf.right = average(before.right, g.swapLast(), g);
  const direction = m.div(c1.cast(g.dtype)).div(v.div(c2.cast(g.dtype)).sqrt().add(eps));
  const rate = lr.cast(g.dtype);
  const step = rotated(direction, before, true).mul(rate).reshape(parameter.shape);
  // A NaN gradient shows at once, even in the step that moves nothing.
  const still = parameter.add(gradient.mul(0));
  return { moved: isFirst.where(still, decayed(parameter.sub(step), rate, weightDecay)), leaf };
}

function matrixMethod(options: SoapOptions): Method<State<Tensor>> {
  const { beta1, beta2, maxDimension } = options;
  return {
    init(parameters) {
      const dtype = widestType(parameters);
      const paths = treePaths(parameters);
      const leaves = flattenTree(parameters).map(
        (parameter, index) => [paths[index], initLeaf(parameter, maxDimension)] as const,
      );
      return { leaves: Object.fromEntries(leaves), one1: scalar(0, dtype), one2: scalar(0, dtype) };
    },
    update<P extends Tree<Tensor>>(
      gradients: P,
      { leaves, one1, one2 }: State<Tensor>,
      parameters: P,
      context: StepContext,
    ) {
      requireNoCycling('soap', context);
      const isFirst = context.step.equal(1);
      const c1 = isFirst.where(one1, averageOfOne(one1, beta1));
      const c2 = isFirst.where(one2, averageOfOne(one2, beta2));
      const shared = { isFirst, c1, c2, lr: context.lr };
      const paths = treePaths(parameters);
      const given = flattenTree<Tensor>(gradients);
      const results = flattenTree<Tensor>(parameters).map((parameter, index) =>
        updateLeaf(given[index], leaves[paths[index]], parameter, shared, options),
      );
      return {
        parameters: unflattenTree<Tensor, Tensor>(
          parameters,
          results.map(({ moved }) => moved),
        ) as P,
        state: {
          leaves: Object.fromEntries(results.map(({ leaf }, index) => [paths[index], leaf])),
          one1: c1,
          one2: c2,
        },
      };
    },
    hostStep: hostStep(options),
  };
}

/** New eigenvectors for one side: all of them at first, a step of orthogonal iteration later. */
function refreshed(factor: NDArray, basis: NDArray, isFirst: boolean): Float64Array {
  const [n] = factor.shape;
  const matrix = Float64Array.from(factor.data);
  if (isFirst) return symmetricEigenvectors(matrix, n);
  return orthonormalColumns(product(matrix, Float64Array.from(basis.data), [n, n, n]), n);
}

function refreshedLeaf(before: Leaf<NDArray>, isFirst: boolean): Leaf<NDArray> {
  const leaf: Record<string, NDArray> = { ...before };
  const [rows, columns] = before.m.shape;
  const put = (name: string, data: Float64Array) =>
    (leaf[name] = ndarray(data, before[name].shape, before[name].dtype));
  let m: Float64Array = Float64Array.from(before.m.data);
  if ('left' in before) {
    const old = Float64Array.from(before.leftBasis.data);
    const basis = refreshed(before.left, before.leftBasis, isFirst);
    m = product(basis, product(old, m, [rows, rows, columns]), [rows, rows, columns], true);
    put('leftBasis', basis);
  }
  if ('right' in before) {
    const old = Float64Array.from(before.rightBasis.data);
    const basis = refreshed(before.right, before.rightBasis, isFirst);
    m = product(m, product(old, basis, [columns, columns, columns], true), [rows, columns, columns]);
    put('rightBasis', basis);
  }
  put('m', m);
  return leaf;
}

function hostStep({ frequency }: SoapOptions): HostStep {
  return {
    isDue: (step) => (step - 1) % frequency === 0,
    run(tree, step) {
      const state = tree as State<NDArray>;
      const leaves = Object.entries(state.leaves).map(
        ([path, leaf]) => [path, refreshedLeaf(leaf, step === 1)] as const,
      );
      return { ...state, leaves: Object.fromEntries(leaves) };
    },
  };
}

export const soap = defineOptimizer(
  'soap',
  "Adam in the eigenbasis of Shampoo's preconditioner, AdamW for what is no matrix",
  {
    lr: learningRate(3e-3),
    beta1: beta(0.95, 'share of the mean gradient kept at each step'),
    beta2: beta(0.95, 'share of the mean squared gradient kept at each step'),
    shampooBeta: beta(0.95, 'share of L and R kept at each step'),
    eps: epsilon(1e-8),
    weightDecay: decoupledDecay(),
    frequency: z.int().min(1).default(10).describe('steps between two changes of the basis'),
    maxDimension: z.int().min(1).default(256).describe('longest side that gets a basis'),
  },
  (options) =>
    partition('soap', (parameter) => (parameter.rank > 1 ? 'matrices' : 'rest'), {
      matrices: { method: matrixMethod(options) },
      rest: { method: adamMethod('soap', options, { decoupled: true }) },
    }),
);
