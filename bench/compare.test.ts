import { describe, expect, test } from 'vitest';
import { compare, quickest, ratioTo, summarise, type Result } from './compare.js';
import type { Contender, Measured } from './contender.js';
import { stepFlops } from './flops.js';
import { digits, table } from './table.js';

function measured(name: string, min: number, median: number): Measured {
  return { name, version: '1.0', ms: { min, median, max: 2 * median }, count: 5, cores: 0.98, rssMb: 100 };
}

function contender(name: string, script: string, group = name): Contender {
  return { name, group, command: [process.execPath, '-e', script], env: process.env };
}

function printing(name: string, line: object, group = name): Contender {
  return contender(
    name,
    `console.log('warming up'); console.log(${JSON.stringify(JSON.stringify(line))})`,
    group,
  );
}

function result(name: string, group: string, rounds: readonly (readonly [number, number])[]): Result {
  return {
    contender: contender(name, '', group),
    rounds: rounds.map(([min, median], round) => ({ round, measured: measured(name, min, median) })),
  };
}

describe('compare', () => {
  test('runs every contender once a round and says why one has no numbers', async () => {
    const results = await compare(
      [
        printing('good', measured('good', 1, 2)),
        printing('absent', { missing: 'torch is not installed' }),
        printing('unable', { unsupported: 'no kernel' }),
        contender('broken', "throw new TypeError('out of cheese')"),
        contender('silent', ''),
        printing('garbled', { name: 'garbled', ms: 3 }),
        { name: 'nowhere', group: 'nowhere', command: ['a-program-that-is-not-here'] },
      ],
      { rounds: 2 },
    );
    expect(results.map(({ contender, rounds }) => [contender.name, rounds.length])).toEqual([
      ['good', 2],
      ['absent', 0],
      ['unable', 0],
      ['broken', 0],
      ['silent', 0],
      ['garbled', 0],
      ['nowhere', 0],
    ]);
    expect(results.map(({ absent }) => absent?.kind)).toEqual([
      undefined,
      'missing',
      'unsupported',
      'failed',
      'failed',
      'failed',
      'missing',
    ]);
    expect(results[1].absent?.reason).toBe('torch is not installed');
    expect(results[3].absent?.reason).toContain('TypeError: out of cheese');
    expect(results[6].absent?.reason).toBe('a-program-that-is-not-here is not installed');
  });

  test('ends a contender that goes over the time limit', async () => {
    const [{ absent }] = await compare([contender('endless', 'setInterval(() => {}, 1000)')], {
      rounds: 1,
      timeoutMs: 500,
    });
    expect(absent).toEqual({ kind: 'failed', reason: 'not done after 0.5 s' });
  });

  test('interleaves: each round starts with the next contender', async () => {
    const order: string[] = [];
    const names = ['a', 'b', 'c'];
    await compare(
      names.map((name) => printing(name, measured(name, 1, 1))),
      { rounds: 3, progress: (text) => order.push(text.split(' ')[2]) },
    );
    expect(order.join('')).toBe('abcbcacab');
  });
});

describe('ratios', () => {
  const eager = result('eager', 'PyTorch', [
    [5, 6],
    [4, 8],
    [5, 10],
  ]);
  const compiled = result('compiled', 'PyTorch', [[4.5, 4.6]]);
  const ours = result('ours', 'Scree', [
    [2, 3],
    [2.5, 4],
    [3, 15],
  ]);

  test('the bar is the group’s fastest item', () => {
    expect(quickest([compiled, eager, ours], 'PyTorch')).toBe(eager);
    expect(quickest([ours], 'PyTorch')).toBeUndefined();
  });

  test('of minima, and of medians paired by round', () => {
    expect(summarise(ours)).toEqual({ min: 2, median: 4, max: 15 });
    expect(ratioTo(eager, ours)).toEqual({ best: 0.5, paired: { min: 0.5, median: 0.5, max: 1.5 } });
    expect(ratioTo(compiled, ours)?.paired.median).toBeCloseTo(3 / 4.6, 12);
  });

  test('the table shows them, the share of the peak and what is missing', () => {
    const missing: Result = {
      contender: contender('JAX jit', '', 'JAX'),
      rounds: [],
      absent: { kind: 'missing', reason: 'jax is not installed' },
    };
    const text = table([ours, eager, missing], {
      title: 'a step',
      bar: 'PyTorch',
      item: 'a step',
      work: { flops: 1e8, peakGflops: 100 },
    });
    expect(text).toMatchInlineSnapshot(`
      "a step (ms a step)
                min  median   max  × bar              paired  RSS MB  cores      GFLOP/s  version, remarks
      ours     2.00    4.00  15.0  0.500  0.500 (0.500–1.50)     100  0.980  50.0 (50 %)  1.0
      eager    4.00    8.00  10.0   1.00    1.00 (1.00–1.00)     100  0.980  25.0 (25 %)  1.0; the bar
      JAX jit     –       –     –      –                   –       –      –            –  missing: jax is not installed
      "
    `);
  });

  test('three significant digits', () => {
    expect([0.012345, 1.2345, 12.345, 123.45, 12345, 0].map(digits)).toEqual([
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '12345',
      '0',
    ]);
  });
});

// torch.utils.flop_counter on the same models, forward and backward
test.each([
  ['mlp', 308150272],
  ['lenet', 289781760],
  ['cnn', 3199401984],
] as const)('operations of a step of %s are PyTorch’s count', (model, flops) => {
  expect(stepFlops(model)).toBe(flops);
});
