import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chooseAutomatically } from './automatic.js';
import type { Collective } from './collective/collective.js';
import { joinThreads, threadSeats } from './collective/threads.js';

const shapes = [[300, 200], [1000]];

/** Two ranks' choices, over a link of so many bytes a second, or of memory. */
function choices(computeMs: number, bytesPerSecond?: number, exchange?: string) {
  const group = threadSeats(2).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (own) => {
      const slow: Collective = {
        ...own,
        async allReduce(data, stream) {
          await own.allReduce(data, stream);
          if (bytesPerSecond !== undefined) await sleep((1000 * data.byteLength) / bytesPerSecond);
        },
      };
      const { choice, why } = await chooseAutomatically(slow, shapes, computeMs, { exchange });
      await own.close();
      return { ...choice, why };
    }),
  );
}

test('nothing is compressed where computing takes nearly all of a step', async () => {
  for (const { compress, exchange, why } of await choices(60_000)) {
    expect(compress).toBe('none');
    expect(exchange).toBe('allreduce');
    expect(why).toMatch(
      /^compress auto takes none: no codec that loses more makes a step a tenth shorter .*onebit .*topk/,
    );
  }
});

test('on a slow link a codec of a few bits is taken, the same on all ranks', async () => {
  // The gradient's 244 kB take about a quarter of a second.
  const [first, second] = await choices(1, 1e6);
  expect(['terngrad', 'twobit', 'onebit', 'powersgd', 'topk', 'randomk']).toContain(first.compress);
  expect(second.compress).toBe(first.compress);
  expect(first.why).toContain('with none a step takes');
});

test('codecs that do not go with the exchange that is asked for are not weighed', async () => {
  const [{ exchange, why }] = await choices(1, 1e6, 'two-phase');
  expect(exchange).toBe('two-phase');
  expect(why).not.toMatch(/none|topk|powersgd/);
  await expect(choices(1, 1e6, 'server')).rejects.toThrow('give one of them, or leave out server');
});
