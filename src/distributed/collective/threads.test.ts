import { describe, expect, test } from 'vitest';
import { exercise } from '../../../test/distributed/exercise.js';
import type { Collective } from './collective.js';
import { selfCollective } from './self.js';
import { joinThreads, threadSeats } from './threads.js';

/** Runs the same on every rank of a group; its ports join seats of one thread as they would join threads. */
async function onAll<T>(size: number, run: (collective: Collective) => Promise<T>): Promise<T[]> {
  const group = threadSeats(size).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  const results = await Promise.all(group.map(run));
  await Promise.all(group.map((collective) => collective.close()));
  return results;
}

describe('threads', () => {
  test.each([1, 2, 3, 5, 8])('every collective gives what its definition says, on %i ranks', async (size) => {
    await expect(onAll(size, (collective) => exercise(collective))).resolves.toHaveLength(size);
  });

  test('an all-reduce gives the same bits on every rank, for numbers whose sum depends on the order', async () => {
    const sums = await onAll(5, async (collective) => {
      const data = Float32Array.from(
        { length: 1003 },
        (_, index) => Math.sin(index * (collective.rank + 1)) * 1e3,
      );
      await collective.allReduce(data);
      return Buffer.from(data.buffer).toString('hex');
    });
    expect(new Set(sums).size).toBe(1);
  });

  test('a ring moves 2(P − 1)/P of the data, counted where it leaves', async () => {
    const traffic = await onAll(4, async (collective) => {
      await collective.allReduce(new Float32Array(1000));
      return { ...collective.traffic };
    });
    for (const { sentBytes, receivedBytes } of traffic) {
      expect(sentBytes).toBe(6000);
      expect(receivedBytes).toBe(6000);
    }
  });

  test('NaN and infinities travel as they are', async () => {
    const [sum] = await onAll(3, async (collective) => {
      const data = Float32Array.of(NaN, collective.rank === 1 ? Infinity : 1, 1);
      await collective.allReduce(data);
      return [...data];
    });
    expect(sum).toEqual([NaN, Infinity, 3]);
  });

  test('a rank that never arrives is named when the time is over', async () => {
    const [first] = threadSeats(2).map((seat) => joinThreads(seat, { timeoutMs: 50 }));
    await expect(first.barrier()).rejects.toThrow(/^rank 0 waited 0\.05 s .* rank 1: it hangs/);
  });

  test('a message that is longer than its place is refused, with both lengths', async () => {
    const [low, high] = threadSeats(2).map((seat) => joinThreads(seat));
    void low.send(new Uint8Array(5), 1, 0);
    await expect(high.receive(new Uint8Array(4), 0, 0)).rejects.toThrow(
      'receive: rank 0 sent 5 bytes, more than the 4 there is room for',
    );
  });

  test('parts that do not fill the buffers are refused', async () => {
    const alone = selfCollective();
    await expect(alone.allGather(new Uint8Array(2), new Uint8Array(3), [2])).rejects.toThrow(
      'allGather: 1 parts of 2 bytes in all do not fit 1 ranks and a buffer of 3 bytes',
    );
    await expect(alone.send(new Uint8Array(1), 0, 0)).rejects.toThrow('self: there is no other rank');
  });
});
