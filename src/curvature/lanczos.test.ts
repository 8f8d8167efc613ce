import { describe, expect, test } from 'vitest';
import { symmetricEigen } from '../linalg/index.js';
import { Generator, normal } from '../random/index.js';
import { lanczos, missedShare, type LinearOperator } from './lanczos.js';

function operatorOf(matrix: Float64Array, n: number): LinearOperator {
  return {
    size: n,
    multiply(v, out) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += matrix[i * n + j] * v[j];
        out[i] = sum;
      }
    },
  };
}

function diagonal(...values: number[]): Float64Array {
  const n = values.length;
  const matrix = new Float64Array(n * n);
  values.forEach((value, i) => (matrix[i * n + i] = value));
  return matrix;
}

/** Symmetric matrices of several kinds: Gaussian, Gram, low rank, clustered, decaying, one outlier. */
function randomMatrix(generator: Generator, n: number, kind: number): Float64Array {
  const raw = normal(generator, [n, n], { dtype: 'float64' }).data;
  const matrix = new Float64Array(n * n);
  const rank = kind === 2 ? 1 + (n >> 2) : n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      if (kind === 0) sum = raw[i * n + j] + raw[j * n + i];
      else if (kind < 3) for (let k = 0; k < rank; k++) sum += raw[i * n + k] * raw[j * n + k];
      else if (kind === 3) sum = (i === j ? (i % 3) - 1 : 0) + 1e-3 * (raw[i * n + j] + raw[j * n + i]);
      else if (kind === 4) sum = (raw[i * n + j] + raw[j * n + i]) * 0.5 ** (i + j);
      else sum = 0.01 * (raw[i * n + j] + raw[j * n + i]) - 10 * raw[i] * raw[j];
      matrix[i * n + j] = sum;
    }
  }
  return matrix;
}

describe('lanczos', () => {
  test('the trap of power iterations, diag(2, −2), from 200 starts', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const result = await lanczos(operatorOf(diagonal(2, -2), 2), { generator: new Generator(seed) });
      expect(result.top[0].value).toBeCloseTo(2, 12);
      expect(result.bottom[0].value).toBeCloseTo(-2, 12);
      expect(result.stop).toBe('complete');
    }
  });

  /**
   * Each interval must hold an eigenvalue: that is a theorem (rounding apart), so all of them; the bounds may be crossed in 1 % of the
   * cases, and 1,000 trials with that chance give more than 25 with probability 2e-5.
   */
  test('1,000 random matrices: every interval holds an eigenvalue, the bounds fail in at most 1 %', async () => {
    let outside = 0;
    let checked = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const generator = new Generator(seed);
      const n = 2 + (seed % 39);
      const matrix = seed % 50 === 0 ? diagonal(2, -2) : randomMatrix(generator, n, seed % 6);
      const order = Math.sqrt(matrix.length);
      const truth = Array.from(symmetricEigen(matrix, order).values);
      const scale = Math.max(...truth.map(Math.abs));
      const storage = seed % 2 ? 'float32' : 'float64';
      const result = await lanczos(operatorOf(matrix, order), {
        generator: generator.fork('start'),
        top: 3,
        bottom: 3,
        maxSteps: 1 + (seed % 17),
        storage,
      });
      for (const { value, error } of [...result.top, ...result.bottom]) {
        checked++;
        // The reference itself is rounded by some n·ε·scale.
        const nearest = Math.min(...truth.map((one) => Math.abs(one - value)));
        expect(nearest, `seed ${seed}: ${value} ± ${error}`).toBeLessThanOrEqual(
          error + 1e-13 * order * scale,
        );
      }
      const slack = 1e-13 * order * scale;
      if (truth[0] < result.bounds.lower - slack || truth[order - 1] > result.bounds.upper + slack) outside++;
    }
    expect(checked).toBeGreaterThan(4000);
    expect(outside).toBeLessThanOrEqual(25);
  });

  test('all eigenvalues with their vectors where the steps suffice, repeated ones included', async () => {
    const matrix = diagonal(3, 3, 3, -1, -1, 0, 7, 7);
    const operator = operatorOf(matrix, 8);
    const result = await lanczos(operator, { generator: new Generator(5), top: 8, bottom: 0, tolerance: 0 });
    expect(result.stop).toBe('complete');
    [7, 7, 3, 3, 3, 0, -1, -1].forEach((value, at) => expect(result.top[at].value).toBeCloseTo(value, 12));
    const image = new Float64Array(8);
    for (const pair of result.top) {
      const v = pair.vector();
      await operator.multiply(v, image);
      image.forEach((x, i) => expect(Math.abs(x - pair.value * v[i])).toBeLessThan(1e-12));
    }
  });

  test('converges before its limit on a spectrum with a gap, with residuals as promised', async () => {
    const values = Array.from({ length: 400 }, (_, i) => (i < 4 ? -20 + i : i < 6 ? 50 + i : Math.sin(i)));
    const result = await lanczos(operatorOf(diagonal(...values), 400), {
      generator: new Generator(2),
      top: 2,
      bottom: 4,
      tolerance: 1e-8,
    });
    expect(result.stop).toBe('converged');
    expect(result.steps).toBeLessThan(60);
    expect(result.top[0].value).toBeCloseTo(55, 10);
    result.bottom.forEach(({ value }, at) => expect(value).toBeCloseTo(-20 + at, 8));
  });

  test('a tolerance relative to each eigenvalue goes on until the small ones are known as well as the large', async () => {
    const values = Array.from({ length: 300 }, (_, i) => (i === 0 ? 1000 : i < 4 ? 2 + 0.1 * i : i / 300));
    const operator = operatorOf(diagonal(...values), 300);
    const options = { top: 4, bottom: 0, tolerance: 1e-2, maxSteps: 300 } as const;
    const loose = await lanczos(operator, { generator: new Generator(3), ...options });
    const strict = await lanczos(operator, { generator: new Generator(3), ...options, relativeTo: 'each' });
    expect([loose.stop, strict.stop]).toEqual(['converged', 'converged']);
    expect(strict.steps).toBeGreaterThan(loose.steps);
    [1000, 2.3, 2.2, 2.1].forEach((value, k) => {
      expect(strict.top[k].error).toBeLessThanOrEqual(1.01e-2 * value);
      // A simple eigenvalue is far closer than its residual.
      expect(Math.abs(strict.top[k].value / value - 1)).toBeLessThan(1e-2);
    });
  });

  test('the share that may be missed is that of the reference', () => {
    // n = 10⁶, e = 0.01 and δ = 1e-6 need m = 107 (from the bound solved by hand).
    expect(missedShare(1e6, 107, 1e-6)).toBeLessThan(0.01);
    expect(missedShare(1e6, 106, 1e-6)).toBeGreaterThan(0.01);
  });

  test('zero, one number, and what is not finite', async () => {
    const zero = await lanczos(operatorOf(new Float64Array(9), 3), { generator: new Generator(1) });
    expect(zero.top[0].value).toBe(0);
    const one = await lanczos(operatorOf(diagonal(-4), 1), { generator: new Generator(1) });
    expect(one.bottom[0].value).toBeCloseTo(-4, 14);
    expect(one.bounds.lower).toBeCloseTo(-4, 12);
    const broken = lanczos(operatorOf(diagonal(1, NaN), 2), { generator: new Generator(1) });
    await expect(broken).rejects.toThrow('not finite');
  });
});
