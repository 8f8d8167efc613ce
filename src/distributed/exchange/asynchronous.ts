import { z } from 'zod';
import { ScreeError } from '../../graph/errors.js';
import type { NDArray } from '../../graph/ndarray.js';
import { define } from '../../optim/index.js';
import { bucketGradient } from '../buckets.js';
import type { Coder } from '../codec/codec.js';
import type { Values, Workspace } from '../codec/workspace.js';
import { Clock } from './clock.js';
import { coderFor } from './coder.js';
import { Ending } from './ending.js';
import { Frame } from './frame.js';
import { Gate } from './gate.js';
import { named, placesOf } from './named.js';
import type { Synchroniser, SynchroniserMaker, SynchroniserRequest } from './synchroniser.js';
import { tellingCodec } from './telling.js';

/*
 * A parameter server whose ranks do not wait for each other (Ho et al. 2013, "More effective distributed ML via a stale synchronous
 * parallel parameter server"). Each rank steps with its own optimiser and tells the server of each bucket how far it came; the server adds
 * a P-th of that to what it holds, whenever it comes, and answers with what has changed there since its last answer. Both messages are
 * coded, each with its own feedback. A rank goes on meanwhile, and takes in each answer a step later; it waits only where it is more than
 * `staleness` steps ahead of the slowest. What a rank holds is what it has heard, and its own steps that it has not heard back.
 * When ranks meet, servers tell what they hold as it is, so that all have the same bits. In which order changes arrive is a matter of
 * time: two runs differ.
 */

export interface Staleness {
  /** Steps that a rank may be ahead of the slowest. */
  readonly staleness: number;
  /** Bucket b's server is rank b mod `servers`. */
  readonly servers: number;
}

/** Values as they are, with a checksum like any other message. */
function plainCoder(workspace: Workspace): Coder {
  return {
    kind: 'coder',
    state: {},
    maxBytes: (length) => 4 * length,
    encode(values, out) {
      workspace.floats({ offset: out, length: values.length }).set(workspace.floats(values));
      return 4 * values.length;
    },
    decode(message, bytes, into, adding) {
      if (bytes !== 4 * into.length) {
        throw new ScreeError(`none: a message of ${bytes} bytes came where one has ${4 * into.length}`);
      }
      if (adding) workspace.kernels.add(into.offset, message, into.length);
      else workspace.floats(into).set(workspace.floats({ offset: message, length: into.length }));
    },
  };
}

const tagOf = (bucket: number, answer: boolean) => (2 * bucket + Number(answer)) % (2 ** 14 - 4);

/** What a server holds of one bucket. */
interface Shelf {
  readonly values: Float32Array;
  readonly gate: Gate;
  /** For each other rank: what it was told, the coder of what it was not, and places for messages. */
  readonly ranks: readonly {
    readonly rank: number;
    readonly told: Float32Array;
    readonly coder: Coder;
    readonly inbox: Frame;
    readonly outbox: Frame;
    sent: Promise<void>;
  }[];
}

/** One bucket on one rank. */
interface Stretch {
  readonly server: number;
  readonly values: Values;
  /** What was heard, and what of one's own was not heard back, by step modulo lag + 1. */
  readonly heard: Values;
  readonly own: readonly Values[];
  readonly coder: Coder;
  readonly outbox: readonly Frame[];
  readonly inbox: readonly Frame[];
  readonly answers: Promise<void>[];
  readonly sent: Promise<void>[];
  readonly shelf: Shelf | undefined;
}

function asynchronous(request: SynchroniserRequest, { staleness, servers }: Staleness): Synchroniser {
  const { collective, codec, workspace, shapes, bucketBytes } = request;
  const { rank, size } = collective;
  if (servers > size) {
    throw new ScreeError(`server: ${servers} servers need as many ranks, and there are ${size}`);
  }
  const { buckets, gradients } = bucketGradient(workspace, shapes, bucketBytes);
  const { kernels } = workspace;
  const clock = new Clock();
  const others = Array.from({ length: size }, (_, index) => index).filter((other) => other !== rank);
  // Answers are taken in a step later, if ranks may differ at all.
  const lag = Math.min(1, staleness);
  const slots = lag + 1;
  const slack = staleness - lag;
  const most = Math.max(...buckets.map(({ values }) => values.length));
  const scratch = workspace.allocateValues(most);
  const told = codec.sparse === true ? tellingCodec(codec) : codec;
  const makeCoder = (bucket: (typeof buckets)[number]): Coder =>
    codec.name === 'none'
      ? plainCoder(workspace)
      : coderFor('server', { ...request, codec: told, buckets }, bucket, bucket.values.length);

  const stretches = buckets.map((bucket, index): Stretch => {
    const { values } = bucket;
    const { length } = values;
    const server = index % servers;
    const coder = makeCoder(bucket);
    const frames = (own: Coder) =>
      Array.from({ length: slots }, () => new Frame(workspace, own.maxBytes(length)));
    const room = () => workspace.floats(workspace.allocateValues(length));
    return {
      server,
      values,
      heard: workspace.allocateValues(length),
      own: Array.from({ length: slots }, () => workspace.allocateValues(length)),
      coder,
      outbox: frames(coder),
      inbox: frames(coder),
      answers: new Array<Promise<void>>(slots).fill(Promise.resolve()),
      sent: new Array<Promise<void>>(slots).fill(Promise.resolve()),
      shelf:
        server === rank
          ? {
              values: room(),
              gate: new Gate(size, slack),
              ranks: others.map((other) => {
                const answering = makeCoder(bucket);
                const frame = () => new Frame(workspace, answering.maxBytes(length));
                const places = { inbox: frame(), outbox: frame(), sent: Promise.resolve() };
                return { rank: other, told: room(), coder: answering, ...places };
              }),
            }
          : undefined,
    };
  });

  /** What this rank holds, as bucketed values: what it heard, and its own. */
  function compose({ values, heard, own }: Stretch): void {
    workspace.floats(values).set(workspace.floats(heard));
    for (const slot of own) kernels.add(values.offset, slot.offset, values.length);
  }

  /** Copies the parameters into the buckets, or back. */
  const read = (current: readonly NDArray[]) =>
    gradients.forEach(({ data }, tensor) => data.set(current[tensor].data));
  const write = (current: readonly NDArray[]) =>
    gradients.forEach(({ data }, tensor) => current[tensor].data.set(data));

  /** All hold what the buckets hold, and nothing is on its way. */
  function settleOn(step: number): void {
    for (const { values, heard, own, shelf } of stretches) {
      const floats = workspace.floats(values);
      workspace.floats(heard).set(floats);
      for (const slot of own) workspace.floats(slot).fill(0);
      if (shelf === undefined) continue;
      shelf.values.set(floats);
      shelf.gate.restart(step);
      for (const { told: known, coder } of shelf.ranks) {
        known.set(floats);
        // What an answer lacked is known now.
        coder.state.residual?.data.fill(0);
      }
    }
  }
  /** A failure while serving, for whoever waits next. */
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const orFailure = <T>(work: Promise<T>): Promise<T> => Promise.race([work, failed]);

  /** Answers a rank: what has changed since the last time. */
  function answer(shelf: Shelf, index: number, bucket: number, step: number): void {
    const one = shelf.ranks[index];
    const values = { offset: scratch.offset, length: shelf.values.length };
    one.sent = one.sent
      .then(() => {
        const message = clock.codec(() => {
          workspace.floats(values).set(shelf.values);
          const change = workspace.floats(values);
          for (let at = 0; at < change.length; at++) change[at] -= one.told[at];
          one.told.set(shelf.values);
          return one.outbox.encode(one.coder, values, 2 * step + 1);
        });
        return collective.send(message, one.rank, tagOf(bucket, true));
      })
      .catch(fail);
  }

  /** Takes a rank's changes of a bucket until it says, by an empty message, that it will meet the others. */
  async function serve(shelf: Shelf, index: number, bucket: number, after: number): Promise<void> {
    const { rank: other, inbox } = shelf.ranks[index];
    const { coder } = stretches[bucket];
    const values = { offset: scratch.offset, length: shelf.values.length };
    for (let step = after + 1; ; step++) {
      const { bytes } = await collective.receive(inbox.room, other, tagOf(bucket, false));
      if (bytes === 0) return;
      clock.codec(() => {
        inbox.decode(coder, values, false, bytes, other);
        const change = workspace.floats(values);
        for (let at = 0; at < change.length; at++) shelf.values[at] += change[at] / size;
      });
      // Not a later change of this rank's before: the answer would tell it of that, too.
      await new Promise<void>((pass) => shelf.gate.arrive(other, step, pass));
      answer(shelf, index, bucket, step);
    }
  }

  const ending = new Ending(collective, slack, lag, (error) => fail(error));
  /** Word of the end, by step: the answers to this rank's. */
  const words: Promise<void>[] = new Array<Promise<void>>(slots).fill(Promise.resolve());
  const places = placesOf(buckets);
  let serving: Promise<unknown> | undefined;

  return {
    every: Infinity,
    state: named(
      stretches.map(({ coder: { state }, values: { length } }, index) => ({
        place: places[index],
        length,
        state,
      })),
    ),
    times: clock,
    loose: {
      begin(current, step) {
        if (serving !== undefined || size === 1) return;
        read(current);
        settleOn(step - 1);
        const works = stretches.flatMap(({ shelf }, bucket) =>
          shelf === undefined ? [] : shelf.ranks.map((_, index) => serve(shelf, index, bucket, step - 1)),
        );
        if (rank === 0) works.push(...ending.serve(others, step - 1));
        serving = Promise.all(works);
        serving.catch(fail);
      },
      endsAt: (step) => ending.isAt(step),
      async step(current, step, wish) {
        if (size === 1) return ending.tell(step, wish);
        const slot = step % slots;
        const due = (step - lag + slots) % slots;
        const before = stretches.map(({ values }) => workspace.floats(values).slice());
        read(current);
        words[slot] = ending.tell(step, wish);
        words[slot].catch(() => undefined);
        for (const [bucket, stretch] of stretches.entries()) {
          const { server, values, heard, own, coder, outbox, inbox, answers, sent, shelf } = stretch;
          await orFailure(clock.wire(sent[slot]));
          const change = workspace.floats(own[slot]);
          const now = workspace.floats(values);
          for (let at = 0; at < now.length; at++) change[at] = now[at] - before[bucket][at];
          if (shelf !== undefined) {
            for (let at = 0; at < change.length; at++) {
              change[at] /= size;
              shelf.values[at] += change[at];
            }
            answers[slot] = new Promise<void>((pass) => shelf.gate.arrive(rank, step, pass)).then(() => {
              // The server's own steps are in what it holds.
              workspace.floats(heard).set(shelf.values);
              for (const mine of own) workspace.floats(mine).fill(0);
            });
            continue;
          }
          const message = clock.codec(() => {
            const framed = outbox[slot].encode(coder, own[slot], 2 * step);
            outbox[slot].decode(coder, own[slot], false, framed.length, rank);
            kernels.scale(own[slot].offset, own[slot].length, 1 / size);
            return framed;
          });
          sent[slot] = collective.send(message, server, tagOf(bucket, false));
          sent[slot].catch(fail);
          answers[slot] = collective
            .receive(inbox[slot].room, server, tagOf(bucket, true))
            .then(({ bytes }) => {
              clock.codec(() => {
                inbox[slot].decode(coder, heard, true, bytes, server);
                workspace.floats(own[slot]).fill(0);
              });
            });
          answers[slot].catch(() => undefined);
        }
        await orFailure(
          clock.wire(Promise.all([...stretches.map(({ answers }) => answers[due]), words[due]])),
        );
        stretches.forEach(compose);
        write(current);
      },
      async meet(current) {
        if (serving === undefined) return;
        await orFailure(
          clock.wire(
            Promise.all([...stretches.flatMap(({ answers, sent }) => [...answers, ...sent]), ...words]),
          ),
        );
        const nothing = new Uint8Array(0);
        await orFailure(
          clock.wire(
            Promise.all([
              ...stretches.flatMap(({ server }, bucket) =>
                server === rank ? [] : [collective.send(nothing, server, tagOf(bucket, false))],
              ),
              ending.pause(),
              serving,
            ]),
          ),
        );
        serving = undefined;
        for (const { server, values, shelf } of stretches) {
          const floats = workspace.floats(values);
          if (shelf !== undefined) floats.set(shelf.values);
          const { buffer, byteOffset, byteLength } = floats;
          await clock.wire(collective.broadcast(new Uint8Array(buffer, byteOffset, byteLength), server));
        }
        write(current);
      },
    },
    afterStep: () => Promise.resolve(false),
  };
}

export const asynchronousServer = define(
  'server',
  'with staleness=N: ranks train on their own, and tell servers, without to wait for each other beyond N steps',
  {
    staleness: z
      .number()
      .int()
      .min(0)
      .max(1024)
      .default(4)
      .describe('steps that a rank may be ahead of the slowest'),
    servers: z.number().int().min(1).max(1024).default(1).describe('ranks that serve, by buckets'),
  },
  (options): SynchroniserMaker =>
    (request) =>
      asynchronous(request, options),
);
