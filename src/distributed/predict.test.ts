import { expect, test } from 'vitest';
import { parseCodec } from './codec/registry.js';
import { joinThreads, threadSeats } from './collective/threads.js';
import { exchangeOnce } from './measure-exchange.js';
import { measureCodec, predict, trainedCodec, type PredictableExchange } from './predict.js';

const shapes = [[64, 64, 3, 3], [64], [10, 1000]];
const link = { bytesPerSecond: 1e6, latencySeconds: 0.001 };

test.each([
  ['none', 'allreduce'],
  ['int8', 'two-phase'],
  ['onebit', 'two-phase'],
  ['onebit', 'allgather'],
  ['powersgd', 'allreduce'],
] as const)('the bytes of %s by %s are those that are sent', async (name, exchange) => {
  const ranks = 4;
  const codec = parseCodec(name);
  const cost = await measureCodec(trainedCodec(codec), shapes, ranks);
  const { bytesPerStep, wireMs } = predict(exchange satisfies PredictableExchange, codec, cost, ranks, link);
  const measured = await Promise.all(
    threadSeats(ranks).map(async (seat) => {
      const collective = joinThreads(seat, { timeoutMs: 20_000 });
      const { bytesPerStep: sent } = await exchangeOnce(collective, shapes, { compress: name, exchange });
      await collective.close();
      return sent;
    }),
  );
  // Headers, and parts whose last group is not full.
  const mean = measured.reduce((sum, bytes) => sum + bytes, 0) / ranks;
  expect(Math.abs(mean / bytesPerStep - 1)).toBeLessThan(0.02);
  const rounds = { allreduce: 6, 'two-phase': 2, allgather: 1 }[exchange];
  expect(wireMs).toBeCloseTo(bytesPerStep / 1000 + rounds, 6);
});
