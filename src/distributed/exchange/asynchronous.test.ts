import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ndarray } from '../../graph/ndarray.js';
import { withFeedback } from '../codec/feedback.js';
import { parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import { joinThreads, threadSeats } from '../collective/threads.js';
import { allreduce } from './allreduce.js';
import { Gate } from './gate.js';
import { parseSynchroniser } from './synchroniser.js';

const shapes = [[20, 31], [7], [300]];
const begin = (tensor: number, index: number) => Math.cos(tensor + index * 0.3);
const move = (rank: number, step: number, index: number) =>
  Math.sin(rank * 5 + step * 11 + index * 0.7) * 1e-2;

interface Trial {
  readonly ranks: number;
  readonly steps: number;
  readonly codec: string;
  readonly exchange: string;
  /** Milliseconds of a rank's steps. */
  readonly pause?: (rank: number) => number;
  /** Ranks also meet after this step. */
  readonly meetAfter?: number;
  /** When a rank wishes to end. */
  readonly wish?: (rank: number, step: number) => boolean;
}

/** Ranks that move their parameters by given amounts, each step, and meet at the end. */
async function together({ ranks, steps, codec, exchange, pause, meetAfter, wish }: Trial) {
  const begun = new Array<number>(ranks).fill(0);
  let furthest = 0;
  const ended = await Promise.all(
    threadSeats(ranks).map(async (seat) => {
      const collective = joinThreads(seat, { timeoutMs: 20_000 });
      const { rank } = collective;
      const parameters = shapes.map((shape, tensor) =>
        ndarray(
          Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => begin(tensor, index)),
        ),
      );
      const made = parseSynchroniser(exchange)({
        collective,
        codec: withFeedback(parseCodec(codec)),
        workspace: new Workspace(),
        shapes,
        parameters,
        bucketBytes: 1300,
        exchange: allreduce,
        seed: 1,
      });
      const { loose } = made;
      if (loose === undefined) throw new Error(`${exchange} is not loose`);
      let step = 1;
      for (; step <= steps; step++) {
        begun[rank] = step;
        furthest = Math.max(furthest, step - Math.min(...begun));
        loose.begin(parameters, step);
        await sleep(pause?.(rank) ?? 0);
        for (const { data } of parameters) {
          for (let index = 0; index < data.length; index++) data[index] += move(rank, step, index);
        }
        await loose.step(parameters, step, wish?.(rank, step) === true);
        if (step === meetAfter) await loose.meet(parameters);
        if (loose.endsAt(step)) break;
      }
      await loose.meet(parameters);
      await collective.close();
      return {
        step,
        values: parameters.flatMap(({ data }) => [...data]),
        sent: collective.traffic.sentBytes,
      };
    }),
  );
  return { ended, furthest };
}

/** Where all end up if nothing is lost: each rank's moves count a P-th. */
function exact(ranks: number, steps: number): number[] {
  return shapes.flatMap((shape, tensor) =>
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) => {
      let value = begin(tensor, index);
      for (let step = 1; step <= steps; step++) {
        for (let rank = 0; rank < ranks; rank++) value += move(rank, step, index) / ranks;
      }
      return value;
    }),
  );
}

const distance = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0);

describe('a server that nobody waits at', () => {
  test.each([
    ['none', 'server:staleness=3'],
    ['none', 'server:staleness=0,servers=3'],
    ['none', 'server:staleness=1,servers=2'],
    ['int8', 'server:staleness=3,servers=2'],
    ['onebit', 'server:staleness=2'],
    ['topk:ratio=0.3', 'server:staleness=2'],
    ['dgc:ratio=0.3', 'server:staleness=2'],
  ])('%s by %s: nothing is lost, and all ranks end with the same bits', async (codec, exchange) => {
    const { ended } = await together({ ranks: 3, steps: 12, codec, exchange, meetAfter: 5 });
    const [first, ...others] = ended;
    for (const { values } of others) expect(values).toEqual(first.values);
    const expected = exact(3, 12);
    // float32 sums of numbers of about 1; a codec's residual is of a step's moves, or of a few for the sparse and the coarse.
    const allowed = codec === 'none' ? 1e-6 : codec === 'int8' ? 2e-4 : 0.05;
    expect(distance(first.values, expected)).toBeLessThan(allowed);
  });

  test('others go on beside a slow rank, as far as the staleness, and no further', async () => {
    const slow = (rank: number) => (rank === 2 ? 40 : 0);
    const { ended, furthest } = await together({
      ranks: 3,
      steps: 12,
      codec: 'none',
      exchange: 'server:staleness=4',
      pause: slow,
    });
    expect(furthest).toBe(4);
    expect(distance(ended[1].values, exact(3, 12))).toBeLessThan(1e-6);
  });

  test('a slow server does not hold the others up either', async () => {
    const slow = (rank: number) => (rank === 0 ? 40 : 0);
    const { furthest } = await together({
      ranks: 3,
      steps: 12,
      codec: 'none',
      exchange: 'server:staleness=4',
      pause: slow,
    });
    expect(furthest).toBe(4);
  });

  test.each([0, 1, 2])('a wish of rank %i ends all after the same step', async (who) => {
    const { ended } = await together({
      ranks: 3,
      steps: 60,
      codec: 'none',
      exchange: 'server:staleness=3',
      pause: (rank) => 2 * rank,
      wish: (rank, step) => rank === who && step >= 5,
    });
    const [{ step }] = ended;
    expect(step).toBeGreaterThanOrEqual(5);
    expect(step).toBeLessThan(20);
    for (const one of ended) expect(one.step).toBe(step);
    for (const one of ended) expect(distance(one.values, exact(3, step))).toBeLessThan(1e-6);
  });

  test('more servers than ranks, and codecs that are made to be summed, are refused', async () => {
    const trial = { ranks: 2, steps: 1, codec: 'none', exchange: 'server:staleness=1,servers=3' };
    await expect(together(trial)).rejects.toThrow('3 servers need as many ranks, and there are 2');
    const summed = { ...trial, codec: 'powersgd', exchange: 'server:staleness=1' };
    await expect(together(summed)).rejects.toThrow('powersgd is made to be summed');
  });
});

test('a gate lets through what the slowest allows', () => {
  const passed: string[] = [];
  const gate = new Gate(2, 1);
  const arrive = (rank: number, step: number) =>
    gate.arrive(rank, step, () => passed.push(`${rank}:${step}`));
  arrive(0, 1);
  expect(passed).toEqual(['0:1']);
  arrive(0, 2);
  expect(passed).toEqual(['0:1']);
  arrive(1, 1);
  expect(passed).toEqual(['0:1', '0:2', '1:1']);
  gate.restart(4);
  arrive(0, 6);
  arrive(1, 5);
  expect(passed.slice(3)).toEqual(['0:6', '1:5']);
});
