import { describe, expect, test } from 'vitest';
import { normal } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { simdKernels } from './simd.js';
import { plainBank, vectorBank } from './vector-bank.js';

/** Sums of n products in another order: a few √n·ε of their size, with room. */
const slack = (n: number): number => 100 * Number.EPSILON * n;

describe.each([
  ['as chosen', vectorBank],
  ['JavaScript', plainBank],
] as const)('%s', (_, make) => {
  test.each([1, 2, 3, 63, 64, 65, 66, 67, 68, 1001])('n = %i: as plain loops', (n) => {
    const bank = make(4, n);
    const wanted = Array.from({ length: 4 }, (_, k) => {
      const vector = Float64Array.from(normal(new Generator(k), [n], { dtype: 'float64' }).data);
      bank.view(k).set(vector);
      return vector;
    });
    const product = (j: number, k: number): number =>
      wanted[j].reduce((sum, value, i) => sum + value * wanted[k][i], 0);
    for (let j = 0; j < 4; j++) {
      for (let k = 0; k < 4; k++) expect(Math.abs(bank.dot(j, k) - product(j, k))).toBeLessThan(slack(n));
    }
    const result = bank.combine(-0.3, 0, 1.7, 1, 2);
    wanted[1] = wanted[1].map((y, i) => 1.7 * y + -0.3 * wanted[0][i]);
    expect([...bank.view(1)]).toEqual([...wanted[1]]);
    expect(Math.abs(result - product(1, 2))).toBeLessThan(slack(n));
    // The others are as they were: no loop ran over an end.
    for (const k of [0, 2, 3]) expect([...bank.view(k)]).toEqual([...wanted[k]]);
    // x and w may be y itself.
    const doubled = bank.combine(1, 1, 1, 1, 1);
    wanted[1] = wanted[1].map((y) => 2 * y);
    expect(Math.abs(doubled - product(1, 1))).toBeLessThan(4 * slack(n));
  });
});

test('each bank has a memory of its own, and this machine runs the kernels', () => {
  expect(simdKernels()).toBeDefined();
  const [a, b] = [vectorBank(2, 100), vectorBank(2, 100)];
  a.view(0).fill(1);
  expect(b.view(0).every((value) => value === 0)).toBe(true);
  expect(vectorBank(3, 100_000).view(2)).toHaveLength(100_000);
});
