import { describe, expect, test } from 'vitest';
import { batches, loadDataset, type Dataset } from '../../src/data/index.js';
import { joinThreads, threadSeats } from '../../src/distributed/collective/threads.js';
import { selfCollective } from '../../src/distributed/collective/self.js';
import { trainGroup, type GroupOptions } from '../../src/distributed/group.js';
import type { NDArray } from '../../src/graph/ndarray.js';
import { flattenTree } from '../../src/graph/tree.js';
import { batchNorm, conv, dense, flatten, relu, sequential } from '../../src/nn/index.js';
import { Generator } from '../../src/random/index.js';
import { train, type TrainOptions, type TrainResult } from '../../src/train/index.js';
import { temporaryFolder } from '../support/cli.js';

/*
 * Ranks in one thread, each with a collective, programs and a workspace of its own, as threads and processes have them; real threads
 * and real processes are in train-threads.test.ts and train-mpi.test.ts.
 */

const digits = await loadDataset('digits');
const small: TrainOptions = { model: 'lenet', data: digits, batchSize: 32, steps: 6, threads: 1, seed: 3 };

function together(
  ranks: number,
  options: TrainOptions,
  wire: GroupOptions | ((rank: number) => GroupOptions) = {},
  each: (rank: number) => Partial<TrainOptions> = () => ({}),
): Promise<TrainResult[]> {
  const group =
    ranks === 1
      ? [selfCollective()]
      : threadSeats(ranks).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (collective) => {
      const own = typeof wire === 'function' ? wire(collective.rank) : wire;
      const result = await train({
        ...options,
        ...each(collective.rank),
        group: trainGroup(collective, { seed: options.seed, ...own }),
      });
      await collective.close();
      return result;
    }),
  );
}

const numbers = ({ parameters }: TrainResult): Float64Array =>
  Float64Array.from(flattenTree(parameters).flatMap(({ data }) => [...data]));

/** Largest difference over the largest number. */
function distance(a: Float64Array, b: Float64Array): number {
  const largest = a.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return a.reduce((max, value, index) => Math.max(max, Math.abs(value - b[index])), 0) / largest;
}

describe('ranks that train together', () => {
  test.each([1, 2, 3, 4])(
    '%i ranks take the steps of one, to the rounding of float32 sums',
    async (ranks) => {
      // SGD, whose step is a multiple of the gradient: Adam divides by its size and enlarges the rounding of small ones.
      const options = { ...small, optimizer: 'sgd:lr=0.05,momentum=0.9' };
      const alone = await train(options);
      const [first, ...others] = await together(ranks, options);
      // Six steps of sums in another order: each adds about 1e-7 of the gradient.
      expect(distance(numbers(alone), numbers(first))).toBeLessThan(2e-6);
      for (const { report } of others) expect(report.parametersSha256).toBe(first.report.parametersSha256);
      expect(first.report.train?.loss).toBeCloseTo(alone.report.train?.loss ?? NaN, 5);
      expect(first.report.wire?.ranks).toBe(ranks);
    },
  );

  test("a batch that ranks cannot share evenly is weighted by rows; each mixes its last with the next one's first", async () => {
    const augment = 'shift:pixels=1,mixup:alpha=1';
    const options = { ...small, batchSize: 10, optimizer: 'sgd:lr=0.05', steps: 4, augment };
    const [alone, [first]] = [await train(options), await together(4, options)];
    expect(distance(numbers(alone), numbers(first))).toBeLessThan(2e-6);
  });

  test.each(['fp16', 'int8', 'onebit', 'topk:ratio=0.05', 'qsgd'])(
    '%s leaves all ranks with the same bits, and fewer bytes than float32',
    async (compress) => {
      const results = await together(3, small, { compress });
      const [{ report }] = results;
      expect(new Set(results.map((result) => result.report.parametersSha256)).size).toBe(1);
      expect(report.wire?.ratio).toBeGreaterThan(compress === 'fp16' ? 0.9 : 2);
    },
  );

  test('auto says what it takes and why, and trains as if that had been asked for', async () => {
    const notes: string[] = [];
    const [chosen] = await together(2, small, (rank) => ({
      compress: 'auto',
      ...(rank === 0 && { onNote: (note: string) => notes.push(note) }),
    }));
    const codec = chosen.report.wire?.codec ?? '';
    expect(notes).toEqual([expect.stringMatching(new RegExp(`^compress auto takes ${codec}: .* link .*`))]);
    const [asked] = await together(2, small, { compress: codec });
    expect(chosen.report.parametersSha256).toBe(asked.report.parametersSha256);
  });

  test.each(['server', 'sparse'])('%s takes the same steps on every rank', async (exchange) => {
    const compress = exchange === 'sparse' ? 'topk:ratio=0.05' : 'int8';
    const results = await together(3, small, { compress, exchange });
    expect(new Set(results.map(({ report }) => report.parametersSha256)).size).toBe(1);
  });

  test('running statistics are the mean over the ranks of those that each one would keep alone', async () => {
    const model = sequential(conv(4, 3), batchNorm(), relu(), flatten(), dense(10));
    const options: TrainOptions = { ...small, model, steps: 1 };
    const [both] = await together(2, options);
    const alone = await Promise.all(
      [0, 1].map((rank) => train({ ...options, batchSize: 16, data: rowsOfFirstBatch(rank) })),
    );
    const [low, high] = alone.map(({ state }) => flattenTree(state));
    flattenTree(both.state).forEach(({ data }, index) =>
      data.forEach((value, at) =>
        // Statistics of the same rows in another order, as float32.
        expect(value).toBeCloseTo((low[index].data[at] + high[index].data[at]) / 2, 6),
      ),
    );
  });

  test('a rank that was started otherwise is named, with what', async () => {
    await expect(together(3, small, (rank) => ({ compress: rank === 2 ? 'fp16' : 'none' }))).rejects.toThrow(
      /^train: rank 2 was started with distributed .*"fp16".*, rank 0 with .*"none"/,
    );
  });

  test('a rank with other data is named', async () => {
    const others: Dataset = { ...digits, train: { ...digits.train, labels: changed(digits) } };
    await expect(together(2, small, {}, (rank) => (rank === 1 ? { data: others } : {}))).rejects.toThrow(
      /^train: rank 1 was started with data \(SHA-256\)/,
    );
  });

  test('more ranks than examples are refused', async () => {
    await expect(together(3, { ...small, batchSize: 2 })).rejects.toThrow(
      'a batch of 2 cannot be shared by 3 ranks',
    );
  });

  test('a wish to end on any rank ends all after the same step', async () => {
    const wish = AbortSignal.abort();
    const results = await together(3, { ...small, steps: 50 }, (rank) =>
      rank === 1 ? { signal: wish } : {},
    );
    for (const { finished, report } of results) {
      expect(finished).toBe(false);
      expect(report.steps).toBe(1);
    }
  });

  test('a run that was stopped goes on with the same bits, residuals too', async () => {
    const folder = temporaryFolder();
    try {
      const options = { ...small, steps: 8, checkpointEvery: 3, out: `${folder.path}/run` };
      const wire = { compress: 'onebit' };
      const [straight] = await together(2, { ...options, out: undefined }, wire);
      const stop = new AbortController();
      const [stopped] = await together(
        2,
        options,
        (rank) => ({ ...wire, ...(rank === 0 && { signal: stop.signal }) }),
        () => ({
          onProgress: (progress) => {
            if (progress.kind === 'step' && progress.step === 4) stop.abort();
          },
        }),
      );
      expect(stopped.finished).toBe(false);
      const [resumed] = await together(2, { ...options, resume: true }, wire);
      expect(resumed.report.parametersSha256).toBe(straight.report.parametersSha256);
    } finally {
      folder.remove();
    }
  });

  test.each(['local:every=3', 'diloco:every=3'])(
    '%s: ranks meet before each checkpoint, and go on with optimisers of their own',
    async (exchange) => {
      const folder = temporaryFolder();
      try {
        const options = { ...small, steps: 8, checkpointEvery: 4, out: `${folder.path}/run` };
        const results = await together(2, { ...options, out: undefined }, { exchange });
        const [straight, other] = results;
        expect(other.report.parametersSha256).toBe(straight.report.parametersSha256);
        expect(straight.report.train?.loss).toBeLessThan(2.31);
        const stop = new AbortController();
        await together(
          2,
          options,
          (rank) => ({ exchange, ...(rank === 0 && { signal: stop.signal }) }),
          () => ({
            onProgress: (progress) => {
              if (progress.kind === 'step' && progress.step === 3) stop.abort();
            },
          }),
        );
        const [resumed] = await together(2, { ...options, resume: true }, { exchange });
        expect(resumed.report.resumedFrom).toBe(4);
        expect(resumed.report.parametersSha256).toBe(straight.report.parametersSha256);
      } finally {
        folder.remove();
      }
    },
  );

  test.each(['none', 'onebit'])(
    '%s by server:staleness=3: ranks do not step together, hold the same at checkpoints, and go on',
    async (compress) => {
      const folder = temporaryFolder();
      try {
        const options = { ...small, steps: 60, checkpointEvery: 20, out: `${folder.path}/run` };
        const wire = { compress, exchange: 'server:staleness=3,servers=2' };
        const stop = new AbortController();
        const stopped = await together(
          3,
          options,
          (rank) => ({ ...wire, ...(rank === 1 && { signal: stop.signal }) }),
          (rank) => ({
            onProgress: (progress) => {
              if (rank === 1 && progress.kind === 'step' && progress.step === 25) stop.abort();
            },
          }),
        );
        const [{ report }] = stopped;
        expect(report.steps).toBeGreaterThanOrEqual(25);
        expect(report.steps).toBeLessThan(40);
        for (const other of stopped) {
          expect(other.report.steps).toBe(report.steps);
          expect(other.report.parametersSha256).toBe(report.parametersSha256);
        }
        const resumed = await together(3, { ...options, resume: true }, wire);
        for (const other of resumed) {
          expect(other.report.parametersSha256).toBe(resumed[0].report.parametersSha256);
        }
        // Chance is a tenth; how far it comes depends on whose steps came first.
        const { test } = resumed[0].report;
        expect(test !== null && 'accuracy' in test ? test.accuracy : 0).toBeGreaterThan(0.5);
      } finally {
        folder.remove();
      }
    },
  );

  test('a run goes on with another number of ranks', async () => {
    const folder = temporaryFolder();
    try {
      const options = { ...small, steps: 8, out: `${folder.path}/run` };
      const wire = { compress: 'int8', feedback: true };
      const stop = new AbortController();
      await together(
        3,
        options,
        (rank) => ({ ...wire, ...(rank === 0 && { signal: stop.signal }) }),
        () => ({
          onProgress: (progress) => {
            if (progress.kind === 'step' && progress.step === 4) stop.abort();
          },
        }),
      );
      const [straight] = await together(3, { ...options, out: undefined }, wire);
      const [fewer, other] = await together(2, { ...options, resume: true }, wire);
      expect(fewer.report.steps).toBe(8);
      expect(other.report.parametersSha256).toBe(fewer.report.parametersSha256);
      // Eight steps with an error of under 1/127 of each gradient, which feedback takes back.
      expect(distance(numbers(straight), numbers(fewer))).toBeLessThan(0.05);
    } finally {
      folder.remove();
    }
  });
});

/** Digits that have the rows alone which rank `rank` of 2 gets of the first batch of 32. */
function rowsOfFirstBatch(rank: number): Dataset {
  const shuffle = new Generator(3).fork('shuffle');
  const [{ inputs, labels }] = batches(digits.train, { batchSize: 32, shuffle }).epoch(0);
  const half = ({ data, shape, dtype }: NDArray): NDArray => {
    const width = data.length / 32;
    return {
      data: data.slice(16 * rank * width, 16 * (rank + 1) * width),
      shape: [16, ...shape.slice(1)],
      dtype,
    };
  };
  return { ...digits, train: { size: 16, inputs: half(inputs), labels: half(labels) } };
}

function changed({ train: { labels } }: Dataset) {
  const data = labels.data.slice();
  data[0] = (data[0] + 1) % 10;
  return { ...labels, data };
}
