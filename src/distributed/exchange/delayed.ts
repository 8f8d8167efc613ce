import { ndarray } from '../../graph/ndarray.js';
import type { Exchange, ExchangeMaker, ExchangeRequest } from './exchange.js';
import { named, placesOf } from './named.js';

/**
 * An exchange whose means are applied some steps later, so that they travel meanwhile: step t gives the mean of step t − K, zeros for
 * the first K. All ranks hold the same at every step.
 */
export function delayed(request: ExchangeRequest, steps: number, make: ExchangeMaker): Exchange {
  const { workspace, buckets } = request;
  const places = placesOf(buckets);
  const slotCount = steps + 1;
  const copies = buckets.map(({ values: { length } }) => ({
    /** Where the inner exchange works. */
    working: workspace.allocateValues(length),
    /** A step's gradient, then its mean, at its number modulo K + 1. */
    slots: Array.from({ length: slotCount }, () => workspace.allocateValues(length)),
  }));
  const inner = make({
    ...request,
    buckets: buckets.map((bucket, index) => ({ ...bucket, values: copies[index].working })),
  });
  const done = buckets.map(() => new Array<Promise<void>>(slotCount).fill(Promise.resolve()));
  const last = buckets.map(() => Promise.resolve());
  const own = buckets.map(({ values: { length } }, bucket) => ({
    place: places[bucket],
    length,
    state: Object.fromEntries(
      copies[bucket].slots.map((slot, index) => [`late${index}`, ndarray(workspace.floats(slot))]),
    ),
  }));
  return {
    state: { ...inner.state, ...named(own) },
    times: inner.times,
    async settle() {
      await Promise.all(last);
    },
    async reduce(bucket, step) {
      const { working, slots } = copies[bucket];
      const values = workspace.floats(buckets[bucket].values);
      const room = workspace.floats(slots[step % slotCount]);
      const work = workspace.floats(working);
      room.set(values);
      const before = last[bucket];
      const run = async () => {
        await before;
        work.set(room);
        await inner.reduce(bucket, step);
        room.set(work);
      };
      last[bucket] = run();
      done[bucket][step % slotCount] = last[bucket];
      // A failure is told to the step that waits for it.
      last[bucket].catch(() => undefined);
      const due = (step + 1) % slotCount;
      await done[bucket][due];
      values.set(workspace.floats(slots[due]));
    },
  };
}
