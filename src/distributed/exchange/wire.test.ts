import { describe, expect, test } from 'vitest';
import { bucketGradient } from '../buckets.js';
import { withFeedback } from '../codec/feedback.js';
import { parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import { joinThreads, threadSeats } from '../collective/threads.js';
import { exchangeByName } from './registry.js';

const gradient = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, index) => Math.sin(seed * 31 + index * index * 0.7) * 1e-2);

interface Run {
  readonly exchange: string;
  readonly codec: string;
  readonly ranks: number;
  readonly steps: number;
  readonly shapes: readonly (readonly number[])[];
}

/** Takes steps on ranks of one process. @returns of each rank what it gave, what it got, its state and its traffic */
async function run({ exchange, codec, ranks, steps, shapes }: Run) {
  const group = threadSeats(ranks).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (collective) => {
      const workspace = new Workspace();
      const { buckets } = bucketGradient(workspace, shapes, 2 ** 21);
      const request = { collective, codec: withFeedback(parseCodec(codec)), workspace, buckets, seed: 7 };
      const made = exchangeByName(exchange)(request);
      const given: Float32Array[] = [];
      const got: Float32Array[] = [];
      const all = () => {
        const parts = buckets.map(({ values }) => workspace.floats(values));
        const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
        let place = 0;
        for (const part of parts) whole.set(part, (place += part.length) - part.length);
        return whole;
      };
      for (let step = 1; step <= steps; step++) {
        buckets.forEach(({ values }, index) =>
          workspace.floats(values).set(gradient(values.length, 100 * step + 10 * index + collective.rank)),
        );
        given.push(all());
        await Promise.all(buckets.map((_, bucket) => made.reduce(bucket, step)));
        got.push(all());
      }
      await made.settle?.();
      const { sentBytes, receivedBytes } = collective.traffic;
      await collective.close();
      return { given, got, state: made.state, sentBytes, receivedBytes };
    }),
  );
}

describe('conservation', () => {
  const shapes = [[64, 3, 3, 3], [64], [10, 577], [10], [1]];
  const coded = [
    'int8',
    'onebit',
    'sign',
    'twobit:threshold=0.002',
    'qsgd',
    'natural',
    'terngrad',
    'drive',
    'bf16',
  ];
  const few = ['topk:ratio=0.02', 'topk:ratio=0.02,half', 'dgc:ratio=0.02,momentum=0'];
  const summed = ['randomk:ratio=0.02', 'powersgd', 'none'];
  const cases = [
    ...coded.flatMap((codec) =>
      ['two-phase', 'allgather', 'server:servers=2'].map((exchange) => ({ exchange, codec })),
    ),
    ...few.flatMap((codec) => ['sparse', 'allgather', 'server'].map((exchange) => ({ exchange, codec }))),
    ...summed.flatMap((codec) => ['allreduce', 'server'].map((exchange) => ({ exchange, codec }))),
  ];
  test.each(cases)(
    '$exchange of $codec: told + kept = the mean of all gradients',
    async ({ exchange, codec }) => {
      const [ranks, steps] = [3, 3];
      const results = await run({ exchange, codec, ranks, steps, shapes });
      const length = results[0].given[0].length;
      const missing = new Float64Array(length);
      for (const { given } of results)
        for (const values of given) values.forEach((value, index) => (missing[index] += value / ranks));
      for (const values of results[0].got) values.forEach((value, index) => (missing[index] -= value));
      for (const { state } of results) {
        for (const [name, { data }] of Object.entries(state)) {
          const [, mean, place] = /^(mean\.)?(\d+)\.residual$/.exec(name) ?? [];
          if (place === undefined) continue;
          const weight = mean === undefined ? 1 / ranks : 1;
          data.forEach((value, index) => (missing[Number(place) + index] -= weight * value));
        }
      }
      // A few dozen roundings of numbers of about 1e-2 to float32.
      expect(Math.max(...missing.map(Math.abs))).toBeLessThan(1e-6);
      expect(results[0].got.some((values) => values.some((value) => value !== 0))).toBe(true);
    },
  );
});

describe('bytes on the wire', () => {
  const [rows, columns] = [350, 715];
  const values = rows * columns;
  /** What is published of a message of n values. */
  const formulas: Readonly<Record<string, (n: number) => number>> = {
    none: (n) => 4 * n,
    fp16: (n) => 2 * n,
    bf16: (n) => 2 * n,
    int8: (n) => n + (4 * n) / 512,
    onebit: (n) => n / 8 + (8 * n) / 4096,
    sign: (n) => n / 8 + (4 * n) / 4096,
    twobit: (n) => n / 4,
    terngrad: (n) => n / 4 + (4 * n) / 4096,
    qsgd: (n) => n / 2 + (4 * n) / 512,
    natural: (n) => n,
    randomk: (n) => 0.001 * 4 * n,
    powersgd: () => 4 * 2 * (rows + columns),
  };
  const linear = new Set(['none', 'randomk', 'powersgd']);
  const cases = Object.keys(formulas).flatMap((codec) =>
    (linear.has(codec) ? ['allreduce', 'server'] : ['two-phase', 'allgather', 'server']).map((exchange) => ({
      exchange,
      codec,
    })),
  );
  test.each(cases)('$exchange of $codec', async ({ exchange, codec }) => {
    const ranks = 3;
    const results = await run({ exchange, codec, ranks, steps: 1, shapes: [[rows, columns]] });
    const message = formulas[codec](values);
    const others = ranks - 1;
    // All ranks together.
    const expected =
      {
        allreduce: 2 * others * message,
        'two-phase': 2 * others * message,
        allgather: ranks * others * message,
        server: 2 * others * message,
      }[exchange] ?? 0;
    const sent = results.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const received = results.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
    // The barrier of `close`: two messages of a byte from each of three ranks.
    expect(sent - received).toBe(0);
    expect(Math.abs(sent - 6 - expected)).toBeLessThanOrEqual(0.005 * expected);
  });

  test.each(['topk', 'dgc', 'topk:half'])(
    'sparse of %s: at most 6k (P − 1)/P words a rank',
    async (codec) => {
      const ranks = 4;
      const steps = 3;
      const results = await run({ exchange: 'sparse', codec, ranks, steps, shapes: [[rows, columns]] });
      const most = (6 * 0.001 * values * (ranks - 1)) / ranks;
      for (const { sentBytes } of results) {
        expect(sentBytes).toBeLessThan(steps * 4 * most);
        // The uncompressed all-reduce moves 400 times as much or more.
        expect((steps * 2 * (ranks - 1) * 4 * values) / ranks / sentBytes).toBeGreaterThan(400);
      }
    },
  );
});

describe('server', () => {
  test('with stale=2 each step gives the mean of two steps before, and all ranks the same', async () => {
    const shapes = [[64, 3, 3, 3], [64]];
    const steps = 5;
    const results = await run({ exchange: 'server:stale=2', codec: 'none', ranks: 3, steps, shapes });
    const prompt = await run({ exchange: 'server', codec: 'none', ranks: 3, steps, shapes });
    for (const { got } of results) {
      for (let step = 0; step < steps; step++) {
        const expected = step < 2 ? new Float32Array(got[0].length) : prompt[0].got[step - 2];
        expect(got[step]).toEqual(expected);
      }
    }
    // What is under way is in the state that is saved.
    const late = Object.entries(results[1].state).filter(([name]) => name.includes('late'));
    expect(late.length).toBe(3);
    const known = late.map(([, { data }]) => data[5]);
    expect(known).toContain(prompt[0].got[3][5]);
    expect(known).toContain(prompt[0].got[4][5]);
  });

  test('more servers than ranks, and options that are unknown, are told', async () => {
    const few = run({ exchange: 'server:servers=3', codec: 'none', ranks: 2, steps: 1, shapes: [[4]] });
    await expect(few).rejects.toThrow('3 servers need as many ranks, and there are 2');
    expect(() => exchangeByName('server:stal=1')).toThrow('stale');
    expect(() => exchangeByName('allreduce:ring=1')).toThrow('unknown option');
    const dense = run({ exchange: 'sparse', codec: 'int8', ranks: 2, steps: 1, shapes: [[4]] });
    await expect(dense).rejects.toThrow('take the exchange two-phase or allgather');
  });
});
