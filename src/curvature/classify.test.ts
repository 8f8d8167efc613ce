import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { symmetricEigen } from '../linalg/index.js';
import { classifyPoint } from './classify.js';

/** Rotates a diagonal matrix by a random orthogonal one. */
function rotated(diagonal: readonly number[], seed: number): Float64Array {
  const n = diagonal.length;
  const raw = normal(new Generator(seed), [n, n], { dtype: 'float64' }).data;
  const { vectors } = symmetricEigen(
    Float64Array.from(raw, (_, at) => raw[at] + raw[(at % n) * n + Math.floor(at / n)]),
    n,
  );
  const a = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) a[i * n + j] += diagonal[k] * vectors[k * n + i] * vectors[k * n + j];
    }
  }
  return a;
}

describe('classifyPoint', () => {
  test.each<[string, number[], string]>([
    ['x² + y²', [2, 2], 'minimum'],
    ['−x² − y²', [-2, -2], 'maximum'],
    ['x² − xy', [1 - Math.SQRT2, 1 + Math.SQRT2], 'saddle'],
    ['x² + y⁴ at 0', [2, 0], 'degenerate'],
    ['x² + y³ at 0', [0, 2], 'degenerate'],
    ['−x² + y³ at 0', [-2, 0], 'degenerate'],
    ['the monkey saddle at 0', [0, 0], 'degenerate'],
    ['x² − y² + z⁴', [-2, 0, 2], 'saddle'],
    ['a ravine of condition 1e6', [1e-6, 1], 'minimum'],
    ['beyond what half of the digits tell', [1e-9, 1], 'degenerate'],
    ['a saddle too weak to be told from rounding', [-1e-9, 1], 'degenerate'],
    ['all of it tiny', [1e-200, 2e-200], 'minimum'],
  ])('%s', (_, diagonal, kind) => {
    const result = classifyPoint({ gradientNorm: 0, hessian: rotated(diagonal, diagonal.length) });
    expect(result.kind).toBe(kind);
    expect(result.eigenvalues).toHaveLength(diagonal.length);
  });

  test('a gradient that is not zero', () => {
    const hessian = Float64Array.of(2, 0, 0, 2);
    expect(classifyPoint({ gradientNorm: 1e-3, hessian }).kind).toBe('regular');
    expect(classifyPoint({ gradientNorm: 1e-3, hessian, gradientTolerance: 1e-2 }).kind).toBe('minimum');
    expect(classifyPoint({ gradientNorm: 1e-3, hessian }).evidence).toEqual([
      'the gradient is not zero: its norm 0.001 > 2.98e-8',
    ]);
  });

  test('says what it saw', () => {
    const { evidence } = classifyPoint({ gradientNorm: 0, hessian: Float64Array.of(2, 0, 0, -2) });
    expect(evidence).toMatchInlineSnapshot(`
      [
        "the gradient is zero: its norm 0 ≤ 2.98e-8",
        "eigenvalues of the Hessian from -2 to 2: 1 positive, 1 negative, 0 within ±2.98e-8 of zero (1.49e-8 of the largest)",
        "it goes up along some eigenvectors and down along others",
      ]
    `);
  });

  /**
   * Beside a degenerate point the Hessian has signs of its own. With the Lipschitz constant of c·|x|^p between 0 and x, which is that of its
   * third derivative at x (p ≥ 3), Kantorovich's bound sees that they may change: f', f'' and f''' from the closed form.
   */
  test('beside x³, x⁴ and x⁶, on either side: never a minimum or a maximum', () => {
    for (const power of [3, 4, 6]) {
      for (const x of [1e-2, -1e-2, 1e-5, -1e-5]) {
        const derivative = (order: number): number => {
          let factor = 1;
          for (let k = 0; k < order; k++) factor *= power - k;
          return factor * x ** (power - order);
        };
        const at = { gradientNorm: Math.abs(derivative(1)), hessian: Float64Array.of(derivative(2)) };
        const judge = (hessianLipschitz?: number) =>
          classifyPoint({ ...at, gradientTolerance: 1, hessianLipschitz });
        expect(judge(Math.abs(derivative(3))).kind).toBe('degenerate');
        expect(judge().evidence.join()).toContain('how fast the Hessian changes');
      }
    }
  });

  test('near a true minimum the bound lets it be one', () => {
    // x²/2 + x³: L = 6; at 0.01 ‖g‖ = 0.0103, λ = 1.06, and 4·6·0.0103 < 1.06².
    const hessian = Float64Array.of(1.06);
    const near = { gradientNorm: 0.0103, hessian, gradientTolerance: 0.1, hessianLipschitz: 6 };
    expect(classifyPoint(near).kind).toBe('minimum');
  });

  test('does not depend on rotation, order or scale', () => {
    const entry = fc.constantFrom(-3, -1, 0, 1, 2);
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.constantFrom(1e-30, 1, 1e30),
        (diagonal, seed, factor) => {
          const kind = diagonal.every((value) => value > 0)
            ? 'minimum'
            : diagonal.every((value) => value < 0)
              ? 'maximum'
              : diagonal.some((value) => value > 0) && diagonal.some((value) => value < 0)
                ? 'saddle'
                : 'degenerate';
          const hessian = rotated(
            diagonal.map((value) => value * factor),
            seed,
          );
          expect(classifyPoint({ gradientNorm: 0, hessian }).kind).toBe(kind);
        },
      ),
    );
  });

  test('refuses what it cannot judge', () => {
    const judge = (gradientNorm: number, ...hessian: number[]) =>
      classifyPoint({ gradientNorm, hessian: Float64Array.from(hessian) });
    expect(() => judge(NaN, 1)).toThrow('classifyPoint: the norm of the gradient is NaN');
    expect(() => judge(0, NaN)).toThrow('entry [0, 0] is NaN');
    expect(() => judge(0, 1, 2)).toThrow('2 numbers are no matrix');
    expect(() => judge(0, 1, 2, 3, 4)).toThrow('must be symmetric');
  });
});
