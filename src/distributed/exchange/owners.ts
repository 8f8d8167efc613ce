import type { Codec, Coder } from '../codec/codec.js';
import type { Values } from '../codec/workspace.js';
import { Clock } from './clock.js';
import { coderFor } from './coder.js';
import type { Bucket, Exchange, ExchangeRequest } from './exchange.js';
import { Frame } from './frame.js';
import { named, placesOf, type Kept } from './named.js';

/** A stretch of a bucket, and the rank that sums it. */
export interface Part {
  readonly owner: number;
  readonly values: Values;
}

export interface OwnersOptions {
  readonly name: string;
  /** The parts of a bucket: together all its values. */
  readonly partsOf: (bucket: Bucket, index: number) => readonly Part[];
  /**
   * How an owner tells the mean, if not as ranks tell their gradients. Its own gradient then passes its codec as the others' do, for
   * codecs that do more than code; else it enters the sum as it is.
   */
  readonly telling?: Codec;
}

interface Plan {
  readonly owner: number;
  readonly values: Values;
  /** Of this rank's gradient, where it is sent. */
  readonly coder: Coder | undefined;
  /** Of the mean: all ranks decode it; the owner's keeps what a message lacks. */
  readonly teller: Coder;
  readonly frame: Frame;
  readonly told: Frame;
  /** Messages of the other ranks, at the owner. */
  readonly inbox: readonly Frame[];
}

/**
 * Parts of buckets are each summed by an owner, which tells the mean to all; it takes what it told, not what it knows, so that all
 * ranks hold the same.
 */
export function byOwners(request: ExchangeRequest, { name, partsOf, telling }: OwnersOptions): Exchange {
  const { collective, codec, workspace, buckets } = request;
  const { rank, size } = collective;
  const clock = new Clock();
  const others = Array.from({ length: size }, (_, index) => index).filter((other) => other !== rank);
  const kept: Kept[] = [];
  const places = placesOf(buckets);

  const plans = buckets.map((bucket, index) =>
    partsOf(bucket, index).map(({ owner, values }): Plan => {
      const { offset, length } = values;
      const own = owner === rank;
      const place = places[index] + (offset - bucket.values.offset) / 4;
      const coder = own && telling === undefined ? undefined : coderFor(name, request, bucket, length);
      // Decoding changes no state: where ranks and owners code alike, one coder does both.
      const teller =
        telling === undefined && coder !== undefined
          ? coder
          : coderFor(name, { ...request, codec: telling ?? codec }, bucket, length);
      if (coder !== undefined) kept.push({ place, length, state: coder.state });
      if (own) kept.push({ place, length, state: teller.state, ofMean: true });
      const most = (coder ?? teller).maxBytes(length);
      const frame = new Frame(workspace, most);
      return {
        owner,
        values,
        coder,
        teller,
        frame,
        told: telling === undefined ? frame : new Frame(workspace, teller.maxBytes(length)),
        inbox: own ? others.map(() => new Frame(workspace, most)) : [],
      };
    }),
  );
  const tag = (bucket: number, phase: number) => (2 * bucket + phase) % 2 ** 14;
  // The number of a message, for those that round at random: no two are the same. For others it is the step.
  const draw = (step: number, phase: number) => (codec.sparse === true ? step : 2 * step + phase);

  /** This rank's gradient to the owners; those of the others, where it is the owner, added to its own. */
  async function gather(bucket: number, step: number): Promise<void> {
    const sending: Promise<void>[] = [];
    for (const { owner, values, coder, frame } of plans[bucket]) {
      if (coder === undefined) continue;
      const message = clock.codec(() => frame.encode(coder, values, draw(step, 0)));
      if (owner !== rank) sending.push(collective.send(message, owner, tag(bucket, 0)));
      else clock.codec(() => frame.decode(coder, values, false, message.length, rank));
    }
    for (const { values, coder, teller, inbox } of plans[bucket].filter(({ owner }) => owner === rank)) {
      const received = await clock.wire(
        Promise.all(
          others.map((other, index) => collective.receive(inbox[index].room, other, tag(bucket, 0))),
        ),
      );
      clock.codec(() =>
        received.forEach(({ bytes, from }, index) =>
          inbox[index].decode(coder ?? teller, values, true, bytes, from),
        ),
      );
    }
    await clock.wire(Promise.all(sending));
  }

  /** The mean of the own parts to all others, and theirs to here. */
  async function spread(bucket: number, step: number): Promise<void> {
    const sending: Promise<void>[] = [];
    for (const { values, teller, told } of plans[bucket].filter(({ owner }) => owner === rank)) {
      const message = clock.codec(() => {
        workspace.kernels.scale(values.offset, values.length, 1 / size);
        const encoded = told.encode(teller, values, draw(step, 1));
        told.decode(teller, values, false, encoded.length, rank);
        return encoded;
      });
      sending.push(...others.map((other) => collective.send(message, other, tag(bucket, 1))));
    }
    const awaited = plans[bucket].filter(({ owner }) => owner !== rank);
    const received = await clock.wire(
      Promise.all(awaited.map(({ owner, told }) => collective.receive(told.room, owner, tag(bucket, 1)))),
    );
    clock.codec(() =>
      received.forEach(({ bytes, from }, index) => {
        const { values, teller, told } = awaited[index];
        told.decode(teller, values, false, bytes, from);
      }),
    );
    await clock.wire(Promise.all(sending));
  }

  return {
    state: named(kept),
    times: clock,
    async reduce(bucket, step) {
      if (size === 1) return;
      await gather(bucket, step);
      await spread(bucket, step);
    },
  };
}
