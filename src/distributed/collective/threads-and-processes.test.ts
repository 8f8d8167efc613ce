import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { exercise } from '../../../test/distributed/exercise.js';
import { bucketGradient } from '../buckets.js';
import { withFeedback } from '../codec/feedback.js';
import { parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import { exchangeByName } from '../exchange/registry.js';
import type { Collective } from './collective.js';
import { joinThreads, threadSeats } from './threads.js';
import { joinThreadsAndProcesses, relayFor } from './threads-and-processes.js';

/*
 * All ranks in one thread; the group of "processes" is one of threads too. Real processes are in test/distributed/train-ranks.test.ts.
 */

const limits = { timeoutMs: 20_000 };

function join(processes: number, threads: number): Collective[] {
  const outer = threadSeats(processes).map((seat) => joinThreads(seat, limits));
  return outer.flatMap((process) =>
    threadSeats(threads).map((seat) => {
      const here = joinThreads(seat, limits);
      if (seat.rank === 0) return joinThreadsAndProcesses(here, process, limits);
      const { port1, port2 } = new MessageChannel();
      relayFor(port1, process);
      return joinThreadsAndProcesses(here, { process: process.rank, processes, port: port2 }, limits);
    }),
  );
}

describe.each([
  [1, 2],
  [2, 1],
  [2, 3],
  [3, 2],
])('%i processes of %i threads', (processes, threads) => {
  test('every collective gives what its definition says', { timeout: 20_000 }, async () => {
    const group = join(processes, threads);
    expect(group.map(({ rank }) => rank)).toEqual(group.map((_, rank) => rank));
    expect(new Set(group[0].hosts).size).toBe(processes);
    await Promise.all(group.map((collective) => exercise(collective, processes === 1)));
    await Promise.all(group.map((collective) => collective.close()));
  });

  test.each(['none', 'onebit', 'topk:ratio=0.1', 'powersgd'])(
    'hierarchical of %s: the same bits everywhere, and codes between processes only',
    async (codec) => {
      const group = join(processes, threads);
      const ends = await Promise.all(
        group.map(async (collective) => {
          const workspace = new Workspace();
          const { buckets } = bucketGradient(workspace, [[40, 31], [500]], 3000);
          const exchange = exchangeByName('hierarchical')({
            collective,
            codec: withFeedback(parseCodec(codec)),
            workspace,
            buckets,
            seed: 1,
          });
          const all = () => buckets.flatMap(({ values }) => [...workspace.floats(values)]);
          buckets.forEach(({ values }) => {
            const floats = workspace.floats(values);
            floats.forEach(
              (_, index) => (floats[index] = Math.sin(collective.rank * 7 + index * index * 0.37)),
            );
          });
          const before = all();
          await Promise.all(buckets.map((_, bucket) => exchange.reduce(bucket, 1)));
          await collective.close();
          return { before, after: all() };
        }),
      );
      const mean = ends[0].before.map(
        (_, index) => ends.reduce((sum, { before }) => sum + before[index], 0) / ends.length,
      );
      for (const { after } of ends) expect(after).toEqual(ends[0].after);
      const distance = mean.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - ends[0].after[index])),
        0,
      );
      // Sums of six numbers up to 1 as float32, in two steps.
      if (codec === 'none' || processes === 1) expect(distance).toBeLessThan(1e-6);
      else expect(distance).toBeGreaterThan(1e-3);
    },
  );
});
