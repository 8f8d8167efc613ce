import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/data/index.js';
import type { Collective } from '../../src/distributed/collective/collective.js';
import { joinThreads, threadSeats } from '../../src/distributed/collective/threads.js';
import { trainGroup, type GroupOptions } from '../../src/distributed/group.js';
import { train, type TrainOptions } from '../../src/train/index.js';
import { hasNative } from '../native/support.js';

/* Gradients that leave while others are being computed: the same bits, and less waiting on a slow link. */

const digits = await loadDataset('digits');
const small: TrainOptions = { model: 'lenet', data: digits, batchSize: 64, steps: 4, threads: 1, seed: 2 };
const wire: GroupOptions = { bucketBytes: 2 ** 14 };

/** A collective whose messages of a bucket's gradient take longer to arrive. */
function slow(collective: Collective, delayMs: number): Collective {
  const late = async <T>(message: Promise<T>): Promise<T> => {
    const result = await message;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return result;
  };
  return {
    ...collective,
    allReduce: (data, stream) => late(collective.allReduce(data, stream)),
    receive: (into, from, tag) => late(collective.receive(into, from, tag)),
  };
}

async function onTwoRanks(options: TrainOptions, wire: GroupOptions, delayMs = 0) {
  const group = threadSeats(2).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (collective) => {
      const own = slow(collective, delayMs);
      const { report } = await train({ ...options, group: trainGroup(own, wire) });
      await collective.close();
      return report;
    }),
  );
}

describe.each([
  { target: 'onnx', here: true },
  { target: 'native', here: hasNative },
] as const)('$target', ({ target, here }) => {
  test.skipIf(!here).each(['none', 'onebit', 'powersgd'])(
    '%s: what leaves early has the bits of what leaves at the end, and is hidden in part',
    async (compress) => {
      const options = { ...small, target };
      const [early, late] = [
        await onTwoRanks(options, { ...wire, compress, overlap: true }, 3),
        await onTwoRanks(options, { ...wire, compress, overlap: false }, 3),
      ];
      const hashes = [...early, ...late].map(({ parametersSha256 }) => parametersSha256);
      expect(new Set(hashes).size).toBe(1);
      // Some bucket is told of while the step is still computed, so that the time until then is never 0.
      for (const report of early) expect(report.wire?.hiddenMs).toBeGreaterThan(0);
      for (const report of late) expect(report.wire?.hiddenMs).toBe(0);
      expect(early[0].wire?.bytesPerStep).toBe(late[0].wire?.bytesPerStep);
    },
  );

  test.skipIf(!here)('parts of a batch, of which the last one tells', async () => {
    const options = { ...small, target, accumulate: 2 };
    const [early, late] = [
      await onTwoRanks(options, { ...wire, overlap: true }),
      await onTwoRanks(options, { ...wire, overlap: false }),
    ];
    expect(early[0].parametersSha256).toBe(late[0].parametersSha256);
    expect(early[0].wire?.hiddenMs).toBeGreaterThan(0);
  });
});
