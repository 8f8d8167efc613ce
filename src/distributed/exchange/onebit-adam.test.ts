import { describe, expect, test } from 'vitest';
import { bucketGradient } from '../buckets.js';
import { withFeedback } from '../codec/feedback.js';
import { parseCodec } from '../codec/registry.js';
import { Workspace } from '../codec/workspace.js';
import type { CoderState } from '../codec/codec.js';
import { joinThreads, threadSeats } from '../collective/threads.js';
import { exchangeByName } from './registry.js';

const length = 100;
const gradient = (rank: number, step: number) =>
  Float32Array.from({ length }, (_, index) => Math.sin(rank * 5 + step * 11 + index * 0.7) + 0.3);

const copyOf = (state: CoderState) =>
  Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, Float32Array.from(data)]));

/** Steps from `first` to `last` on so many ranks, which go on from the states of others. */
async function run(
  exchange: string,
  codec: string,
  {
    ranks = 2,
    first = 1,
    last = 8,
    from,
  }: { ranks?: number; first?: number; last?: number; from?: object[] },
) {
  const group = threadSeats(ranks).map((seat) => joinThreads(seat, { timeoutMs: 20_000 }));
  return Promise.all(
    group.map(async (collective) => {
      const workspace = new Workspace();
      const { buckets, gradients } = bucketGradient(workspace, [[length]], 8000);
      const chosen = withFeedback(parseCodec(codec));
      const made = exchangeByName(exchange)({ collective, codec: chosen, workspace, buckets, seed: 7 });
      for (const [name, values] of Object.entries<Float32Array>({ ...from?.[collective.rank] }))
        made.state[name].data.set(values);
      const got: Float32Array[] = [];
      const sent: number[] = [];
      for (let step = first; step <= last; step++) {
        const before = collective.traffic.sentBytes;
        gradients[0].data.set(gradient(collective.rank, step));
        await made.reduce(0, step);
        got.push(Float32Array.from(gradients[0].data));
        sent.push(collective.traffic.sentBytes - before);
      }
      const state = copyOf(made.state);
      await collective.close();
      return { got, sent, state };
    }),
  );
}

/** The mean of the values of a sign, in the place of each. */
function signs(values: readonly number[]): number[] {
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  const [up, down] = [mean(values.filter((value) => value >= 0)), mean(values.filter((value) => value < 0))];
  return values.map((value) => (value >= 0 ? up : down));
}

/** Algorithm 1 of the paper for two ranks, each of which serves a part, as it is written: gradients that momenta tell. */
function twin(warmup: number, beta: number, steps: number): number[][] {
  const parts = [Array.from({ length: 48 }, (_, at) => at), Array.from({ length: 52 }, (_, at) => 48 + at)];
  const zeros = () => new Array<number>(length).fill(0);
  const workers = [zeros(), zeros()];
  const servers = zeros();
  let momentum = zeros();
  return Array.from({ length: steps }, (_, index) => {
    const given = [0, 1].map((rank) => [...gradient(rank, index + 1)]);
    const before = momentum;
    if (index < warmup) {
      const mean = given[0].map((value, at) => (value + given[1][at]) / 2);
      momentum = before.map((value, at) => beta * value + (1 - beta) * mean[at]);
      return mean;
    }
    momentum = zeros();
    for (const part of parts) {
      const told = given.map((values, rank) => {
        const wanted = part.map((at) => beta * before[at] + (1 - beta) * values[at] + workers[rank][at]);
        const sent = signs(wanted);
        part.forEach((at, place) => (workers[rank][at] = wanted[place] - sent[place]));
        return sent;
      });
      const wanted = part.map((at, place) => (told[0][place] + told[1][place]) / 2 + servers[at]);
      const sent = signs(wanted);
      part.forEach((at, place) => {
        servers[at] = wanted[place] - sent[place];
        momentum[at] = sent[place];
      });
    }
    return momentum.map((value, at) => (value - beta * before[at]) / (1 - beta));
  });
}

describe('onebit-adam', () => {
  test('takes the steps of its paper', async () => {
    const expected = twin(3, 0.9, 8);
    const results = await run('onebit-adam:warmup=3', 'onebit', {});
    results[0].got.forEach((values, step) =>
      values.forEach((value, at) => {
        // Float32 rounding of momenta up to 1, ten times as large after division by 1 − β.
        expect(Math.abs(value - expected[step][at])).toBeLessThan(2e-5);
      }),
    );
    // What goes as it is takes 4 bytes a value, then a bit.
    expect(results[0].sent[2]).toBeGreaterThanOrEqual(400);
    expect(results[0].sent[3]).toBeLessThan(100);
  });

  test.each([
    ['onebit', 1],
    ['onebit', 3],
    ['onebit', 5],
    ['topk:ratio=0.1', 3],
    ['powersgd', 2],
    ['none', 3],
  ])('%s: the same bits on each of %i ranks', async (codec, ranks) => {
    const results = await run('onebit-adam:warmup=2', codec, { ranks });
    for (const { got } of results) expect(got).toEqual(results[0].got);
  });

  test('with codec none it is the mean gradient all the time', async () => {
    const [{ got }] = await run('onebit-adam:warmup=2', 'none', {});
    got.forEach((values, index) =>
      values.forEach((value, at) => {
        const mean = (gradient(0, index + 1)[at] + gradient(1, index + 1)[at]) / 2;
        // As above.
        expect(Math.abs(value - mean)).toBeLessThan(2e-5);
      }),
    );
  });

  test('goes on from its state as if it had not been interrupted', async () => {
    const whole = await run('onebit-adam:warmup=3', 'onebit', {});
    for (const last of [2, 5]) {
      const begun = await run('onebit-adam:warmup=3', 'onebit', { last });
      const from = begun.map(({ state }) => state);
      const rest = await run('onebit-adam:warmup=3', 'onebit', { first: last + 1, from });
      rest.forEach(({ got }, rank) => expect(got).toEqual(whole[rank].got.slice(last)));
    }
  });
});
