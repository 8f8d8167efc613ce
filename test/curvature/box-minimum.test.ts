import { expect, test } from 'vitest';
import { surveyBox } from '../../src/curvature/box/survey.js';
import { findSurface, surfaceFormula } from '../../src/landscape/zoo/index.js';

/** Samples along each side. */
const fineness = 161;

/** The least of the values on a grid over the box, its sides included. */
function leastOnGrid(
  value: (x: ArrayLike<number>) => number,
  [[left, right], [low, high]]: readonly (readonly [number, number])[],
): number {
  let least = Infinity;
  for (let i = 0; i < fineness; i++) {
    for (let j = 0; j < fineness; j++) {
      const [s, t] = [i / (fineness - 1), j / (fineness - 1)];
      least = Math.min(least, value([left + s * (right - left), low + t * (high - low)]));
    }
  }
  return least;
}

test.each([
  'sheared-saddle',
  'himmelblau',
  'booth',
  'three-hump-camel',
  'six-hump-camel',
  'bohachevsky',
  'easom',
  'mccormick',
  'branin',
  'rosenbrock',
  'rastrigin',
  'styblinski-tang',
  'schwefel',
  'griewank',
  'monkey-saddle',
  'e6',
  'quartic-bowl',
])('%s: the least value lies between the bounds, and no sample is below the lower one', (name) => {
  const surface = findSurface(name);
  const f = surfaceFormula(surface);
  const { minimum } = surveyBox(f, surface.domain);
  const { lower, upper, point = [] } = minimum;
  const scale = Math.max(1, Math.abs(upper));
  expect(upper - lower).toBeLessThan(1e-8 * scale);
  expect(lower).toBeLessThanOrEqual(leastOnGrid((x) => f.value(x), surface.domain));
  // Where the upper bound was found; rounding of the plain evaluation apart.
  expect(Math.abs(f.value(point) - upper)).toBeLessThan(1e-10 * scale);
});
