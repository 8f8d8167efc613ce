import { erf } from 'mathjs';
import { describe, expect, test } from 'vitest';
import { bernoulli, integers, normal, permutation, truncatedNormal, uniform } from './distributions.js';
import { Generator } from './generator.js';

/** Kolmogorov–Smirnov distance of a sample from a distribution, times √n: above 1.95 with probability 0.001. */
function kolmogorovSmirnov(sample: Iterable<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(sample).sort();
  let distance = 0;
  for (const [index, value] of sorted.entries()) {
    const expected = cdf(value);
    distance = Math.max(distance, expected - index / sorted.length, (index + 1) / sorted.length - expected);
  }
  return distance * Math.sqrt(sorted.length);
}

function moments(sample: ArrayLike<number>): { mean: number; variance: number; lag: (k: number) => number } {
  const values = Array.from(sample);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const central = values.map((value) => value - mean);
  const variance = central.reduce((sum, value) => sum + value * value, 0) / values.length;
  const lag = (k: number): number =>
    central.slice(k).reduce((sum, value, index) => sum + value * central[index], 0) /
    values.length /
    variance;
  return { mean, variance, lag };
}

const phi = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const n = 20000;
/** Four standard deviations of a mean over n: exceeded with probability 6e-5. */
const slack = 4 / Math.sqrt(n);

describe('uniform', () => {
  test.each(['float32', 'float64'] as const)(
    '%s: mean, variance, shape of the distribution, serial correlation',
    (dtype) => {
      const { data, shape } = uniform(new Generator(1), [200, 100], { dtype });
      expect(shape).toEqual([200, 100]);
      expect(kolmogorovSmirnov(data, (x) => x)).toBeLessThan(1.95);
      const { mean, variance, lag } = moments(data);
      expect(Math.abs(mean - 1 / 2)).toBeLessThan(slack * Math.sqrt(1 / 12));
      // Var[(u − ½)²] = 1/80 − 1/144 = 1/180.
      expect(Math.abs(variance - 1 / 12)).toBeLessThan(slack * Math.sqrt(1 / 180));
      for (let k = 1; k <= 8; k++) expect(Math.abs(lag(k))).toBeLessThan(slack);
    },
  );

  test('a range', () => {
    const { data } = uniform(new Generator(2), [n], { low: -3, high: 5, dtype: 'float64' });
    expect(kolmogorovSmirnov(data, (x) => (x + 3) / 8)).toBeLessThan(1.95);
    expect(() => uniform(new Generator(2), [1], { low: 2, high: 1 })).toThrow('range from 2 to 1');
    expect(() => uniform(new Generator(2), [1], { high: Infinity })).toThrow('must be finite');
  });
});

describe('normal', () => {
  test('mean, variance, kurtosis, shape of the distribution, serial correlation', () => {
    const { data } = normal(new Generator(3), [n], { dtype: 'float64' });
    expect(kolmogorovSmirnov(data, phi)).toBeLessThan(1.95);
    const { mean, variance, lag } = moments(data);
    expect(Math.abs(mean)).toBeLessThan(slack);
    expect(Math.abs(variance - 1)).toBeLessThan(slack * Math.SQRT2);
    const fourth = Array.from(data).reduce((sum, value) => sum + value ** 4, 0) / n;
    expect(Math.abs(fourth - 3)).toBeLessThan(slack * Math.sqrt(96));
    for (let k = 1; k <= 8; k++) expect(Math.abs(lag(k))).toBeLessThan(slack);
  });

  test('float32 is float64 rounded; mean and std scale', () => {
    const options = { mean: 10, std: 3 };
    const double = normal(new Generator(4), [11, 7], { ...options, dtype: 'float64' });
    expect(normal(new Generator(4), [11, 7], options).data).toEqual(Float32Array.from(double.data));
    const unit = normal(new Generator(4), [77], { dtype: 'float64' }).data;
    for (const [index, value] of double.data.entries()) expect(value).toBeCloseTo(10 + 3 * unit[index], 12);
  });

  test('inline values: the same bits in every version', () => {
    expect([...normal(new Generator(0), [3], { dtype: 'float64' }).data]).toMatchInlineSnapshot(`
      [
        -0.09047304870320473,
        -1.0051318183691345,
        -0.9238335951157883,
      ]
    `);
  });

  test('draws one block a pair', () => {
    const generator = new Generator(0);
    normal(generator, [5]);
    expect(generator.state.counter).toBe(12);
    normal(generator, [0]);
    expect(generator.state.counter).toBe(12);
  });

  test('refuses a negative or infinite std', () => {
    expect(() => normal(new Generator(0), [1], { std: -1 })).toThrow('std -1');
    expect(() => truncatedNormal(new Generator(0), [1], { mean: NaN })).toThrow('truncatedNormal: mean NaN');
  });
});

describe('truncatedNormal', () => {
  test.each([0.5, 2])('bound %d: within it, with the distribution of its theory', (bound) => {
    const { data } = truncatedNormal(new Generator(5), [n], { bound, mean: 1, std: 2, dtype: 'float64' });
    const inside = phi(bound) - phi(-bound);
    expect(kolmogorovSmirnov(data, (x) => (phi((x - 1) / 2) - phi(-bound)) / inside)).toBeLessThan(1.95);
    expect([...data].every((value) => Math.abs(value - 1) <= 2 * bound)).toBe(true);
    const density = Math.exp((-bound * bound) / 2) / Math.sqrt(2 * Math.PI);
    const expected = 4 * (1 - (2 * bound * density) / inside);
    expect(Math.abs(moments(data).variance / expected - 1)).toBeLessThan(slack * 1.5);
  });

  test('refuses a bound that would redraw for ever', () => {
    expect(() => truncatedNormal(new Generator(0), [1], { bound: 0 })).toThrow(
      'bound 0 must be at least 0.1',
    );
  });
});

describe('bernoulli', () => {
  test.each([0, 0.1, 0.5, 1])('probability %d', (probability) => {
    const { data, dtype } = bernoulli(new Generator(6), [n], probability);
    expect(dtype).toBe('bool');
    const { mean } = moments(data);
    expect(Math.abs(mean - probability)).toBeLessThanOrEqual(
      slack * Math.sqrt(probability * (1 - probability)),
    );
  });

  test('refuses what is no probability', () => {
    expect(() => bernoulli(new Generator(0), [1], 1.5)).toThrow('probability 1.5');
    expect(() => bernoulli(new Generator(0), [1], NaN)).toThrow('probability NaN');
  });
});

describe('integers', () => {
  test('each as likely: chi-square over 10 cells', () => {
    const { data, dtype } = integers(new Generator(7), [n], 0, 10);
    expect(dtype).toBe('int32');
    const counts = new Array<number>(10).fill(0);
    for (const value of data) counts[value]++;
    // 9 degrees of freedom: 27.9 is exceeded with probability 0.001.
    expect(counts.reduce((sum, seen) => sum + (seen - n / 10) ** 2 / (n / 10), 0)).toBeLessThan(27.9);
    expect(() => integers(new Generator(0), [1], 0, 2 ** 31 + 1)).toThrow('does not fit int32');
  });
});

describe('permutation', () => {
  test('inline values', () => {
    expect([...permutation(new Generator(0), 10)]).toMatchInlineSnapshot(`
      [
        6,
        9,
        0,
        2,
        1,
        8,
        4,
        5,
        7,
        3,
      ]
    `);
  });

  test('holds every index once', () => {
    for (const size of [0, 1, 2, 1000]) {
      expect([...permutation(new Generator(8), size).sort()]).toEqual(
        Array.from({ length: size }, (_, i) => i),
      );
    }
    expect(() => permutation(new Generator(0), 1.5)).toThrow('size 1.5');
  });

  test('all 24 orders of four are as likely', () => {
    const counts = new Map<string, number>();
    const generator = new Generator(9);
    const draws = 24000;
    for (let draw = 0; draw < draws; draw++) {
      const order = permutation(generator, 4).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((sum, seen) => sum + (seen - 1000) ** 2 / 1000, 0);
    // 23 degrees of freedom: 49.7 is exceeded with probability 0.001.
    expect(chiSquare).toBeLessThan(49.7);
  });
});
