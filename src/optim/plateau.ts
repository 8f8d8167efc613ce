/**
 * Reduce on plateau: a factor of the learning rate that shrinks when a metric has not fallen for more than `patience` values. As
 * torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, threshold relative), whose defaults these are, but that the state is
 * a factor from 1 down, so that it goes with any schedule; minFactor is PyTorch's min_lr over lr.
 */
import { z } from 'zod';
import type { Plateau } from './schedule.js';

export const plateauOptions = {
  factor: z.number().gt(0).lt(1).default(0.1).describe('what the rate is multiplied by'),
  patience: z.int().min(0).default(10).describe('values without a fall that are borne'),
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-4)
    .describe('the least fall that counts, relative to the best value'),
  cooldown: z.int().min(0).default(0).describe('values after a reduction that do not count'),
  minFactor: z.number().min(0).max(1).default(0).describe('the smallest factor'),
};

type Options = { readonly [K in keyof typeof plateauOptions]: z.output<(typeof plateauOptions)[K]> };

export function plateauOf({ factor, patience, threshold, cooldown, minFactor }: Options): Plateau {
  return {
    initial: { factor: 1, best: null, worse: 0, cooldown: 0 },
    update(state, metric) {
      const isBetter = state.best === null ? !Number.isNaN(metric) : metric < state.best * (1 - threshold);
      const best = isBetter ? metric : state.best;
      const isCooling = state.cooldown > 0;
      const worse = isBetter || isCooling ? 0 : state.worse + 1;
      if (worse > patience) {
        return { factor: Math.max(state.factor * factor, minFactor), best, worse: 0, cooldown };
      }
      return { factor: state.factor, best, worse, cooldown: Math.max(state.cooldown - 1, 0) };
    },
  };
}
