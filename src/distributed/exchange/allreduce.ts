import { ScreeError } from '../../graph/errors.js';
import type { CoderState } from '../codec/codec.js';
import { Clock } from './clock.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { named, placesOf } from './named.js';

/**
 * Sums on a ring what the codec says, and decodes the sum: for codecs whose messages add up.
 * @throws ScreeError for a codec whose messages do not
 */
export function allreduce({ collective, codec, workspace, buckets, seed }: ExchangeRequest): Exchange {
  const { rank, size: ranks } = collective;
  const clock = new Clock();
  const coders = buckets.map(({ values: { length }, shapes }) => {
    const coder = codec.create({ workspace, length, shapes, seed, rank, ranks });
    if (coder.kind === 'linear') return coder;
    throw new ScreeError(
      `allreduce: messages of ${codec.name} cannot be summed before they are decoded; take the exchange two-phase or allgather`,
    );
  });
  const places = placesOf(buckets);
  const state: CoderState = named(
    coders.map((coder, index) => ({
      place: places[index],
      length: buckets[index].values.length,
      state: coder.state,
    })),
  );
  return {
    state,
    times: clock,
    async reduce(bucket, step) {
      const began = performance.now();
      let waited = 0;
      await coders[bucket].reduce(buckets[bucket].values, step, async (part) => {
        const from = performance.now();
        // A second round of one bucket may come before or after another's first.
        await collective.allReduce(workspace.floats(part), bucket);
        waited += performance.now() - from;
      });
      clock.wireMs += waited;
      clock.codecMs += performance.now() - began - waited;
    },
  };
}
