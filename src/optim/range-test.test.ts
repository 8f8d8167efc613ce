import { expect, test } from 'vitest';
import { Generator, normal } from '../random/index.js';
import { learningRateRange } from './range-test.js';

/** Gradient descent on Σ ½ λᵢ xᵢ² + 1, with noise on loss and gradient. */
function quadratic(curvatures: readonly number[], noise: number) {
  return (seed: number) => {
    const random = new Generator(seed);
    const draw = () => (noise === 0 ? 0 : noise * normal(random, [1], { dtype: 'float64' }).data[0]);
    const x = curvatures.map(() => 1);
    return (lr: number) => {
      const loss = 1 + curvatures.reduce((sum, curvature, i) => sum + 0.5 * curvature * x[i] ** 2, 0);
      curvatures.forEach((curvature, i) => {
        x[i] -= lr * (curvature * x[i] + draw());
      });
      return loss + draw();
    };
  };
}

test('on a quadratic the interval lies below the largest stable rate 2/L, within a factor of 20', async () => {
  const { interval } = await learningRateRange(quadratic([10, 1], 0));
  expect(interval?.high).toBeLessThan(2 / 10);
  expect(interval?.high).toBeGreaterThan(0.1 / 10);
  expect(interval?.low).toBeLessThan(interval?.high ?? 0);
});

test('with noise the seeds agree still', async () => {
  const { interval, curves } = await learningRateRange(quadratic([10, 1], 0.05));
  expect(curves).toHaveLength(3);
  expect(interval?.high).toBeLessThan(2 / 10);
});

test.each([
  ['a loss that does not change', () => () => 1, /the loss fell by 0.00 at most/],
  ['nothing but noise', quadratic([0], 0.1), /its noise is/],
  ['a loss that is no number', () => () => NaN, /no number/],
])('abstains on %s', async (_name, start, reason) => {
  const { interval, abstained } = await learningRateRange(start);
  expect(interval).toBeUndefined();
  expect(abstained).toMatch(reason);
});

test('options out of range', async () => {
  await expect(learningRateRange(quadratic([1], 0), { from: 1, to: 0.1 })).rejects.toThrow(/from 1 to 0.1/);
  await expect(learningRateRange(quadratic([1], 0), { iterations: 3 })).rejects.toThrow(/at least 10/);
});
