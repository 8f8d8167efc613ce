/**
 * Lookahead (Zhang et al. 2019, arXiv 1907.08610, algorithm 1), around any optimiser: every `syncPeriod` steps the slow weights go
 * a share of the way to the fast ones, which start again from there,
 *     φ ← φ + slowStep·(θ − φ);  θ ← φ
 * The inner state is kept at a synchronisation, the paper's first choice. The slow weights are to be tested. Defaults: the
 * paper's k = 5, α = 0.5.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import type { Method } from './optimizer.js';
import { isMultiple, mapTrees } from './trees.js';
import { defineWrapper, passedOn, type Wrapped } from './wrapper.js';

export const lookahead = defineWrapper(
  'lookahead',
  'slow weights that follow the fast ones every few steps',
  {
    syncPeriod: z.int().min(1).default(5).describe('steps between two synchronisations'),
    slowStep: z.number().gt(0).max(1).default(0.5).describe('share of the way to the fast weights'),
  },
  (inner, { syncPeriod, slowStep }): Method<Wrapped<Tree<Tensor>>> => ({
    ...passedOn(inner),
    init: (parameters) => ({ inner: inner.init(parameters), own: parameters }),
    update(gradients, state, parameters, context) {
      const fast = inner.update(gradients, state.inner, parameters, context);
      const isDue = isMultiple(context.step, syncPeriod);
      const slow = mapTrees(
        (slow, fast) => isDue.where(slow.add(fast.sub(slow).mul(slowStep)), slow),
        state.own,
        fast.parameters,
      );
      return {
        parameters: mapTrees((fast, slow) => isDue.where(slow, fast), fast.parameters, slow),
        state: { inner: fast.state, own: slow },
      };
    },
    evaluationParameters: <P extends Tree<Tensor>>(state: Wrapped<Tree<Tensor>>, _trained: P) =>
      state.own as P,
  }),
);
