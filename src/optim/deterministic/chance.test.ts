/** The methods that use chance: what they find, how likely, and that a seed fixes all of it. */
import { describe, expect, test } from 'vitest';
import { readGolden } from '../../../test/support/golden.js';
import { pointClassifier } from '../../curvature/index.js';
import { formula } from '../../formula/index.js';
import { annealing, minimize, multistart, perturbedgd, problemOf, restingPoints, walk } from './index.js';
import { theoryConstants } from './perturbedgd.js';

const problemFor = (text: string) => {
  const { evaluate, variables } = formula(text);
  return problemOf(evaluate, variables.length);
};
const himmelblauText = '(x^2 + y - 11)^2 + (x + y^2 - 7)^2';
const himmelblau = problemFor(himmelblauText);
const rastrigin = problemFor('20 + x^2 - 10cos(2pi*x) + y^2 - 10cos(2pi*y)');
const square = (side: number) => ({ lower: [-side, -side], upper: [side, side] });
const seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('annealing', () => {
  test('finds the lowest of the 121 minima of Rastrigin, from any seed', () => {
    for (const seed of seeds) {
      const options = { box: square(5.12), seed };
      const { value, x, stop } = minimize(rastrigin, annealing(), [4.9, -4.1], options);
      expect(value).toBeCloseTo(0, 12);
      expect(Math.hypot(...x)).toBeLessThan(1e-8);
      expect(stop.reason).toBe('gradient');
    }
  });

  test('stays in its box, and shows what is lowest so far', () => {
    let lowest = Infinity;
    for (const { x, value } of walk(rastrigin, annealing({ temperatures: 20 }), [4.5, 4.5], {
      box: square(5.12),
    })) {
      expect(value).toBeLessThanOrEqual(lowest);
      lowest = value;
      // The descent at the end may leave it; on this surface it does not.
      for (const coordinate of x) expect(Math.abs(coordinate)).toBeLessThanOrEqual(5.12);
    }
  });

  test('reaches around the start where there is no box', () => {
    const { x } = minimize(rastrigin, annealing({ reach: 0.6 }), [3, 3], {});
    expect(x.every((coordinate) => Math.abs(coordinate - 3) < 1.5)).toBe(true);
  });
});

describe('multistart', () => {
  test("finds Himmelblau's four minima, and its other points only as what they are", () => {
    const { surfaces } = readGolden('zoo.json') as {
      surfaces: Record<string, { points: { point: number[]; eigenvalues: number[] }[] }>;
    };
    const minima = surfaces.himmelblau.points.filter(({ eigenvalues }) => eigenvalues[0] > 0);
    const found = restingPoints(himmelblau, square(5), { starts: 60 });
    const { evaluate } = formula(himmelblauText);
    const classify = pointClassifier((x) => evaluate(x), 2);
    const kinds = found.map(({ x }) => classify(x).kind);
    const isAt = (point: readonly number[]) => (x: Float64Array) =>
      Math.hypot(x[0] - point[0], x[1] - point[1]) < 1e-7;
    expect(minima).toHaveLength(4);
    for (const { point } of minima) expect(found.filter(({ x }) => isAt(point)(x))).toHaveLength(1);
    found.forEach(({ x }, k) => {
      if (kinds[k] === 'minimum') expect(minima.some(({ point }) => isAt(point)(x))).toBe(true);
    });
    expect(found.reduce((sum, { hits }) => sum + hits, 0)).toBe(60);
    for (let k = 1; k < found.length; k++) expect(found[k].value).toBeGreaterThanOrEqual(found[k - 1].value);
  });

  test('ends at the lowest that it found', () => {
    const { value, stop } = minimize(rastrigin, multistart({ starts: 200 }), [4.9, -4.1], {
      box: square(5.12),
    });
    const [lowest] = restingPoints(rastrigin, square(5.12), { starts: 199 });
    expect(Math.abs(value - lowest.value)).toBeLessThan(1.1);
    expect(stop.reason).toBe('gradient');
  });
});

describe('perturbedgd', () => {
  test('the constants of the theory', () => {
    // ℓ = 10, ρ = 6, ε = 1e-3, c = 1, nΔf/δ = 20: χ = 3·ln(2e8) = 57.34, computed by hand from the paper's formulas.
    const options = { accuracy: 1e-3, smoothness: 10, hessianLipschitz: 6, c: 1, failure: 0.1, gap: 1 };
    const { lr, radius, smallGradient, leastFall, wait } = theoryConstants(options, 2);
    const chi = 3 * Math.log(2e8);
    expect(lr).toBe(0.1);
    expect(radius / (1e-4 / chi ** 2)).toBeCloseTo(1, 12);
    expect(radius).toBeCloseTo(3e-8, 9);
    expect(smallGradient / (1e-3 / chi ** 2)).toBeCloseTo(1, 12);
    expect(leastFall / (Math.sqrt(1e-9 / 6) / chi ** 3)).toBeCloseTo(1, 12);
    expect(wait(lr)).toBe(7403);
  });

  test('leaves a strict saddle under the constants of the theory too', () => {
    // x² − y² + y⁴/4 has ℓ ≤ 4 and ρ ≤ 9 for |y| ≤ 1.5.
    const problem = problemFor('x^2 - y^2 + y^4/4');
    const method = perturbedgd({ constants: 'theory', smoothness: 4, hessianLipschitz: 9, accuracy: 0.01 });
    for (const seed of seeds.slice(0, 3)) {
      const { value, stop } = minimize(problem, method, [0, 0], { seed, maxSteps: 20_000 });
      expect(value).toBeCloseTo(-1, 12);
      expect(stop.reason).toBe('gradient');
    }
  });

  test('each perturbation lies in the ball, and is noted', () => {
    const problem = problemFor('x^2 - y^2 + y^4/4');
    let before = [0, 0];
    let count = 0;
    for (const { x, note } of walk(problem, perturbedgd(), [0, 0])) {
      if (note === 'perturbation') {
        count++;
        // r = ⅛·√(ε/ρ) with ε = 1e-3, ρ = 1.
        expect(Math.hypot(x[0] - before[0], x[1] - before[1])).toBeLessThanOrEqual(Math.sqrt(1e-3) / 8);
      }
      before = [...x];
    }
    // One leads from the saddle to a minimum, where its gradient dies out.
    expect(count).toBeGreaterThanOrEqual(1);
  });
});
