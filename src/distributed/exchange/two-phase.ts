import { ScreeError } from '../../graph/errors.js';
import type { Values } from '../codec/workspace.js';
import { coderFor } from './coder.js';
import { Clock } from './clock.js';
import type { Exchange, ExchangeRequest } from './exchange.js';
import { Frame } from './frame.js';
import { named } from './named.js';

/** Parts begin at a multiple of so many values: a cache line. */
const grain = 16;

/** Rank r's part of a bucket. */
function partOf({ offset, length }: Values, part: number, parts: number): Values {
  const grains = Math.ceil(length / grain);
  const border = (index: number) => Math.min(length, Math.floor((index * grains) / parts) * grain);
  const start = border(part);
  return { offset: offset + 4 * start, length: border(part + 1) - start };
}

/**
 * Each rank owns a part of every bucket: it gets the others' messages of it, sums what they say, encodes the mean again and tells
 * everyone; it keeps what it told, not what it knows, so that all ranks hold the same. Two messages of n/P values a rank and pair of
 * ranks, whatever the codec.
 * @throws ScreeError for a codec whose messages are summed, or of a few values only
 */
export function twoPhase(request: ExchangeRequest): Exchange {
  const { collective, codec, workspace, buckets } = request;
  if (codec.sparse === true) {
    throw new ScreeError(
      `two-phase: a sum of several ranks' few values is no longer few, and ${codec.name} would cut it again; take the exchange allgather`,
    );
  }
  const { rank, size } = collective;
  const clock = new Clock();
  const ranks = Array.from({ length: size }, (_, index) => index);
  const others = ranks.filter((other) => other !== rank);
  const plans = buckets.map((bucket) => {
    const parts = ranks.map((other) => partOf(bucket.values, other, size));
    return parts.map((part, owner) => {
      const coder = coderFor('two-phase', request, bucket, part.length);
      const most = coder.maxBytes(part.length);
      return {
        part,
        coder,
        frame: new Frame(workspace, most),
        inbox: owner === rank ? others.map(() => new Frame(workspace, most)) : [],
      };
    });
  });
  const tag = (bucket: number, phase: number) => (2 * bucket + phase) % 2 ** 14;

  /** The others' messages of the own part, added to it. */
  async function gather(bucket: number, step: number): Promise<void> {
    const plan = plans[bucket];
    const own = plan[rank];
    const sending = others.map((owner) => {
      const { coder, part, frame } = plan[owner];
      const message = clock.codec(() => frame.encode(coder, part, 2 * step));
      return collective.send(message, owner, tag(bucket, 0));
    });
    const receiving = others.map((other, index) =>
      collective.receive(own.inbox[index].room, other, tag(bucket, 0)),
    );
    const received = await clock.wire(Promise.all(receiving));
    clock.codec(() =>
      received.forEach(({ bytes, from }, index) =>
        own.inbox[index].decode(own.coder, own.part, true, bytes, from),
      ),
    );
    await clock.wire(Promise.all(sending));
  }

  /** The mean of the own part to all others, and theirs to here. */
  async function spread(bucket: number, step: number): Promise<void> {
    const plan = plans[bucket];
    const { coder, part, frame } = plan[rank];
    const message = clock.codec(() => {
      workspace.kernels.scale(part.offset, part.length, 1 / size);
      const encoded = frame.encode(coder, part, 2 * step + 1);
      frame.decode(coder, part, false, encoded.length, rank);
      return encoded;
    });
    const sending = others.map((other) => collective.send(message, other, tag(bucket, 1)));
    const received = await clock.wire(
      Promise.all(others.map((owner) => collective.receive(plan[owner].frame.room, owner, tag(bucket, 1)))),
    );
    clock.codec(() => {
      for (const { from, bytes } of received) {
        const { coder: theirs, part: place, frame: inbox } = plan[from];
        inbox.decode(theirs, place, false, bytes, from);
      }
    });
    await clock.wire(Promise.all(sending));
  }

  return {
    state: named(plans.flatMap((plan) => plan.map(({ coder }) => coder.state))),
    times: clock,
    async reduce(bucket, step) {
      if (size === 1) return;
      await gather(bucket, step);
      await spread(bucket, step);
    },
  };
}
