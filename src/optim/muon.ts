/**
 * Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon): momentum made orthogonal, for matrices,
 *     M ← μM + (1 − μ)G;  U = μM + (1 − μ)G (Nesterov) or M;  W ← W·(1 − lr·weightDecay) − lr·√max(1, outputs/inputs)·O(U)
 * O(U) comes near to the nearest orthogonal matrix: X = U/(‖U‖ + eps), transposed if tall, then nsSteps times
 * X ← 3.4445X + (−4.7750A + 2.0315A²)X with A = XXᵀ, in the parameters' own precision (PyTorch and the author use bfloat16).
 * Tensors of rank 2 and more count as matrices, convolution kernels as [outputs, the rest]; the others take AdamW. The author
 * advises AdamW for the first and the last layer too, which shapes alone do not tell.
 * Defaults: torch.optim.Muon, and the author's for AdamW (0.9, 0.95, 1e-10), at the same learning rate.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import { adamMethod } from './adam.js';
import { decayed } from './moments.js';
import { beta, decoupledDecay, epsilon, flag, learningRate, momentumOption } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { partition } from './partition.js';
import { perParameter } from './per-parameter.js';
import { globalNorm } from './trees.js';

/** Steps of the quintic Newton–Schulz iteration towards the nearest orthogonal matrix. */
function orthogonalised(matrix: Tensor, steps: number, eps: number): Tensor {
  const isTall = matrix.shape[0] > matrix.shape[1];
  const start = matrix.div(globalNorm(matrix).add(eps));
  let x = isTall ? start.swapLast() : start;
  for (let step = 0; step < steps; step++) {
    const gram = x.matmul(x.swapLast());
    const inner = gram.mul(-4.775).add(gram.mul(2.0315).matmul(gram));
    x = x.mul(3.4445).add(inner.matmul(x));
  }
  return isTall ? x.swapLast() : x;
}

/** A tensor as the matrix that it stands for. */
export function asMatrix(tensor: Tensor): Tensor {
  const [rows] = tensor.shape;
  return tensor.rank === 2 ? tensor : tensor.reshape([rows, tensor.size / rows]);
}

export const muon = defineOptimizer(
  'muon',
  'orthogonal momentum for matrices, AdamW for the rest',
  {
    lr: learningRate(1e-3),
    momentum: momentumOption(0.95),
    nesterov: flag(true, "Nesterov's momentum"),
    weightDecay: decoupledDecay(0.1),
    nsSteps: z.int().min(1).max(99).default(5).describe('Newton–Schulz steps'),
    eps: epsilon(1e-7),
    outputs: z
      .enum(['columns', 'rows'])
      .default('columns')
      .describe(
        "which axis of a matrix counts its outputs: columns in this library's layers, rows in PyTorch's",
      ),
    adamScale: z.number().min(0).default(1).describe("AdamW's learning rate, as a multiple of lr"),
    adamBeta1: beta(0.9, "AdamW's share of the mean gradient kept at each step"),
    adamBeta2: beta(0.95, "AdamW's share of the mean squared gradient kept at each step"),
    adamEps: epsilon(1e-10),
  },
  ({ momentum, nesterov, weightDecay, nsSteps, eps, outputs, ...rest }) => {
    const matrices = perParameter({
      name: 'muon',
      momentum,
      init: (parameter) => ({ momentum: parameter.zerosLike() }),
      scalars: ({ lr, momentum: keep }) => ({ lr, keep, weight: keep.neg().add(1) }),
      update(gradient, state, parameter, { lr, keep, weight }) {
        const average = state.momentum.mul(keep).add(gradient.mul(weight));
        const direction = nesterov ? average.mul(keep).add(gradient.mul(weight)) : average;
        const matrix = asMatrix(direction);
        const [rows, columns] = matrix.shape;
        const ratio = outputs === 'rows' || parameter.rank > 2 ? rows / columns : columns / rows;
        const step = orthogonalised(matrix, nsSteps, eps).mul(lr.mul(Math.sqrt(Math.max(1, ratio))));
        return {
          parameter: decayed(parameter, lr, weightDecay).sub(step.reshape(parameter.shape)),
          momentum: average,
        };
      },
    });
    const { adamBeta1: beta1, adamBeta2: beta2, adamEps, adamScale } = rest;
    const adam = adamMethod('muon', { beta1, beta2, eps: adamEps, weightDecay }, { decoupled: true });
    return partition('muon', (parameter) => (parameter.rank > 1 ? 'matrices' : 'rest'), {
      matrices: { method: matrices },
      rest: { method: adam, lrScale: adamScale },
    });
  },
);
