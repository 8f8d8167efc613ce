/**
 * Schedule-free SGD (Defazio et al. 2024, arXiv 2405.15682, equations 8 to 10): an average takes the place of a schedule,
 *     z ← z − γ·(∇f(y) + weightDecay·y);  c = w/Σw, w = t^r·(max γ)^weightPower;  x ← (1 − c)x + cz;  y ← (1 − β)z + βx
 * y is what is trained, x what is to be tested and kept (evaluationParameters); γ is lr after `warmup` steps of linear warm-up.
 * Weights and defaults of the authors' code, but that x is kept beside z instead of being computed from y and z.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { pow } from '../ops/index.js';
import { penalised } from './moments.js';
import { beta as share, decay, learningRate } from './options.js';
import { defineOptimizer, type Method } from './optimizer.js';
import { perParameter, type StepScalars } from './per-parameter.js';

/** Options of the average, with the defaults of the authors' code. */
export const averageOptions = {
  weightDecay: decay(0, 'decay of the trained point, taken with its gradient'),
  warmup: z.int().min(0).default(0).describe('steps of linear warm-up'),
  r: z
    .number()
    .min(0)
    .default(0)
    .describe('the weight of a step in the average grows with this power of its number'),
  weightPower: z.number().min(0).default(2).describe('and with this power of the largest rate so far'),
};

interface AverageOptions {
  readonly warmup: number;
  readonly r: number;
  readonly weightPower: number;
}

/** The numbers in the state that the weights of the average are kept in. */
export const averageWeights = { weights: 0, largestRate: 0 };

/** The warmed-up rate and the share of the new z in the average. A step whose weights are all 0 so far has share 0. */
export function averageShare(
  { lr, step }: StepScalars,
  shared: { readonly weights: Tensor; readonly largestRate: Tensor },
  { warmup, r, weightPower }: AverageOptions,
): { rate: Tensor; c: Tensor; weights: Tensor; largestRate: Tensor } {
  const rate = warmup === 0 ? lr : lr.mul(step.div(warmup).minimum(1));
  const largestRate = shared.largestRate.maximum(rate);
  const weight = pow(step, r).mul(pow(largestRate, weightPower));
  const weights = shared.weights.add(weight);
  return { rate, largestRate, weights, c: weights.equal(0).where(0, weight.div(weights)) };
}

/** The average and the next point to take a gradient at. */
export function average(
  z: Tensor,
  before: Tensor,
  c: Tensor,
  beta: Tensor,
): { readonly parameter: Tensor; readonly z: Tensor; readonly x: Tensor } {
  const x = before.mul(c.neg().add(1)).add(z.mul(c));
  return { parameter: z.mul(beta.neg().add(1)).add(x.mul(beta)), z, x };
}

/** The method with the average as the parameters to evaluate. */
export function evaluatedAtAverage(
  method: Method<Readonly<Record<string, Tree<Tensor>>>>,
): Method<Readonly<Record<string, Tree<Tensor>>>> {
  return {
    ...method,
    evaluationParameters: <P extends Tree<Tensor>>(
      state: Readonly<Record<string, Tree<Tensor>>>,
      _trained: P,
    ) => state.x as P,
  };
}

export const schedulefreesgd = defineOptimizer(
  'schedulefreesgd',
  'SGD with an average in place of a schedule',
  { lr: learningRate(1), beta: share(0.9, 'share of the average in the trained point'), ...averageOptions },
  (options) =>
    evaluatedAtAverage(
      perParameter({
        name: 'schedulefreesgd',
        momentum: options.beta,
        init: (parameter) => ({ z: parameter, x: parameter }),
        shared: averageWeights,
        scalars: (context, shared) => ({ ...averageShare(context, shared, options), beta: context.momentum }),
        update(gradient, state, y, { rate, c, beta }) {
          const g = penalised(gradient, y, options.weightDecay);
          return average(state.z.sub(rate.mul(g)), state.x, c, beta);
        },
      }),
    ),
);
