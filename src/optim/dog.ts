/**
 * DoG, distance over gradients (Ivgi, Hinder & Carmon 2023, arXiv 2302.12022, equation 1): a rate without tuning,
 *     η = max(rε, maxᵢ ‖pᵢ − p₀‖) / √(Σᵢ ‖gᵢ‖² + eps);  p ← p − lr·η·g,  rε = repsRelative·(1 + ‖p₀‖)
 * The norms are over all parameters together; lr is 1 and best left so. Defaults of the authors' code. The paper tests an
 * average of the points, for which ema can be put around it.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { epsilon, learningRate } from './options.js';
import { defineOptimizer, type Method } from './optimizer.js';
import {
  globalNorm,
  innerProduct,
  mapTrees,
  requireAlike,
  requireNoCycling,
  scalar,
  widestType,
} from './trees.js';

type State = { readonly start: Tree<Tensor>; readonly distance: Tensor; readonly squares: Tensor };

export const dog = defineOptimizer(
  'dog',
  'distance over gradients: a rate without tuning',
  {
    lr: learningRate(1),
    repsRelative: z
      .number()
      .gt(0)
      .default(1e-6)
      .describe('first distance, relative to 1 + the norm at the start'),
    eps: epsilon(1e-8),
  },
  ({ repsRelative, eps }): Method<State> => ({
    init: (parameters) => ({
      start: parameters,
      distance: globalNorm(parameters).add(1).mul(repsRelative),
      squares: scalar(0, widestType(parameters)),
    }),
    update(gradients, { start, distance: before, squares: sum }, parameters, context) {
      requireAlike('dog', 'the gradient', gradients, parameters);
      requireNoCycling('dog', context);
      const moved = globalNorm(mapTrees((p, p0) => p.sub(p0), parameters, start));
      const distance = before.maximum(moved);
      const squares = sum.add(innerProduct(gradients, gradients));
      const rate = context.lr.cast(distance.dtype).mul(distance).div(squares.add(eps).sqrt());
      return {
        parameters: mapTrees((p, g) => p.sub(rate.cast(p.dtype).mul(g)), parameters, gradients),
        state: { start, distance, squares },
      };
    },
  }),
);
