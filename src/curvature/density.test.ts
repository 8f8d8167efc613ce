import { describe, expect, test } from 'vitest';
import { Generator } from '../random/index.js';
import { broadened, shareBelow, spectralDensity } from './density.js';
import type { LinearOperator } from './lanczos.js';
import { studentQuantile } from './student.js';
import { estimateOf, traceEstimate } from './trace.js';

/** diag(values), reflected by 1 − 2uuᵀ so that no axis is an eigenvector. */
function reflected(values: Float64Array): LinearOperator {
  const n = values.length;
  const u = Float64Array.from(values, (_, i) => Math.cos(i));
  const norm = Math.hypot(...u);
  u.forEach((x, i) => (u[i] = x / norm));
  const reflect = (v: Float64Array) => {
    const product = 2 * v.reduce((sum, x, i) => sum + x * u[i], 0);
    v.forEach((x, i) => (v[i] = x - product * u[i]));
  };
  return {
    size: n,
    multiply(v, out) {
      const w = Float64Array.from(v);
      reflect(w);
      w.forEach((x, i) => (w[i] = x * values[i]));
      reflect(w);
      out.set(w);
    },
  };
}

const spectrum = Float64Array.from({ length: 500 }, (_, i) =>
  i < 5 ? 40 + 3 * i : i < 15 ? -3 - 0.1 * i : 0.002 * (i - 15),
);
const total = spectrum.reduce((sum, value) => sum + value, 0);

describe('spectralDensity', () => {
  test('is the density of the eigenvalues within its standard errors', async () => {
    const result = await spectralDensity(reflected(spectrum), { generator: new Generator(4), steps: 60 });
    const truth = broadened(result.at, spectrum, new Float64Array(500).fill(1 / 500), result.sigma);
    // Integrals of both are 1 to the rule's accuracy.
    const step = result.at[1] - result.at[0];
    expect(result.density.reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 6);
    // Where there is something: within 4.5 standard errors (10 starts; Student's t of 9 exceeds 4.5 with probability 0.0015).
    const top = Math.max(...truth);
    truth.forEach((value, i) => {
      const allowed = 4.5 * result.error[i] + 1e-3 * top;
      expect(Math.abs(result.density[i] - value)).toBeLessThanOrEqual(allowed);
    });
    expect(result.trace.interval[0]).toBeLessThan(total);
    expect(result.trace.interval[1]).toBeGreaterThan(total);
  });

  test('shares of eigenvalues', async () => {
    const result = await spectralDensity(reflected(spectrum), {
      generator: new Generator(6),
      steps: 60,
      probes: 20,
    });
    const below = shareBelow(result, -1);
    expect(Math.abs(below.value - 10 / 500)).toBeLessThan(4 * below.standardError);
    expect(shareBelow(result, 100).value).toBeCloseTo(1, 10);
  });

  test('one start has no error', async () => {
    const one = spectralDensity(reflected(spectrum), { generator: new Generator(4), probes: 1 });
    await expect(one).rejects.toThrow('at least 2');
  });
});

describe('traceEstimate', () => {
  /** 200 intervals of 95 %: fewer than 178 hits has probability 5e-5 where the coverage is what it says. */
  test.each(['hutchinson', 'hutch++'] as const)('%s covers the truth as often as it says', async (method) => {
    const values = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i) + (i < 3 ? 20 : 0));
    const trace = values.reduce((sum, value) => sum + value, 0);
    const operator = reflected(values);
    let hits = 0;
    let width = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { interval } = await traceEstimate(operator, { generator: new Generator(seed), method });
      if (interval[0] <= trace && trace <= interval[1]) hits++;
      width += (interval[1] - interval[0]) / 200;
    }
    expect(hits).toBeGreaterThanOrEqual(178);
    // Taking the three large eigenvalues away leaves what the others vary by.
    expect(width).toBeLessThan(method === 'hutchinson' ? 40 : 15);
  });

  test('is exact where the sketch takes all', async () => {
    const { value, standardError } = await traceEstimate(reflected(Float64Array.of(1, 2, 3)), {
      generator: new Generator(1),
      products: 9,
    });
    expect(value).toBeCloseTo(6, 12);
    expect(standardError).toBeLessThan(1e-12);
  });

  test('too few products', async () => {
    const few = traceEstimate(reflected(Float64Array.of(1, 2)), { generator: new Generator(1), products: 5 });
    await expect(few).rejects.toThrow('at least 6');
  });
});

describe('Student', () => {
  // From SciPy: scipy.stats.t.ppf(1 − outside/2, freedom).
  test.each([
    [0.05, 1, 12.706205],
    [0.05, 2, 4.302653],
    [0.05, 4, 2.776445],
    [0.05, 9, 2.262157],
    [0.01, 9, 3.249836],
    [0.05, 99, 1.984217],
  ])('outside %d, freedom %d', (outside, freedom, expected) => {
    // The normal quantile within is good to 5e-4.
    expect(Math.abs(studentQuantile(outside, freedom) / expected - 1)).toBeLessThan(5e-4);
  });

  test('the mean of values with its interval', () => {
    const { value, standardError, interval } = estimateOf([1, 2, 3, 4, 5]);
    expect(value).toBe(3);
    expect(standardError).toBeCloseTo(Math.sqrt(0.5), 14);
    // 2.776445 by SciPy.
    expect(interval[1]).toBeCloseTo(3 + 2.776445 * Math.sqrt(0.5), 2);
  });
});
