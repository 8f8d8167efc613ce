/**
 * Adam (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1, in the order of its section 2's last remark):
 *     m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  p ← p − lr/c₁ · m / (√v/√c₂ + eps),  cᵢ = 1 − βᵢᵗ
 * As torch.optim.Adam, whose defaults these are, but for c₁ and c₂: they are kept as the moving averages of the constant 1,
 * which are the same numbers (see moments.ts). weightDecay is an L2 penalty; adamw decouples it.
 *
 * With freeze = T, v and c₂ stay as they are after step T: the second stage of 1-bit Adam (Tang et al. 2021, arXiv 2102.02888, algorithm 1),
 * which is momentum SGD with a rate of its own for each parameter, so that what is compressed enters linearly.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import { averageOfOne, decayed, lerp, meanSquare, penalised } from './moments.js';
import { beta, epsilon, learningRate, penalty } from './options.js';
import { defineOptimizer } from './optimizer.js';
import { perParameter, type StepScalars, type Tensors } from './per-parameter.js';
import { scalar } from './trees.js';

/** The numbers in the state that the bias corrections are kept in. */
export const biasCorrections = { one1: 0, one2: 0 };

/** Bias corrections one step further, with β₁ as a cycled momentum gives it. */
export function correctBias(
  { momentum: beta1 }: StepScalars,
  shared: { readonly one1: Tensor; readonly one2: Tensor },
  beta2: number | Tensor,
): { one1: Tensor; one2: Tensor } {
  return { one1: averageOfOne(shared.one1, beta1), one2: averageOfOne(shared.one2, beta2) };
}

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** Steps after which v stays as it is; 0 for never. */
  readonly freeze?: number;
}

export interface AdamVariant {
  /** Weight decay apart from the gradient (adamw). */
  readonly decoupled?: boolean;
  /** The largest v so far in place of v (amsgrad). */
  readonly amsgrad?: boolean;
}

/** What adam, adamw and amsgrad share. */
export function adamMethod(
  name: string,
  { beta1, beta2, eps, weightDecay, freeze = 0 }: AdamOptions,
  { decoupled = false, amsgrad = false }: AdamVariant = {},
) {
  return perParameter<Tensors, 'one1' | 'one2', Tensors>({
    name,
    momentum: beta1,
    init: (parameter): Tensors => {
      const zero = parameter.zerosLike();
      return amsgrad ? { m: zero, v: zero, largest: zero } : { m: zero, v: zero };
    },
    shared: biasCorrections,
    scalars(context, shared) {
      const { lr, momentum, step } = context;
      const kept = freeze === 0 ? undefined : step.greater(freeze).where(scalar(1, step.dtype), beta2);
      const { one1, one2 } = correctBias(context, shared, kept ?? beta2);
      const weight = momentum.neg().add(1);
      return { one1, one2, lr, weight, stepSize: lr.div(one1), root: one2.sqrt(), ...(kept && { kept }) };
    },
    update(gradient, state, parameter, { lr, weight, stepSize, root, kept = beta2 }) {
      const g = decoupled ? gradient : penalised(gradient, parameter, weightDecay);
      const from = decoupled ? decayed(parameter, lr, weightDecay) : parameter;
      const m = lerp(state.m, g, weight);
      const v = meanSquare(state.v, g, kept);
      const moments: Tensors = amsgrad ? { m, v, largest: state.largest.maximum(v) } : { m, v };
      const denominator = (amsgrad ? moments.largest : v).sqrt().div(root).add(eps);
      return { parameter: from.sub(stepSize.mul(m).div(denominator)), ...moments };
    },
  });
}

/** The betas of Adam and its kin, with their usual defaults. */
export const adamBetas = (beta1 = 0.9, beta2 = 0.999) => ({
  beta1: beta(beta1, 'share of the mean gradient kept at each step'),
  beta2: beta(beta2, 'share of the mean squared gradient kept at each step'),
});

export const adam = defineOptimizer(
  'adam',
  'adaptive moments: the mean gradient over its root mean square',
  {
    lr: learningRate(1e-3),
    ...adamBetas(),
    eps: epsilon(1e-8),
    weightDecay: penalty(),
    freeze: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('steps after which the mean square stays as it is (1-bit Adam); 0 for never'),
  },
  (options) => adamMethod('adam', options),
);
