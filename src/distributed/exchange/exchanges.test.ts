import { describe, expect, test } from 'vitest';
import { withFeedback } from '../codec/feedback.js';
import { codecs, parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import { bucketGradient } from '../buckets.js';
import { joinThreads, threadSeats } from '../collective/threads.js';
import { exchangeByName, exchanges } from './registry.js';
import { Frame } from './frame.js';

const shapes = [[64, 3, 3, 3], [64], [10, 577], [10], [1]];

const gradient = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(seed * 31 + index * 0.7) * 1e-2);

/** Takes steps on so many ranks. @returns each rank's gradient after each step, and its traffic */
async function run(exchange: string, codec: string, ranks: number, steps: number) {
  const group = threadSeats(ranks).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (collective) => {
      const workspace = new Workspace();
      const { buckets, gradients } = bucketGradient(workspace, shapes, 8000);
      const chosen = withFeedback(parseCodec(codec));
      const made = exchangeByName(exchange)({ collective, codec: chosen, workspace, buckets, seed: 7 });
      const reduced: Float32Array[] = [];
      for (let step = 1; step <= steps; step++) {
        gradients.forEach(({ data }, index) =>
          data.set(gradient(data.length, 100 * step + 10 * index + collective.rank)),
        );
        await Promise.all(buckets.map((_, bucket) => made.reduce(bucket, step)));
        reduced.push(Float32Array.from(gradients.flatMap(({ data }) => [...data])));
      }
      const { sentBytes } = collective.traffic;
      await collective.close();
      return { reduced, sentBytes };
    }),
  );
}

/** Whether a codec goes with an exchange. */
function fits(exchange: string, name: string): boolean {
  const codec = parseCodec(name);
  const workspace = new Workspace();
  const { kind } = codec.create({ workspace, length: 4, shapes: [[4]], seed: 0, rank: 0, ranks: 1 });
  if (exchange.startsWith('server') || exchange === 'hierarchical') return true;
  if (exchange === 'sparse' || exchange === 'two-phase')
    return kind === 'coder' && (codec.sparse === true) === (exchange === 'sparse');
  return (exchange === 'allreduce') === (kind === 'linear');
}

const pairs = Object.keys(exchanges).flatMap((exchange) =>
  Object.keys(codecs)
    .filter((codec) => fits(exchange, codec))
    .map((codec) => ({ exchange, codec })),
);

describe.each(pairs)('$exchange of $codec', ({ exchange, codec }) => {
  test.each([1, 2, 3, 5, 8])('gives the same bits on each of %i ranks', async (ranks) => {
    const results = await run(exchange, codec, ranks, 3);
    const bits = results.map(({ reduced }) =>
      reduced.map((values) => Buffer.from(values.buffer).toString('hex')),
    );
    expect(bits.every((other) => other.every((step, index) => step === bits[0][index]))).toBe(true);
  });
});

describe('means', () => {
  test.each(pairs.filter(({ codec }) => codec === 'none' || codec === 'fp16' || codec === 'bf16'))(
    '$exchange of $codec gives the mean of all ranks to its precision',
    async ({ exchange, codec }) => {
      const [{ reduced }] = await run(exchange, codec, 3, 1);
      let place = 0;
      // Relative rounding of one and, in two phases, of two conversions of numbers up to 1e-2.
      const tolerance = { none: 1e-8, fp16: 2e-5, bf16: 2e-4 }[codec] ?? 0;
      shapes.forEach((shape, index) => {
        const length = shape.reduce((product, extent) => product * extent, 1);
        const parts = [0, 1, 2].map((rank) => gradient(length, 100 + 10 * index + rank));
        for (let at = 0; at < length; at++) {
          const mean = (parts[0][at] + parts[1][at] + parts[2][at]) / 3;
          expect(Math.abs(reduced[0][place++] - mean)).toBeLessThan(tolerance);
        }
      });
    },
  );
});

describe('messages', () => {
  test('a damaged message is told by its checksum, a short one by its length', () => {
    const workspace = new Workspace();
    const coder = parseCodec('int8').create({
      workspace,
      length: 32,
      shapes: [[32]],
      seed: 0,
      rank: 0,
      ranks: 2,
    });
    if (coder.kind !== 'coder') throw new Error('int8 is a coder');
    const values = workspace.allocateValues(32);
    const frame = new Frame(workspace, coder.maxBytes(32));
    const message = frame.encode(coder, values, 1);
    frame.decode(coder, values, false, message.length, 1);
    message[20] ^= 1;
    expect(() => frame.decode(coder, values, false, message.length, 1)).toThrow('from rank 1 is damaged');
    message[20] ^= 1;
    expect(() => frame.decode(coder, values, false, message.length - 1, 1)).toThrow('from rank 1 is damaged');
  });

  test('a codec that sums and an exchange that does not are told apart', async () => {
    await expect(run('two-phase', 'none', 2, 1)).rejects.toThrow('take the exchange allreduce');
    await expect(run('two-phase', 'topk', 2, 1)).rejects.toThrow('take the exchange sparse or allgather');
    await expect(run('allreduce', 'int8', 2, 1)).rejects.toThrow('take the exchange two-phase or allgather');
  });
});
