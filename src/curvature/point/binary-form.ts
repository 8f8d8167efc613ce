/** Homogeneous polynomials of two variables, Σ aᵢ·u^(m−i)·v^i, with bounds on the errors of their coefficients. */
import type { Series } from '../../transform/jet-series.js';
import { zeroFactor } from './splitting.js';

export interface BinaryForm {
  readonly coefficients: Float64Array;
  readonly errors: Float64Array;
}

export type Direction = readonly [number, number];

/** The part of one degree of a series in two variables. */
export function formOf({ space: { offsets }, value, error }: Series, degree: number): BinaryForm {
  const range = [offsets[degree], offsets[degree + 1]] as const;
  return { coefficients: value.slice(...range), errors: error.slice(...range) };
}

/** The form's value, and the size below which it counts as zero. */
export function evaluateForm(
  { coefficients, errors }: BinaryForm,
  [u, v]: Direction,
): { value: number; bound: number } {
  const degree = coefficients.length - 1;
  let value = 0;
  let bound = 0;
  for (let i = 0; i <= degree; i++) {
    const monomial = u ** (degree - i) * v ** i;
    value += coefficients[i] * monomial;
    bound += (errors[i] + 2 * (degree + 1) * Number.EPSILON * Math.abs(coefficients[i])) * Math.abs(monomial);
  }
  return { value, bound: zeroFactor * bound };
}

/** The form in coordinates x, y with (u, v) = x·(n, −m) + y·(m, n), for the direction (m, n) of y. */
export function rotateForm({ coefficients, errors }: BinaryForm, [m, n]: Direction): BinaryForm {
  const degree = coefficients.length - 1;
  const [rotated, bounds] = [new Float64Array(degree + 1), new Float64Array(degree + 1)];
  for (let i = 0; i <= degree; i++) {
    // (n·x + m·y)^(degree−i) · (−m·x + n·y)^i, by powers of y.
    let product = [1];
    for (let k = 0; k < degree; k++) {
      const [x, y] = k < degree - i ? [n, m] : [-m, n];
      const next = new Array<number>(product.length + 1).fill(0);
      product.forEach((value, power) => {
        next[power] += value * x;
        next[power + 1] += value * y;
      });
      product = next;
    }
    product.forEach((value, power) => {
      rotated[power] += coefficients[i] * value;
      bounds[power] +=
        (errors[i] + 4 * degree * Number.EPSILON * Math.abs(coefficients[i])) * Math.abs(value);
    });
  }
  return { coefficients: rotated, errors: bounds };
}

const samples = 720;
const directionAt = (angle: number): Direction => [Math.cos(angle), Math.sin(angle)];

/** Where the form is lowest and highest on the half circle, and every place where it touches zero without crossing. */
export interface FormExtremes {
  readonly lowest: { readonly direction: Direction; readonly value: number };
  readonly highest: { readonly direction: Direction; readonly value: number };
  /** Directions of roots of even multiplicity. */
  readonly touching: readonly Direction[];
}

/** Only for forms of even degree is a half circle enough; of odd ones the other half has the opposite signs. */
export function extremesOf(form: BinaryForm): FormExtremes {
  const step = Math.PI / samples;
  const slope = (angle: number) => angularSlope(form, angle);
  let lowest = { direction: directionAt(0), value: Infinity };
  let highest = { direction: directionAt(0), value: -Infinity };
  const touching: Direction[] = [];
  for (let k = 0; k < samples; k++) {
    // Half a step aside, so that no bracket ends on an axis.
    const [low, high] = [(k - 0.5) * step, (k + 0.5) * step];
    const [before, after] = [slope(low), slope(high)];
    if (before * after > 0) continue;
    const direction = tidy(directionAt(bisect(slope, low, high)));
    const { value, bound } = evaluateForm(form, direction);
    if (value < lowest.value) lowest = { direction, value };
    if (value > highest.value) highest = { direction, value };
    if (Math.abs(value) <= bound) touching.push(direction);
    else {
      const sharp = sharpened(form, direction);
      if (sharp !== undefined) touching.push(sharp);
    }
  }
  return { lowest, highest, touching };
}

function bisect(slope: (angle: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  const start = slope(a);
  for (let k = 0; k < 60; k++) {
    const middle = (a + b) / 2;
    const there = slope(middle);
    if (there === 0) return middle;
    if (there * start > 0) a = middle;
    else b = middle;
  }
  return (a + b) / 2;
}

/** dh/dθ of h(θ) = form(cos θ, sin θ). */
function angularSlope({ coefficients }: BinaryForm, angle: number): number {
  const degree = coefficients.length - 1;
  const [u, v] = directionAt(angle);
  let sum = 0;
  for (let i = 0; i <= degree; i++) {
    const [p, q] = [degree - i, i];
    const byU = p === 0 ? 0 : p * u ** (p - 1) * v ** q;
    const byV = q === 0 ? 0 : q * u ** p * v ** (q - 1);
    sum += coefficients[i] * (byV * u - byU * v);
  }
  return sum;
}

/** A root of multiplicity four or more is found to a part of the digits only: sharpened by its last but one derivative. */
function sharpened(form: BinaryForm, near: Direction): Direction | undefined {
  let direction = near;
  for (let round = 0; round < 3; round++) {
    const { coefficients: b } = rotateForm(form, direction);
    const degree = b.length - 1;
    const size = Math.max(...b.map(Math.abs));
    // b[degree − k] belongs to x^k; a root of multiplicity k has the smaller ones zero.
    const multiplicity = b.toReversed().findIndex((value) => Math.abs(value) > 1e-4 * size);
    if (multiplicity < 2 || multiplicity > degree) return undefined;
    const shift = -b[degree - multiplicity + 1] / (multiplicity * b[degree - multiplicity]);
    direction = turned(direction, shift);
    direction = tidy(direction);
    const { value, bound } = evaluateForm(form, direction);
    if (Math.abs(value) <= bound) return direction;
  }
  return undefined;
}

/** The direction (m, n) moved by `shift` along its normal (n, −m). */
function turned([m, n]: Direction, shift: number): Direction {
  const [u, v] = [m + shift * n, n - shift * m];
  const length = Math.hypot(u, v);
  return [u / length, v / length];
}

export function tidy([u, v]: Direction): Direction {
  if (Math.abs(u) < 1e-13) return [0, Math.sign(v)];
  return Math.abs(v) < 1e-13 ? [Math.sign(u), 0] : [u, v];
}

/** What the real roots of a cubic form are, and the direction of the multiple one. */
export type CubicRoots =
  { readonly kind: 'three' | 'one' } | { readonly kind: 'double' | 'triple'; readonly direction: Direction };

/** By the discriminant, and where it is zero by the Hessian covariant, which is then the square of the double factor. */
export function cubicRoots({ coefficients, errors }: BinaryForm): CubicRoots {
  const [a, b, c, d] = coefficients;
  const [ea, eb, ec, ed] = errors;
  const terms = [b * b * c * c, -4 * a * c ** 3, -4 * b ** 3 * d, -27 * a * a * d * d, 18 * a * b * c * d];
  const discriminant = terms.reduce((sum, term) => sum + term, 0);
  const spread =
    Math.abs(-4 * c ** 3 - 54 * a * d * d + 18 * b * c * d) * ea +
    Math.abs(2 * b * c * c - 12 * b * b * d + 18 * a * c * d) * eb +
    Math.abs(2 * b * b * c - 12 * a * c * c + 18 * a * b * d) * ec +
    Math.abs(-4 * b ** 3 - 54 * a * a * d + 18 * a * b * c) * ed +
    4 * Number.EPSILON * terms.reduce((sum, term) => sum + Math.abs(term), 0);
  if (Math.abs(discriminant) > zeroFactor * spread) return { kind: discriminant > 0 ? 'three' : 'one' };
  const covariant = [
    [b * b, -3 * a * c, 2 * Math.abs(b) * eb + 3 * (Math.abs(a) * ec + Math.abs(c) * ea)],
    [b * c, -9 * a * d, Math.abs(b) * ec + Math.abs(c) * eb + 9 * (Math.abs(a) * ed + Math.abs(d) * ea)],
    [c * c, -3 * b * d, 2 * Math.abs(c) * ec + 3 * (Math.abs(b) * ed + Math.abs(d) * eb)],
  ].map(([x, y, error]) => {
    const bound = zeroFactor * (error + 4 * Number.EPSILON * (Math.abs(x) + Math.abs(y)));
    return { value: x + y, isZero: Math.abs(x + y) <= bound };
  });
  if (covariant.every(({ isZero }) => isZero)) {
    // (α·u + β·v)³ vanishes along (−β, α).
    const [alpha, beta] =
      Math.abs(a) >= Math.abs(d)
        ? [Math.cbrt(a), b / (3 * Math.cbrt(a) ** 2)]
        : [c / (3 * Math.cbrt(d) ** 2), Math.cbrt(d)];
    return { kind: 'triple', direction: unit(-beta, alpha) };
  }
  const [p, q, r] = covariant.map(({ value }) => value);
  const direction = Math.abs(p) >= Math.abs(r) ? unit(-q / (2 * p), 1) : unit(1, -q / (2 * r));
  return { kind: 'double', direction };
}

function unit(u: number, v: number): Direction {
  const length = Math.hypot(u, v);
  return tidy([u / length, v / length]);
}

/** Whether the discriminant of a quartic form is certainly not zero: four different roots, real or not. */
export function hasDistinctRoots({ coefficients, errors }: BinaryForm): boolean {
  const [a, b, c, d, e] = coefficients;
  const i = 12 * a * e - 3 * b * d + c * c;
  const j = 72 * a * c * e + 9 * b * c * d - 27 * a * d * d - 27 * e * b * b - 2 * c ** 3;
  const size = coefficients.map(Math.abs);
  const [A, B, C, D, E] = size.map((value, k) => value * (1 + 8 * Number.EPSILON) + errors[k]);
  // First-order bounds: each monomial changes by the sum of its factors' relative errors.
  const relative = size.map((value, k) => (value === 0 ? 0 : errors[k] / value) + 4 * Number.EPSILON);
  const worst = Math.max(...relative.filter(Number.isFinite)) + Math.max(...errors) / Math.max(...size);
  const sizeI = 12 * A * E + 3 * B * D + C * C;
  const sizeJ = 72 * A * C * E + 9 * B * C * D + 27 * A * D * D + 27 * E * B * B + 2 * C ** 3;
  const bound = 6 * worst * (4 * sizeI ** 3 + sizeJ * sizeJ);
  return Math.abs(4 * i ** 3 - j * j) > zeroFactor * bound;
}
