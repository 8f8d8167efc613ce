import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dot, multiply, norm, symmetricEigen } from '../../linalg/index.js';
import { quadraticFall, solveSecular, type Bound } from './secular.js';

function spectral(hessian: Float64Array, gradient: Float64Array) {
  const eigen = symmetricEigen(hessian, gradient.length);
  const spread = new Float64Array(gradient.length);
  multiply(eigen.vectors, gradient, spread);
  return { eigen, spread };
}

/** gᵀs + ½sᵀHs, plus σ/3·‖s‖³ for the cubic. */
function model(hessian: Float64Array, gradient: Float64Array, bound: Bound, s: Float64Array): number {
  const product = new Float64Array(s.length);
  multiply(hessian, s, product);
  const quadratic = dot(gradient, s) + dot(s, product) / 2;
  return 'sigma' in bound ? quadratic + (bound.sigma / 3) * norm(s) ** 3 : quadratic;
}

/**
 * (H + λ1)s = −g, λ ≥ max(0, −λ₁), and the length that belongs to λ: necessary and sufficient for the global minimiser (Moré & Sorensen,
 * lemma 2.1; Cartis, Gould & Toint, theorem 3.1).
 */
function checkOptimal(hessian: Float64Array, gradient: Float64Array, bound: Bound): boolean {
  const n = gradient.length;
  const parts = spectral(hessian, gradient);
  const step = new Float64Array(n);
  const { shift, isHard } = solveSecular(parts, bound, step);
  const size = Math.max(...parts.eigen.values.map(Math.abs), 1e-300);
  const wanted = 'radius' in bound ? bound.radius : shift / bound.sigma;
  expect(Math.abs(norm(step) - wanted)).toBeLessThanOrEqual(1e-7 * wanted);
  expect(shift).toBeGreaterThanOrEqual(Math.max(0, -parts.eigen.values[0]));
  const product = new Float64Array(n);
  multiply(hessian, step, product);
  // Rounding of (H + λ1)s, and of λ where it lies next to a pole.
  const slack = 1e-11 * (norm(gradient) + (size + shift) * norm(step));
  product.forEach((p, i) => expect(Math.abs(p + shift * step[i] + gradient[i])).toBeLessThanOrEqual(slack));
  const fall = quadraticFall(parts, step);
  expect(Math.abs(fall + dot(gradient, step) + dot(step, product) / 2)).toBeLessThanOrEqual(
    slack * norm(step),
  );
  return isHard;
}

// Beside entries of ordinary size those below 1e-6 count as zero: the eigenvalues of matrices that mix 10 and 1e-300 are no
// question of this solver.
const entry = fc
  .double({ min: -10, max: 10, noNaN: true })
  .map((value) => (Math.abs(value) < 1e-6 ? 0 : value));
const matrices = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.record({
    gradient: fc.array(entry, { minLength: n, maxLength: n }),
    raw: fc.array(entry, { minLength: n * n, maxLength: n * n }),
  }),
);

describe('solveSecular', () => {
  test('any matrix and gradient: the conditions of a global minimiser', () => {
    fc.assert(
      fc.property(matrices, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), ({ gradient, raw }, weight) => {
        const n = gradient.length;
        const g = Float64Array.from(gradient);
        // A gradient of zero with a positive matrix has the step zero, which has not the length asked for.
        fc.pre(norm(g) > 1e-6);
        const h = Float64Array.from(raw, (_, at) => (raw[at] + raw[(at % n) * n + Math.floor(at / n)]) / 2);
        checkOptimal(h, g, { sigma: weight });
        // The trust region only where its edge holds the step back.
        const { values } = symmetricEigen(h, n);
        const positive = h.slice();
        for (let i = 0; i < n; i++) positive[i * n + i] -= values[0] + 1;
        checkOptimal(positive, g, { radius: weight });
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test('no point of a fine grid is lower', () => {
    const h = Float64Array.of(1, 2, 2, -3);
    const bounds: Bound[] = [{ radius: 2 }, { sigma: 0.7 }];
    for (const gradient of [
      [1, 1],
      [0, 0],
      [-0.3, 0.01],
    ]) {
      const g = Float64Array.from(gradient);
      for (const bound of bounds) {
        const step = new Float64Array(2);
        solveSecular(spectral(h, g), bound, step);
        let lowest = Infinity;
        for (let k = 0; k < 720; k++) {
          for (let r = 1; r <= 60; r++) {
            const length = ('radius' in bound ? bound.radius / 60 : 1 / 6) * r;
            const angle = (k * Math.PI) / 360;
            const other = Float64Array.of(length * Math.cos(angle), length * Math.sin(angle));
            lowest = Math.min(lowest, model(h, g, bound, other));
          }
        }
        const best = model(h, g, bound, step);
        expect(lowest).toBeGreaterThanOrEqual(best - 1e-12);
        // The grid comes close: half a degree and a sixtieth.
        expect(lowest).toBeLessThan(best + 0.02);
      }
    }
  });

  test('the hard case: the gradient lies across the lowest eigenspace', () => {
    const diagonal = (...d: number[]) =>
      Float64Array.from({ length: d.length ** 2 }, (_, at) =>
        at % (d.length + 1) === 0 ? d[at / (d.length + 1)] : 0,
      );
    // −1 with g = (0, 1): ‖s(1)‖ = ⅓ < 2, so √(4 − 1/9) along the first axis is missing.
    const h = diagonal(-1, 2);
    const g = Float64Array.of(0, 1);
    const step = new Float64Array(2);
    expect(solveSecular(spectral(h, g), { radius: 2 }, step)).toEqual({ shift: 1, isHard: true });
    expect(Math.abs(step[0])).toBeCloseTo(Math.sqrt(4 - 1 / 9), 14);
    expect(step[1]).toBeCloseTo(-1 / 3, 14);
    for (const bound of [{ radius: 5 }, { sigma: 0.1 }]) {
      expect(checkOptimal(h, g, bound)).toBe(true);
      expect(checkOptimal(h, new Float64Array(2), bound)).toBe(true);
      // A repeated lowest eigenvalue, and a part along it too small for any λ to show.
      expect(checkOptimal(diagonal(-1, -1, 4), Float64Array.of(0, 0, 1), bound)).toBe(true);
      expect(checkOptimal(h, Float64Array.of(1e-30, 1), bound)).toBe(true);
      // Across, but with ‖s(−λ₁)‖ too long already: no hard case.
      expect(checkOptimal(h, Float64Array.of(0, 1e4), bound)).toBe(false);
    }
  });

  test('sizes far apart', () => {
    for (const factor of [1e-150, 1e-20, 1e20, 1e150]) {
      const h = Float64Array.of(factor, 0, 0, -factor);
      checkOptimal(h, Float64Array.of(factor, factor), { radius: 1 });
      checkOptimal(h, Float64Array.of(factor, factor), { sigma: factor });
    }
    checkOptimal(Float64Array.of(1, 0, 0, 1e12), Float64Array.of(1e-8, 1), { radius: 1e-9 });
    checkOptimal(Float64Array.of(-1e-12, 0, 0, 1), Float64Array.of(1e-9, 1), { radius: 10 });
  });
});
