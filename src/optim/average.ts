/**
 * Averages of the parameters, to be tested in place of them, around any optimiser. Both start with the parameters as they are and
 * copy them at the first update, as torch.optim.swa_utils.AveragedModel does. With batch normalisation the running statistics
 * belong to the parameters, not to the average: compute them anew for it.
 *
 * ema (Polyak & Juditsky 1992; decay 0.999 as PyTorch's get_ema_multi_avg_fn): a ← decay·a + (1 − decay)·p after each step.
 * swa (Izmailov et al. 2018, arXiv 1803.05407): the mean of the points at step `start` and every `every` steps from there.
 */
import { z } from 'zod';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { lerp } from './moments.js';
import { beta } from './options.js';
import type { Method, Optimizer, StepContext } from './optimizer.js';
import { isMultiple, mapTrees, scalar, widestType } from './trees.js';
import { defineWrapper, passedOn, type Wrapped } from './wrapper.js';

type Own = { readonly average: Tree<Tensor>; readonly count: Tensor };

/** An average that takes the share `weight` of each point, given the number of points before. */
function averaging(
  inner: Optimizer,
  isDue: (context: StepContext) => Tensor | undefined,
  weight: (count: Tensor) => Tensor | number,
): Method<Wrapped<Own>> {
  return {
    ...passedOn<Own>(inner),
    init: (parameters) => ({
      inner: inner.init(parameters),
      own: { average: parameters, count: scalar(0, widestType(parameters)) },
    }),
    update(gradients, state, parameters, context) {
      const next = inner.update(gradients, state.inner, parameters, context);
      const { average, count } = state.own;
      const due = isDue(context);
      const isFirst = count.equal(0);
      const share = weight(count);
      const take = (a: Tensor, p: Tensor) => {
        const taken = isFirst.where(p, lerp(a, p, typeof share === 'number' ? share : share.cast(p.dtype)));
        return due === undefined ? taken : due.where(taken, a);
      };
      // Behind an average of its own an inner optimiser has its evaluated parameters averaged.
      const points = inner.evaluationParameters?.(next.state, next.parameters) ?? next.parameters;
      const one = due === undefined ? 1 : due.cast(count.dtype);
      return {
        parameters: next.parameters,
        state: {
          inner: next.state,
          own: { average: mapTrees(take, average, points), count: count.add(one) },
        },
      };
    },
    evaluationParameters: <P extends Tree<Tensor>>(state: Wrapped<Own>, _trained: P) =>
      state.own.average as P,
  };
}

export const ema = defineWrapper(
  'ema',
  'test an exponential moving average of the parameters',
  { decay: beta(0.999, 'share of the average kept at each step') },
  (inner, { decay }) =>
    averaging(
      inner,
      () => undefined,
      () => 1 - decay,
    ),
);

export const swa = defineWrapper(
  'swa',
  'test the mean of the parameters at chosen steps',
  {
    start: z.int().min(1).default(1).describe('first step that is averaged'),
    every: z.int().min(1).default(1).describe('steps from one averaged point to the next'),
  },
  (inner, { start, every }) =>
    averaging(
      inner,
      ({ step }) => {
        const since = step.sub(start);
        return since.greaterEqual(0).and(isMultiple(since, every));
      },
      (count) => count.add(1).reciprocal(),
    ),
);
