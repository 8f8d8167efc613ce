import { coderFor } from './coder.js';
import { Clock } from './clock.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { Frame } from './frame.js';
import { named, placesOf } from './named.js';

/** Everyone gets everyone's message, and decodes and sums them in the order of the ranks: P − 1 messages a rank and bucket. */
export function allgather(request: ExchangeRequest): Exchange {
  const { collective, workspace, buckets } = request;
  const { rank, size } = collective;
  const clock = new Clock();
  const places = placesOf(buckets);
  const ranks = Array.from({ length: size }, (_, index) => index);
  const parts = buckets.map((bucket) => {
    const coder = coderFor('allgather', request, bucket, bucket.values.length);
    const most = coder.maxBytes(bucket.values.length);
    return { coder, frames: ranks.map(() => new Frame(workspace, most)) };
  });
  return {
    state: named(
      parts.map(({ coder: { state } }, index) => ({
        place: places[index],
        length: buckets[index].values.length,
        state,
      })),
    ),
    times: clock,
    async reduce(bucket, step) {
      if (size === 1) return;
      const { values } = buckets[bucket];
      const { coder, frames } = parts[bucket];
      const message = clock.codec(() => frames[rank].encode(coder, values, step));
      const received = await clock.wire(
        Promise.all(
          ranks.map(async (other) => {
            if (other === rank) return message.length;
            const [{ bytes }] = await Promise.all([
              collective.receive(frames[other].room, other, bucket),
              collective.send(message, other, bucket),
            ]);
            return bytes;
          }),
        ),
      );
      clock.codec(() => {
        for (const other of ranks) frames[other].decode(coder, values, other > 0, received[other], other);
        workspace.kernels.scale(values.offset, values.length, 1 / size);
      });
    },
  };
}
