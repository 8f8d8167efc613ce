import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { multiplyHigh, philoxBlock, philoxFill, philoxUniform, type PhiloxKey } from './philox.js';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function hex(words: Uint32Array): string {
  return [...words].map((value) => value.toString(16).padStart(8, '0')).join(' ');
}

/** The readable twin: the paper's definition in BigInt. */
function philoxTwin(counter: readonly number[], key: PhiloxKey): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const product0 = c0 * 0xd2511f53n;
    const product1 = c2 * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [
      (product1 >> 32n) ^ c1 ^ k0,
      product1 & mask,
      (product0 >> 32n) ^ c3 ^ k1,
      product0 & mask,
    ];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe('philox4x32-10', () => {
  // The lines "philox4x32 10" of Random123's known-answer file kat_vectors: zeros, ones, the digits of pi.
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('Random123 known answer for counter %j, key %j', (counter, key, expected) => {
    expect(hex(philoxBlock(counter, key))).toBe(expected);
  });

  test('equals the definition in big integers', () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect([...philoxBlock(counter, key)]).toEqual(philoxTwin(counter, key));
      }),
    );
  });

  test('multiplyHigh equals the big product', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(multiplyHigh(a, b) >>> 0).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }),
    );
  });

  test('fills any length from any block, over the carry into the second word', () => {
    const key = [7, 11] as const;
    for (const block of [0, 5, 2 ** 32 - 2, 2 ** 52]) {
      for (let length = 0; length < 14; length++) {
        const out = new Uint32Array(length + 2);
        philoxFill(out, key, block, 1, length + 1);
        const expected = Array.from({ length: Math.ceil(length / 4) }, (_, index) => {
          const number = block + index;
          return philoxTwin([number % 2 ** 32, Math.floor(number / 2 ** 32), 0, 0], key);
        });
        expect([...out]).toEqual([0, ...expected.flat().slice(0, length), 0]);
      }
    }
  });
});

describe('philoxUniform', () => {
  test('inline values', () => {
    const single = new Float32Array(3);
    philoxUniform(single, [0, 0], 0);
    expect([...single]).toEqual([0x6627e8 / 2 ** 24, 0xe169c5 / 2 ** 24, 0xbc57ac / 2 ** 24]);
    const double = new Float64Array(1);
    philoxUniform(double, [0, 0], 0);
    // The top 27 bits of one word and 26 of the next, as NumPy's and Python's random_sample.
    expect(double[0]).toBe((0x6627e8d5 >>> 5) * 2 ** -27 + (0xe169c58d >>> 6) * 2 ** -53);
  });

  test.each([Float32Array, Float64Array])('a later counter continues the stream (%o)', (ArrayType) => {
    const whole = new ArrayType(4000);
    philoxUniform(whole, [1, 2], 9);
    const rest = new ArrayType(3000);
    // 1,000 float32 fill 250 blocks, 1,000 float64 500.
    philoxUniform(rest, [1, 2], 9 + (ArrayType === Float32Array ? 250 : 500));
    expect(rest).toEqual(whole.subarray(1000));
  });

  test('a key read from an Int32Array is the same key', () => {
    const signed = new Float32Array(9);
    const unsigned = new Float32Array(9);
    philoxUniform(signed, [-1, -(2 ** 31)], 4);
    philoxUniform(unsigned, [0xffffffff, 2 ** 31], 4);
    expect(signed).toEqual(unsigned);
  });

  test('stays below 1 for the largest words', () => {
    expect((0xffffffff >>> 8) * 2 ** -24).toBeLessThan(1);
    const out = new Float32Array(100000);
    philoxUniform(out, [3, 4], 0);
    expect(out.every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
