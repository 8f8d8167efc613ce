import type { LinearCoder } from '../codec/codec.js';
import type { Values } from '../codec/workspace.js';
import { Clock } from './clock.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { named, placesOf } from './named.js';

export interface Summing {
  /** For a codec whose messages cannot be summed. @throws ScreeError */
  readonly refuse: () => never;
  /** Sums a part over the ranks, in place. */
  readonly sum: (part: Values, bucket: number) => Promise<void>;
}

/** Sums over the ranks what the codec says, round by round: for codecs whose messages add up. */
export function bySums(request: ExchangeRequest, { refuse, sum }: Summing): Exchange {
  const { collective, codec, workspace, buckets, seed } = request;
  const { rank, size: ranks } = collective;
  const clock = new Clock();
  const coders = buckets.map(({ values: { length }, shapes }): LinearCoder => {
    const coder = codec.create({ workspace, length, shapes, seed, rank, ranks });
    return coder.kind === 'linear' ? coder : refuse();
  });
  const places = placesOf(buckets);
  return {
    state: named(
      coders.map(({ state }, index) => ({
        place: places[index],
        length: buckets[index].values.length,
        state,
      })),
    ),
    times: clock,
    async reduce(bucket, step) {
      const began = performance.now();
      let waited = 0;
      await coders[bucket].reduce(buckets[bucket].values, step, async (part) => {
        const from = performance.now();
        await sum(part, bucket);
        waited += performance.now() - from;
      });
      clock.wireMs += waited;
      clock.codecMs += performance.now() - began - waited;
    },
  };
}
