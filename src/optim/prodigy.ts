/**
 * Prodigy (Mishchenko & Defazio 2023, arXiv 2306.06101, algorithm 4): Adam that estimates d, the distance to the solution, and
 * takes its rate from it,
 *     δ = d·lr;  n ← β₃n + (d/d₀)δ⟨g, p₀ − p⟩;  s ← β₃s + (d/d₀)δg;  m ← β₁m + (1 − β₁)dg;  v ← β₂v + (1 − β₂)d²g²
 *     d ← max(d, n/‖s‖₁);  p ← p − δ·m/(√v + d·eps),  β₃ = √β₂
 * As in the authors' code, whose defaults these are, everything but eps uses d from before the step, there is no bias correction
 * and weight decay is decoupled, by δ. lr is 1 and best left so.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { adamBetas } from './adam.js';
import { decoupledDecay, epsilon, learningRate } from './options.js';
import { defineOptimizer, type Method } from './optimizer.js';
import {
  absoluteSum,
  innerProduct,
  mapTrees,
  requireAlike,
  requireNoCycling,
  scalar,
  widestType,
} from './trees.js';

type State = {
  readonly start: Tree<Tensor>;
  readonly m: Tree<Tensor>;
  readonly v: Tree<Tensor>;
  readonly s: Tree<Tensor>;
  readonly d: Tensor;
  readonly numerator: Tensor;
};

export const prodigy = defineOptimizer(
  'prodigy',
  'Adam that estimates its own rate',
  {
    lr: learningRate(1),
    ...adamBetas(),
    eps: epsilon(1e-8),
    weightDecay: decoupledDecay(),
    d0: z.number().gt(0).default(1e-6).describe('first estimate of the distance to the solution'),
  },
  ({ beta1, beta2, eps, weightDecay, d0 }): Method<State> => ({
    init(parameters) {
      const zeros = mapTrees((p) => p.zerosLike(), parameters);
      const dtype = widestType(parameters);
      return {
        start: parameters,
        m: zeros,
        v: zeros,
        s: zeros,
        d: scalar(d0, dtype),
        numerator: scalar(0, dtype),
      };
    },
    update(gradients, before, parameters, context) {
      requireAlike('prodigy', 'the gradient', gradients, parameters);
      requireNoCycling('prodigy', context);
      const beta3 = Math.sqrt(beta2);
      const rate = before.d.mul(context.lr.cast(before.d.dtype));
      const trust = before.d.div(d0).mul(rate);
      const way = mapTrees((p0, p) => p0.sub(p), before.start, parameters);
      const numerator = before.numerator.mul(beta3).add(trust.mul(innerProduct(gradients, way)));
      const s = mapTrees((s, g) => s.mul(beta3).add(trust.cast(g.dtype).mul(g)), before.s, gradients);
      const m = mapTrees(
        (m, g) =>
          m.mul(beta1).add(
            before.d
              .mul(1 - beta1)
              .cast(g.dtype)
              .mul(g),
          ),
        before.m,
        gradients,
      );
      const v = mapTrees(
        (v, g) =>
          v.mul(beta2).add(
            before.d
              .mul(1 - beta2)
              .mul(before.d)
              .cast(g.dtype)
              .mul(g)
              .mul(g),
          ),
        before.v,
        gradients,
      );
      const norm = absoluteSum(s);
      const d = norm.greater(0).where(before.d.maximum(numerator.div(norm)), before.d);
      const move = (p: Tensor, m: Tensor, v: Tensor) => {
        const step = rate.cast(p.dtype);
        const from = weightDecay === 0 ? p : p.sub(step.mul(weightDecay).mul(p));
        return from.sub(step.mul(m).div(v.sqrt().add(d.cast(p.dtype).mul(eps))));
      };
      return {
        parameters: mapTrees(move, parameters, m, v),
        state: { start: before.start, m, v, s, d, numerator },
      };
    },
  }),
);
