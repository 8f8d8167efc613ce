import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Generator, type GeneratorState } from './generator.js';

function take(generator: Generator, count: number): number[] {
  return Array.from({ length: count }, () => generator.word());
}

describe('Generator', () => {
  test('the stream of seed 0 starts with the known answer', () => {
    expect(take(new Generator(0), 4)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  });

  test('inline values of seed 42: numbers never change between versions', () => {
    const generator = new Generator(42);
    expect(generator.uniform()).toMatchInlineSnapshot(`0.6129598801477738`);
    expect(generator.integer(-5, 5)).toMatchInlineSnapshot(`-5`);
    expect(generator.fork('shuffle').state).toMatchInlineSnapshot(`
      {
        "counter": 0,
        "key": [
          2723401964,
          1475896092,
        ],
        "seed": 42,
      }
    `);
    expect(generator.fork(3).state).toMatchInlineSnapshot(`
      {
        "counter": 0,
        "key": [
          512608197,
          2923059903,
        ],
        "seed": 42,
      }
    `);
  });

  test('words equals word by word, in any mixture', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 12 }), (pieces) => {
        const bulk = new Generator(5);
        const single = new Generator(5);
        for (const [index, length] of pieces.entries()) {
          if (index % 2 === 0) {
            const out = new Uint32Array(length);
            bulk.words(out);
            expect([...out]).toEqual(take(single, length));
          } else {
            expect(take(bulk, length % 7)).toEqual(take(single, length % 7));
          }
        }
        expect(bulk.state).toEqual(single.state);
      }),
    );
  });

  test('a state survives JSON and goes on exactly, at every count', () => {
    const reference = take(new Generator(9), 150);
    const generator = new Generator(9);
    for (let drawn = 0; drawn < 140; drawn++) {
      const state: GeneratorState = JSON.parse(JSON.stringify(generator.state));
      expect(take(Generator.restore(state), 10)).toEqual(reference.slice(drawn, drawn + 10));
      generator.word();
    }
  });

  test('a fork does not depend on what was drawn, and differs for each label', () => {
    const fresh = new Generator(1);
    const used = new Generator(1);
    take(used, 77);
    expect(take(used.fork('a').fork(3), 4)).toEqual(take(fresh.fork('a').fork(3), 4));
    const labels: (string | number)[] = [
      '',
      'a',
      'b',
      'ab',
      'shuffle',
      '\0',
      'a\0',
      '12345678',
      '123456789',
      '0',
      '1',
    ];
    for (let index = 0; index < 200; index++) labels.push(index);
    labels.push(2 ** 32, 2 ** 33, 2 ** 53 - 1);
    const keys = labels.map((label) => fresh.fork(label).key.join());
    expect(new Set([fresh.key.join(), ...keys]).size).toBe(labels.length + 1);
  });

  test('forks are uncorrelated with each other and with their parent', () => {
    // n = 20,000: the correlation of independent streams has standard deviation 1/sqrt(n); 4 of them, 10 pairs.
    const count = 20000;
    const root = new Generator(2);
    const streams = [root, root.fork(0), root.fork(1), root.fork('a'), root.fork(0).fork(0)].map(
      (generator) => Array.from({ length: count }, () => generator.uniform() - 0.5),
    );
    for (let a = 0; a < streams.length; a++) {
      for (let b = 0; b < a; b++) {
        const covariance =
          streams[a].reduce((sum, value, index) => sum + value * streams[b][index], 0) / count;
        expect(Math.abs(covariance * 12)).toBeLessThan(4 / Math.sqrt(count));
      }
    }
  });

  test('integer stays in its range and reaches both ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.integer({ min: 1, max: 2 ** 32 }),
        (low, range) => {
          const value = new Generator(3).integer(low, low + range);
          expect(value >= low && value < low + range && Number.isInteger(value)).toBe(true);
        },
      ),
    );
    const generator = new Generator(4);
    const seen = new Set(Array.from({ length: 200 }, () => generator.integer(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });

  test('integer is unbiased where multiplying alone would not be', () => {
    // Range 3·2^30: without redrawing, every third integer would come up twice as often as the others.
    const generator = new Generator(6);
    const count = 30000;
    const counts = [0, 0, 0];
    for (let index = 0; index < count; index++) counts[generator.integer(0, 3 * 2 ** 30) % 3]++;
    const chiSquare = counts.reduce((sum, seen) => sum + (seen - count / 3) ** 2 / (count / 3), 0);
    // 2 degrees of freedom: 13.8 is exceeded with probability 0.001.
    expect(chiSquare).toBeLessThan(13.8);
  });

  test.each([-1, 0.5, 2 ** 53, NaN])('seed %d is refused', (seed) => {
    expect(() => new Generator(seed)).toThrow(`Generator: seed ${seed} is not an integer from 0 to 2^53 - 1`);
  });

  test('bad labels, ranges and states are refused', () => {
    const generator = new Generator(0);
    expect(() => generator.fork(-1)).toThrow('fork label -1');
    expect(() => generator.integer(3, 3)).toThrow('range [3, 3) must hold 1 to 2^32 integers');
    expect(() => generator.integer(0, 2 ** 32 + 1)).toThrow('must hold 1 to 2^32');
    expect(() => Generator.restore({ seed: 0, key: [0, -1], counter: 0 })).toThrow('key [0, -1]');
    expect(() => Generator.restore({ seed: 0, key: [0, 1], counter: 0.5 })).toThrow('counter 0.5');
  });
});
