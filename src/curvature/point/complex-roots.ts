import type { BinaryForm } from './binary-form.js';
import { zeroFactor } from './splitting.js';

type Complex = readonly [number, number];

const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const minus = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
const size = ([a, b]: Complex): number => Math.hypot(a, b);
function over(x: Complex, [c, d]: Complex): Complex {
  const square = c * c + d * d;
  const [a, b] = times(x, [c, -d]);
  return [a / square, b / square];
}

/** The value of Σ aᵢ·zⁱ, and of its first two derivatives. */
function evaluate(a: readonly number[], z: Complex): [Complex, Complex, Complex] {
  let [value, slope, bend]: [Complex, Complex, Complex] = [
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  for (const coefficient of a.toReversed()) {
    const [b0, b1] = times(bend, z);
    bend = [b0 + 2 * slope[0], b1 + 2 * slope[1]];
    const [s0, s1] = times(slope, z);
    slope = [s0 + value[0], s1 + value[1]];
    const [v0, v1] = times(value, z);
    value = [v0 + coefficient, v1];
  }
  return [value, slope, bend];
}

/** All roots at once (Durand 1960, Kerner 1966). */
function rootsOf(a: readonly number[]): Complex[] {
  const degree = a.length - 1;
  const leading: Complex = [a[degree], 0];
  const radius = Math.max(
    ...a.slice(0, degree).map((value, i) => Math.abs(value / a[degree]) ** (1 / (degree - i))),
  );
  let roots = Array.from({ length: degree }, (_, k): Complex => {
    const angle = (2 * Math.PI * k) / degree + 0.4;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  for (let round = 0; round < 200; round++) {
    let change = 0;
    roots = roots.map((z, k) => {
      const spread = roots.reduce<Complex>(
        (product, other, i) => (i === k ? product : times(product, minus(z, other))),
        leading,
      );
      const step = over(evaluate(a, z)[0], spread);
      if (!Number.isFinite(size(step))) return z;
      change = Math.max(change, size(step) / (size(z) + 1e-300));
      return minus(z, step);
    });
    if (change < 1e-15) break;
  }
  return roots;
}

/**
 * Whether a form certainly has as many different roots as its degree, real or not: around each that was found Newton's method
 * converges for all coefficients within their bounds (Kantorovich), which it does around simple roots only.
 */
export function hasDistinctRoots({ coefficients, errors }: BinaryForm): boolean {
  const isNothing = (i: number) => Math.abs(coefficients[i]) <= zeroFactor * errors[i];
  let [first, last] = [0, coefficients.length - 1];
  // A zero coefficient at either end is a root on an axis; two would be a double one.
  if (isNothing(first)) first++;
  if (isNothing(last)) last--;
  if (isNothing(first) || isNothing(last)) return false;
  const a = Array.from(coefficients.subarray(first, last + 1));
  const bounds = Array.from(errors.subarray(first, last + 1));
  return rootsOf(a).every((z) => {
    const [value, slope, bend] = evaluate(a, z);
    const blur = bounds.reduce(
      (sum, error, i) => sum + zeroFactor * (error + Number.EPSILON * Math.abs(a[i])) * size(z) ** i,
      0,
    );
    return (size(value) + blur) * size(bend) < 0.25 * size(slope) ** 2;
  });
}
