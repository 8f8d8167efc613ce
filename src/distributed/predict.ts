import { sizeOf, type Shape } from '../graph/shape.js';
import { Generator, normal } from '../random/index.js';
import { exchangeFor, isLinear } from './exchange/fitting.js';
import type { Codec } from './codec/codec.js';
import { withFeedback } from './codec/feedback.js';
import { Workspace } from './codec/workspace.js';

/** What a rank's network interface does: so much out and as much in at the same time. */
export interface Link {
  readonly bytesPerSecond: number;
  /** From the start of a message to its arrival, in seconds, beside its length. */
  readonly latencySeconds: number;
}

/** What a codec costs for one gradient on this machine. */
export interface CodecCost {
  readonly linear: boolean;
  /** Of the messages that one encoding of the whole gradient makes. */
  readonly messageBytes: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** Values that are coded to measure a codec: more do not change its speed. */
const mostValues = 2 ** 22;

/** A gradient's shapes, or so many of the first that they have about `mostValues`. */
function sampleOf(shapes: readonly Shape[]): Shape[] {
  const sample: Shape[] = [];
  let values = 0;
  for (const shape of shapes) {
    if (values > 0 && values + sizeOf(shape) > mostValues) continue;
    sample.push(shape);
    values += sizeOf(shape);
  }
  return sample;
}

/** The least time of some runs of a work, in milliseconds. */
async function least(work: () => void | Promise<void>): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < 3; run++) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

/** Codes a random gradient of such shapes and says what it took, for all its values. */
export async function measureCodec(
  codec: Codec,
  shapes: readonly Shape[],
  ranks: number,
): Promise<CodecCost> {
  const sample = sampleOf(shapes);
  const length = sample.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const factor = total / length;
  const workspace = new Workspace();
  const coder = codec.create({ workspace, length, shapes: sample, seed: 0, rank: 0, ranks });
  const values = workspace.allocateValues(length);
  const fill = normal(new Generator(0), [length]).data;
  if (coder.kind === 'linear') {
    let bytes = 0;
    const encodeMs = await least(async () => {
      workspace.floats(values).set(fill);
      bytes = 0;
      await coder.reduce(values, 1, (part) => {
        bytes += 4 * part.length;
        return Promise.resolve();
      });
    });
    return { linear: true, messageBytes: bytes * factor, encodeMs: encodeMs * factor, decodeMs: 0 };
  }
  const out = workspace.allocate(coder.maxBytes(length));
  const into = workspace.allocateValues(length);
  workspace.floats(values).set(fill);
  let bytes = 0;
  const encodeMs = await least(() => {
    bytes = coder.encode(values, out, 1);
  });
  const decodeMs = await least(() => coder.decode(out, bytes, into, true));
  return {
    linear: false,
    messageBytes: bytes * factor,
    encodeMs: encodeMs * factor,
    decodeMs: decodeMs * factor,
  };
}

/** What a step of an exchange is expected to take, without computation. */
export interface Prediction {
  readonly exchange: string;
  readonly codec: string;
  /** Sent by one rank. */
  readonly bytesPerStep: number;
  readonly codecMs: number;
  readonly wireMs: number;
}

/** The exchanges that have a formula, and which codecs go with them. */
export const predictable = ['allreduce', 'two-phase', 'allgather'] as const;
export type PredictableExchange = (typeof predictable)[number];

export function goesWith(exchange: PredictableExchange, codec: Codec): boolean {
  if (isLinear(codec)) return exchange === 'allreduce';
  return exchange === 'allgather' || (exchange === 'two-phase' && codec.sparse !== true);
}

/**
 * Bytes, times of the codec and of the wire of one exchange of a gradient between P ranks, with messages of M bytes for all its values.
 * All-reduce: 2(P − 1)/P · M and as many rounds as steps of the ring; two-phase: the same bytes in two rounds, the
 * gradient encoded once more for the parts a rank owns; all-gather: (P − 1) · M in one round, P messages to be decoded.
 */
export function predict(
  exchange: PredictableExchange,
  codec: Codec,
  cost: CodecCost,
  ranks: number,
  { bytesPerSecond, latencySeconds }: Link,
): Prediction {
  const { messageBytes, encodeMs, decodeMs } = cost;
  const others = ranks - 1;
  const forms = {
    allreduce: { bytes: ((2 * others) / ranks) * messageBytes, rounds: 2 * others, encodes: 1, decodes: 1 },
    'two-phase': {
      bytes: ((2 * others) / ranks) * messageBytes,
      rounds: 2,
      encodes: 1,
      decodes: (2 * ranks - 1) / ranks,
    },
    allgather: { bytes: others * messageBytes, rounds: 1, encodes: 1, decodes: ranks },
  };
  const { bytes, rounds, encodes, decodes } = forms[exchange];
  return {
    exchange,
    codec: codec.name,
    bytesPerStep: ranks === 1 ? 0 : bytes,
    codecMs: encodes * encodeMs + decodes * decodeMs,
    wireMs: ranks === 1 ? 0 : 1000 * (bytes / bytesPerSecond + rounds * latencySeconds),
  };
}

/** A codec as it would be trained with. */
export const trainedCodec = (codec: Codec): Codec => (codec.needsFeedback ? withFeedback(codec) : codec);

/** What a codec is expected to take in an exchange: by default its own. */
export async function predictChosen(
  codec: Codec,
  chosen: PredictableExchange | undefined,
  shapes: readonly Shape[],
  ranks: number,
  link: Link,
): Promise<Prediction> {
  const exchange = chosen ?? exchangeFor(codec);
  const form = predictable.find((known) => known === exchange) ?? 'allgather';
  return predict(form, codec, await measureCodec(trainedCodec(codec), shapes, ranks), ranks, link);
}
