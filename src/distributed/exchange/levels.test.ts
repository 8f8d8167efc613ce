import { describe, expect, test } from 'vitest';
import { ndarray } from '../../graph/ndarray.js';
import { bucketGradient } from '../buckets.js';
import { withFeedback } from '../codec/feedback.js';
import { parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import { joinThreads, threadSeats } from '../collective/threads.js';
import { hierarchical } from './hierarchical.js';
import { exchangeByName } from './registry.js';
import { parseSynchroniser } from './synchroniser.js';

const shapes = [[20, 31], [7]];
const length = 627;
const value = (rank: number, step: number, index: number) =>
  Math.sin(rank * 5 + step * 11 + index * 0.7) * 1e-2;

const group = (size: number) => threadSeats(size).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));

describe('hierarchical', () => {
  /** Two hosts, of two and of three ranks. */
  async function twoHosts(codec: string, exchange: string, steps: number) {
    const sizes = [2, 3];
    const leaders = group(2);
    const hosts = sizes.map(group);
    const all = hosts.flatMap((ranks, index) => ranks.map((host) => ({ host, index })));
    return Promise.all(
      all.map(async ({ host, index }, rank) => {
        const workspace = new Workspace();
        const { buckets } = bucketGradient(workspace, shapes, 1200);
        const outer = host.rank === 0 ? leaders[index] : undefined;
        const between =
          outer === undefined
            ? undefined
            : exchangeByName(exchange)({
                collective: outer,
                codec: withFeedback(parseCodec(codec)),
                workspace,
                buckets,
                seed: 1,
              });
        const made = hierarchical({ host, between, hosts: 2, ranks: 5, workspace, buckets });
        const got: number[][] = [];
        for (let step = 1; step <= steps; step++) {
          buckets.forEach(({ values }, bucket) =>
            workspace
              .floats(values)
              .forEach((_, at, floats) => (floats[at] = value(rank, step + 50 * bucket, at))),
          );
          await Promise.all(buckets.map((_, bucket) => made.reduce(bucket, step)));
          got.push(buckets.flatMap(({ values }) => [...workspace.floats(values)]));
        }
        await Promise.all([host.close(), outer?.close()]);
        return {
          got,
          lengths: buckets.map(({ values }) => values.length),
          sent: outer?.traffic.sentBytes ?? 0,
        };
      }),
    );
  }

  test('gives the mean over all ranks of hosts of different sizes', async () => {
    const results = await twoHosts('none', 'allreduce', 2);
    const [{ got, lengths }] = results;
    let place = 0;
    lengths.forEach((size, bucket) => {
      for (let at = 0; at < size; at++, place++) {
        const sum = [0, 1, 2, 3, 4].reduce((total, rank) => total + value(rank, 2 + 50 * bucket, at), 0);
        // Float32 sums of five numbers up to 1e-2.
        expect(Math.abs(got[1][place] - sum / 5)).toBeLessThan(1e-8);
      }
    });
    for (const other of results) expect(other.got).toEqual(got);
  });

  test.each([
    ['onebit', 'two-phase'],
    ['topk', 'sparse'],
    ['powersgd', 'allreduce'],
    ['int8', 'server'],
  ])('%s by %s between hosts: the same bits on all ranks', async (codec, exchange) => {
    const results = await twoHosts(codec, exchange, 3);
    for (const { got } of results) expect(got).toEqual(results[0].got);
    expect(results[0].got[2].some((one) => one !== 0)).toBe(true);
  });
});

describe('synchronisers', () => {
  /** Each rank moves by numbers of its own at each step. */
  async function walk(synchroniser: string, codec: string, exchange: string, steps: number, ranks = 3) {
    return Promise.all(
      group(ranks).map(async (collective) => {
        const workspace = new Workspace();
        const parameters = shapes.map((shape) =>
          ndarray(
            Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => Math.cos(index)),
          ),
        );
        const made = parseSynchroniser(synchroniser)({
          collective,
          codec: withFeedback(parseCodec(codec)),
          workspace,
          seed: 3,
          exchange: exchangeByName(exchange),
          shapes,
          parameters,
        });
        const path: number[][] = [];
        const met: boolean[] = [];
        for (let step = 1; step <= steps; step++) {
          for (const { data } of parameters)
            data.forEach((_, index) => (data[index] -= value(collective.rank, step, index)));
          met.push(await made.afterStep(parameters, step));
          path.push(parameters.flatMap(({ data }) => [...data]));
        }
        await collective.close();
        return { path, met, sent: collective.traffic.sentBytes };
      }),
    );
  }

  /** Place in its tensor of a parameter. */
  const within = (index: number) => (index < 620 ? index : index - 620);
  const start = Array.from({ length }, (_, index) => Math.cos(within(index)));
  const moved = (steps: readonly number[], index: number) =>
    steps.reduce(
      (sum, step) => sum + [0, 1, 2].reduce((total, rank) => total + value(rank, step, within(index)), 0) / 3,
      0,
    );

  test('local: the mean of the parameters every H steps, and nothing sent between', async () => {
    const results = await walk('local:every=3', 'none', 'allreduce', 7);
    expect(results[0].met).toEqual([false, false, true, false, false, true, false]);
    for (const { path } of results) {
      expect(path[5]).toEqual(results[0].path[5]);
      path[5].forEach((found, index) => {
        // A dozen float32 roundings of numbers up to 1.
        expect(Math.abs(found - (start[index] - moved([1, 2, 3, 4, 5, 6], index)))).toBeLessThan(2e-6);
      });
    }
    expect(results[1].path[6]).not.toEqual(results[0].path[6]);
  });

  test('diloco: SGD with Nesterov momentum on mean differences', async () => {
    const results = await walk('diloco:every=2,lr=0.7,momentum=0.9', 'none', 'allreduce', 4);
    const { path } = results[2];
    expect(path[3]).toEqual(results[0].path[3]);
    path[3].forEach((found, index) => {
      const [first, second] = [moved([1, 2], index), moved([3, 4], index)];
      const velocity = 0.9 * first + second;
      const expected = start[index] - 0.7 * (first + 0.9 * first) - 0.7 * (second + 0.9 * velocity);
      expect(Math.abs(found - expected)).toBeLessThan(2e-6);
    });
  });

  test.each([
    ['int8', 'two-phase'],
    ['topk:ratio=0.05', 'sparse'],
    ['onebit', 'server'],
  ])('diloco of %s by %s: the same bits on all ranks after a meeting', async (codec, exchange) => {
    const results = await walk('diloco:every=2', codec, exchange, 4);
    for (const { path } of results) expect(path[3]).toEqual(results[0].path[3]);
    expect(results[1].path[2]).not.toEqual(results[0].path[2]);
  });
});
