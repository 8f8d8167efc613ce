/**
 * Sophia (Liu et al. 2023, arXiv 2305.14342, algorithm 3): steps by an estimate of the Hessian's diagonal, clipped,
 *     m ← β₁m + (1 − β₁)g;  every `frequency` steps h ← β₂h + (1 − β₂)ĥ
 *     p ← p·(1 − lr·weightDecay) − lr·clip(m / max(γh, eps), ±1)
 * Estimators ĥ: `hutchinson` u⊙Hu with random signs u (Sophia-H), one Hessian-vector product; `exact`, the diagonal itself, for
 * functions of few variables; `gaussNewton` g⊙g, which is Sophia-G with the labels of the batch where the paper draws them
 * from the model. The estimate is computed at every step and used at every `frequency`-th, since a graph has no branches.
 * Defaults of the paper (γ .01 for Hutchinson, .05 for Gauss-Newton); lr of the authors' code.
 */
import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { toTensor } from '../ops/index.js';
import { jvp, vmap } from '../transform/index.js';
import { decayed } from './moments.js';
import { beta, decoupledDecay, epsilon, learningRate } from './options.js';
import { defineOptimizer, type Method, type StepContext } from './optimizer.js';
import { isMultiple, mapTrees, requireAlike, requireNoCycling } from './trees.js';

type State = { readonly m: Tree<Tensor>; readonly h: Tree<Tensor> };

/** The exact diagonal costs a Hessian-vector product for each element. */
const mostExact = 1000;

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new ScreeError(`sophia: this estimator needs ${what} in the step's context`);
  return value;
}

function hessianTimes(context: StepContext, parameters: Tree<Tensor>, v: Tree<Tensor>): Tree<Tensor> {
  const gradient = required(context.gradient, 'the gradient as a function (context.gradient)');
  return jvp<[Tree<Tensor>], Tree<Tensor>>(gradient, [parameters], [v]).tangent;
}

function hutchinson(parameters: Tree<Tensor>, context: StepContext): Tree<Tensor> {
  const signs = mapTrees((normal) => normal.sign(), required(context.noise, 'noise (context.noise)'));
  return mapTrees((u, product) => u.mul(product), signs, hessianTimes(context, parameters, signs));
}

function exactDiagonal(parameters: Tree<Tensor>, context: StepContext): Tree<Tensor> {
  const leaves = flattenTree(parameters);
  const count = leaves.reduce((sum, leaf) => sum + leaf.size, 0);
  if (count > mostExact) {
    throw new ScreeError(
      `sophia: estimator=exact is for up to ${mostExact} parameters, not ${count}; use hutchinson or gaussNewton`,
    );
  }
  const diagonals = leaves.map((leaf, place) => {
    const identity = new Float64Array(leaf.size * leaf.size);
    for (let i = 0; i < leaf.size; i++) identity[i * leaf.size + i] = 1;
    const basis = toTensor('sophia', ndarray(identity, [leaf.size, ...leaf.shape], leaf.dtype));
    const entry = (e: Tensor) => {
      const direction = leaves.map((other, index) => (index === place ? e : other.zerosLike()));
      const product = hessianTimes(context, parameters, unflattenTree(parameters, direction));
      return flattenTree(product)[place].mul(e).sum();
    };
    return vmap<[Tensor], Tensor>(entry)(basis).reshape(leaf.shape);
  });
  return unflattenTree(parameters, diagonals);
}

export const sophia = defineOptimizer(
  'sophia',
  'clipped steps by an estimate of the diagonal of the Hessian',
  {
    lr: learningRate(1e-4),
    beta1: beta(0.96, 'share of the mean gradient kept at each step'),
    beta2: beta(0.99, 'share of the mean diagonal kept at each estimate'),
    gamma: z.number().gt(0).default(0.01).describe('how much of the curvature is divided by'),
    eps: epsilon(1e-12),
    weightDecay: decoupledDecay(),
    frequency: z.int().min(1).default(10).describe('steps between two estimates'),
    estimator: z
      .enum(['hutchinson', 'exact', 'gaussNewton'])
      .default('hutchinson')
      .describe("how the Hessian's diagonal is estimated"),
  },
  ({ beta1, beta2, gamma, eps, weightDecay, frequency, estimator }): Method<State> => ({
    needs: { noise: estimator === 'hutchinson', gradient: estimator !== 'gaussNewton' },
    init(parameters) {
      const zeros = mapTrees((p) => p.zerosLike(), parameters);
      return { m: zeros, h: zeros };
    },
    update(gradients, state, parameters, context) {
      requireAlike('sophia', 'the gradient', gradients, parameters);
      requireNoCycling('sophia', context);
      const isDue = isMultiple(context.step.sub(1), frequency);
      const estimate =
        estimator === 'gaussNewton'
          ? mapTrees((g) => g.mul(g), gradients)
          : estimator === 'exact'
            ? exactDiagonal(parameters, context)
            : hutchinson(parameters, context);
      const m = mapTrees((m, g) => m.mul(beta1).add(g.mul(1 - beta1)), state.m, gradients);
      const h = mapTrees(
        (h, fresh) => isDue.where(h.mul(beta2).add(fresh.mul(1 - beta2)), h),
        state.h,
        estimate,
      );
      const move = (p: Tensor, m: Tensor, h: Tensor) => {
        const lr = context.lr.cast(p.dtype);
        return decayed(p, lr, weightDecay).sub(lr.mul(m.div(h.mul(gamma).maximum(eps)).clip(-1, 1)));
      };
      return { parameters: mapTrees(move, parameters, m, h), state: { m, h } };
    },
  }),
);
