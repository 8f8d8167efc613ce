import { z } from 'zod';
import { ndarray } from '../../graph/ndarray.js';
import { define } from '../../optim/index.js';
import { none } from '../codec/none.js';
import { allreduce } from './allreduce.js';
import { Clock } from './clock.js';
import type { ExchangeMaker } from './exchange.js';
import { exchangeFor, fitting } from './fitting.js';
import { named, placesOf } from './named.js';

/**
 * 1-bit Adam's exchange (Tang et al. 2021, arXiv 2102.02888, algorithm 1): gradients as they are for `warmup` steps, then momenta,
 * m ← β m + (1 − β) g from the mean momentum before, in the codec and with its feedback. What a bucket becomes is the gradient that takes an
 * optimizer's own momentum from the mean one before to the mean one now, so that the optimizer is adam itself, with its second moment frozen
 * (`adam:freeze=` as many steps).
 */
export const onebitAdam = define(
  'onebit-adam',
  'gradients as they are at first, then what the codec says of momenta; with adam:freeze=warmup',
  {
    warmup: z
      .number()
      .int()
      .min(0)
      .max(1e9)
      .default(1000)
      .describe("steps whose gradients go as they are; the optimizer's freeze"),
    beta1: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe("share of the momentum that goes on; the optimizer's"),
  },
  ({ warmup, beta1 }): ExchangeMaker =>
    (request) => {
      const { workspace, buckets, codec } = request;
      const { kernels } = workspace;
      const before = allreduce({ ...request, codec: none.create({}) });
      const after = fitting[exchangeFor(codec)](request);
      const clock = new Clock();
      const places = placesOf(buckets);
      const momenta = buckets.map(({ values: { length } }) => workspace.allocateValues(length));
      const own = momenta.map((momentum, bucket) => ({
        place: places[bucket],
        length: momentum.length,
        state: { momentum: ndarray(workspace.floats(momentum)) },
      }));
      return {
        state: { ...after.state, ...named(own) },
        times: {
          get codecMs() {
            return clock.codecMs + before.times.codecMs + after.times.codecMs;
          },
          get wireMs() {
            return before.times.wireMs + after.times.wireMs;
          },
        },
        async reduce(bucket, step) {
          const { offset, length } = buckets[bucket].values;
          const momentum = momenta[bucket].offset;
          if (step <= warmup) {
            await before.reduce(bucket, step);
            clock.codec(() => kernels.mix(momentum, offset, length, beta1));
            return;
          }
          // The momentum with this rank's gradient in the place of the mean one.
          clock.codec(() => kernels.mix(offset, momentum, length, 1 - beta1));
          await after.reduce(bucket, step);
          clock.codec(() => kernels.unmix(offset, momentum, length, beta1));
        },
      };
    },
);
