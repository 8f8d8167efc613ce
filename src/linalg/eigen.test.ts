import * as fc from 'fast-check';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { Generator } from '../random/generator.js';
import { normal } from '../random/distributions.js';
import { eigenvector, symmetricEigen } from './eigen.js';
import { dot, multiply } from './vectors.js';

function random(n: number, seed: number): Float64Array {
  return Float64Array.from(normal(new Generator(seed), [n, n], { dtype: 'float64' }).data);
}

function symmetrised(a: Float64Array, n: number): Float64Array {
  return a.map((_, at) => (a[at] + a[(at % n) * n + Math.floor(at / n)]) / 2);
}

/** Q·diag(values)·Qᵀ for a random orthogonal Q. */
function withEigenvalues(values: readonly number[], seed: number): Float64Array {
  const n = values.length;
  const { vectors } = symmetricEigen(symmetrised(random(n, seed), n), n);
  const a = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) a[i * n + j] += values[k] * vectors[k * n + i] * vectors[k * n + j];
    }
  }
  return symmetrised(a, n);
}

/** ‖A·vⱼ − λⱼ·vⱼ‖ and V·Vᵀ − 1 within c·n·ε (relative to ‖A‖): the bound of backward stability, with room for its constant. */
function checkDecomposition(a: Float64Array, n: number, constant = 16): Float64Array {
  const eigen = symmetricEigen(a, n);
  const size = Math.max(Math.abs(eigen.values[0]), Math.abs(eigen.values[n - 1]));
  const slack = constant * n * Number.EPSILON;
  const product = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const v = eigenvector(eigen, j);
    multiply(a, v, product);
    for (let i = 0; i < n; i++) {
      // Denormal products are rounded to whole multiples of the least number.
      const bound = Math.max(slack * size, n * Number.MIN_VALUE);
      expect(Math.abs(product[i] - eigen.values[j] * v[i])).toBeLessThanOrEqual(bound);
    }
    for (let k = 0; k <= j; k++) {
      expect(Math.abs(dot(v, eigenvector(eigen, k)) - (j === k ? 1 : 0))).toBeLessThanOrEqual(slack);
    }
    if (j > 0) expect(eigen.values[j]).toBeGreaterThanOrEqual(eigen.values[j - 1]);
  }
  return eigen.values;
}

describe('symmetricEigen', () => {
  test.each([1, 2, 3, 5, 10, 33, 100])('order %i: the eigenvalues of ml-matrix', (n) => {
    const a = symmetrised(random(n, n), n);
    const values = checkDecomposition(a, n);
    const rows = Array.from({ length: n }, (_, i) => [...a.subarray(i * n, (i + 1) * n)]);
    const oracle = new EigenvalueDecomposition(new Matrix(rows), { assumeSymmetric: true }).realEigenvalues;
    const expected = Float64Array.from(oracle).sort();
    const size = Math.max(...expected.map(Math.abs));
    // Two backward stable methods differ by a few n·ε·‖A‖.
    values.forEach((value, j) =>
      expect(Math.abs(value - expected[j])).toBeLessThanOrEqual(32 * n * Number.EPSILON * size),
    );
  });

  test('repeated, clustered, zero and graded eigenvalues', () => {
    const spectra = [
      [2, 2, 2, 2],
      [0, 0, 0, 1],
      [-1, -1, 1, 1, 1],
      [1, 1 + 1e-14, 1 + 2e-14, 3],
      [1e-12, 1e-8, 1e-4, 1],
      [-1e6, -1, 0, 1e-6, 1e6],
    ];
    for (const [index, spectrum] of spectra.entries()) {
      const values = checkDecomposition(withEigenvalues(spectrum, 40 + index), spectrum.length);
      const size = Math.max(...spectrum.map(Math.abs));
      values.forEach((value, j) =>
        expect(Math.abs(value - spectrum[j])).toBeLessThanOrEqual(200 * Number.EPSILON * size),
      );
    }
  });

  test('closed form: the second difference matrix, 2 − 2·cos(kπ/(n+1))', () => {
    const n = 60;
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      a[i * n + i] = 2;
      if (i + 1 < n) a[i * n + i + 1] = a[(i + 1) * n + i] = -1;
    }
    checkDecomposition(a, n).forEach((value, k) =>
      expect(Math.abs(value - (2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))))).toBeLessThan(1e-14 * n),
    );
  });

  test('small integer matrices, any of them', () => {
    const entries = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(entries, { minLength: 36, maxLength: 36 }),
        (n, raw) => {
          const a = new Float64Array(n * n);
          for (let i = 0; i < n; i++)
            for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = raw[i * 6 + j];
          const values = checkDecomposition(a, n);
          let trace = 0;
          for (let i = 0; i < n; i++) trace += a[i * n + i];
          expect(Math.abs(values.reduce((sum, value) => sum + value, 0) - trace)).toBeLessThan(1e-12);
        },
      ),
    );
  });

  test('neither overflows nor vanishes', () => {
    for (const factor of [1e300, 1e-300, 5e-324, 1.7e308]) {
      const { values, vectors } = symmetricEigen(Float64Array.of(0, factor, factor, 0), 2);
      expect(values[0] / factor).toBeCloseTo(-1, 14);
      expect(values[1] / factor).toBeCloseTo(1, 14);
      for (const entry of vectors) expect(Math.abs(entry)).toBeCloseTo(Math.SQRT1_2, 14);
    }
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0]);
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
  });

  test('entries of any sizes, beside denormal ones', () => {
    // Whole powers of ten from denormal numbers to large ones, so that squares and sums of some vanish beside others.
    const entry = fc
      .tuple(fc.double({ min: 1, max: 10, noNaN: true }), fc.integer({ min: -324, max: 150 }), fc.boolean())
      .map(([digits, exponent, negative]) => (negative ? -1 : 1) * digits * 10 ** exponent);
    const entries = fc.array(
      fc.oneof(entry, fc.constant(0), fc.double({ min: 0, max: 1e-310, noNaN: true })),
      {
        minLength: 25,
        maxLength: 25,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), entries, (n, raw) => {
        const a = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = raw[i * 5 + j];
        // Entries that differ so much take three times the steps, and rounding grows with them.
        checkDecomposition(a, n, 64);
      }),
      { numRuns: 2000 },
    );
    // Squares of the coupling are denormal: its values are ± it all the same.
    const tiny = 1e-160;
    const { values } = symmetricEigen(Float64Array.of(1, 0, 0, 0, 0, tiny, 0, tiny, 0), 3);
    [-1, 1, 1 / tiny].forEach((value, j) => expect(values[j] / tiny / value).toBeCloseTo(1, 14));
  });

  test('refuses what it cannot decompose', () => {
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow(
      'symmetricEigen: entry [0, 1] is NaN; all must be finite',
    );
    expect(() => symmetricEigen(Float64Array.of(1, 0, 0, -Infinity), 2)).toThrow('entry [1, 1] is -Infinity');
    expect(() => symmetricEigen(Float64Array.of(1, 2, 3, 4), 2)).toThrow('must be symmetric');
    expect(() => symmetricEigen(new Float64Array(3), 2)).toThrow('give 4');
  });
});
