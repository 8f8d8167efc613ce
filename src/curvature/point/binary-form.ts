/** Homogeneous polynomials of two variables, Σ aᵢ·u^(m−i)·v^i, with bounds on the errors of their coefficients. */
import type { Series } from '../../transform/jet-series.js';
import { zeroFactor } from './splitting.js';

export interface BinaryForm {
  readonly coefficients: Float64Array;
  readonly errors: Float64Array;
}

export type Direction = readonly [number, number];

/** Coefficients smaller than this share of the largest count as zero: their products with each other would underflow. */
const leastShare = 1e-150;

/** The part of one degree of a series in two variables. */
export function formOf({ space: { offsets }, value, error }: Series, degree: number): BinaryForm {
  const range = [offsets[degree], offsets[degree + 1]] as const;
  const form = { coefficients: value.slice(...range), errors: error.slice(...range) };
  const tiny = Math.max(...form.coefficients.map(Math.abs)) * leastShare;
  form.coefficients.forEach((coefficient, i) => {
    if (Math.abs(coefficient) > tiny) return;
    form.coefficients[i] = 0;
    form.errors[i] += Math.abs(coefficient);
  });
  return form;
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
function rotateForm({ coefficients, errors }: BinaryForm, [m, n]: Direction): BinaryForm {
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
  /** Roots of even multiplicity. */
  readonly touching: readonly MultipleRoot[];
  /** Whether there is an extreme whose sign rounding leaves open, and which is no such root. */
  readonly isOpen: boolean;
}

/** A line on which a form vanishes, several times. */
export interface MultipleRoot {
  readonly direction: Direction;
  readonly multiplicity: number;
  /** By how much rounding may have turned the direction, in radians. */
  readonly blur: number;
}

/**
 * Only for forms of even degree is a half circle enough; of odd ones the other half has the opposite signs.
 * @param share of the half circle, from (1, 0) on, that is looked at
 */
export function extremesOf(form: BinaryForm, share = 1): FormExtremes {
  const step = Math.PI / samples;
  const size = Math.max(...form.coefficients.map(Math.abs));
  const slope = (angle: number) => angularSlope(form, angle);
  let lowest = { direction: directionAt(0), value: Infinity };
  let highest = { direction: directionAt(0), value: -Infinity };
  const touching: MultipleRoot[] = [];
  let isOpen = false;
  for (let k = 0; k < share * samples; k++) {
    // Half a step aside, so that no bracket ends on an axis.
    const [low, high] = [(k - 0.5) * step, (k + 0.5) * step];
    const [before, after] = [slope(low), slope(high)];
    if (before * after > 0) continue;
    const direction = tidy(directionAt(bisect(slope, low, high)));
    const { value, bound } = evaluateForm(form, direction);
    if (value < lowest.value) lowest = { direction, value };
    if (value > highest.value) highest = { direction, value };
    if (Math.abs(value) > Math.max(1e-6 * size, bound)) continue;
    const root = evenRoot(form, direction);
    if (root === undefined && Math.abs(value) <= bound) isOpen = true;
    const isNew = touching.every(({ direction: [u, v] }) => {
      return Math.abs(u * (root?.direction[1] ?? 0) - v * (root?.direction[0] ?? 0)) > 1e-9;
    });
    if (root !== undefined && isNew) touching.push(root);
  }
  return { lowest, highest, touching, isOpen };
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

/** The root of even multiplicity next to a direction, of the highest multiplicity that fits. */
function evenRoot(form: BinaryForm, near: Direction): MultipleRoot | undefined {
  const degree = form.coefficients.length - 1;
  for (let multiplicity = degree - (degree % 2); multiplicity >= 2; multiplicity -= 2) {
    const root = refineRoot(form, near, multiplicity);
    if (root !== undefined) return root;
  }
  return undefined;
}

/**
 * The root of a multiplicity next to a direction. By the form's values it is found to a part of the digits only; the derivative
 * of order multiplicity − 1 has a simple root there. Undefined where the form and its lower derivatives do not vanish at it.
 */
function refineRoot(form: BinaryForm, near: Direction, multiplicity: number): MultipleRoot | undefined {
  const degree = form.coefficients.length - 1;
  // The coefficient of x^k·y^(degree − k), y being the direction.
  const place = (k: number) => degree - k;
  let direction = near;
  for (let round = 0; round < 4; round++) {
    const { coefficients: b } = rotateForm(form, direction);
    const shift = -b[place(multiplicity - 1)] / (multiplicity * b[place(multiplicity)]);
    if (!(Math.abs(shift) < 0.1)) return undefined;
    direction = tidy(turned(direction, shift));
  }
  const { coefficients, errors } = rotateForm(form, direction);
  for (let k = 0; k < multiplicity; k++) {
    if (Math.abs(coefficients[place(k)]) > zeroFactor * errors[place(k)]) return undefined;
  }
  const leading = multiplicity * Math.abs(coefficients[place(multiplicity)]);
  return {
    direction,
    multiplicity,
    blur: errors[place(multiplicity - 1)] / leading + Number.EPSILON,
  };
}

/** The direction (m, n) moved by `shift` along its normal (n, −m). */
function turned([m, n]: Direction, shift: number): Direction {
  const [u, v] = [m + shift * n, n - shift * m];
  const length = Math.hypot(u, v);
  return [u / length, v / length];
}

function tidy([u, v]: Direction): Direction {
  if (Math.abs(u) < 1e-13) return [0, Math.sign(v)];
  return Math.abs(v) < 1e-13 ? [Math.sign(u), 0] : [u, v];
}

/** What the real roots of a cubic form are, and the direction of the multiple one. */
export type CubicRoots =
  { readonly kind: 'three' | 'one' } | { readonly kind: 'multiple'; readonly root: MultipleRoot };

/** By the discriminant, and where it is zero by the Hessian covariant, which is then the square of the double factor. */
export function cubicRoots(form: BinaryForm): CubicRoots {
  const { coefficients, errors } = form;
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
    return multiple(form, unit(-beta, alpha), 3);
  }
  const [p, q, r] = covariant.map(({ value }) => value);
  const direction = Math.abs(p) >= Math.abs(r) ? unit(-q / (2 * p), 1) : unit(1, -q / (2 * r));
  return multiple(form, direction, 2);
}

function multiple(form: BinaryForm, near: Direction, multiplicity: number): CubicRoots {
  const root = refineRoot(form, near, multiplicity);
  return { kind: 'multiple', root: root ?? { direction: near, multiplicity, blur: 1e-12 } };
}

function unit(u: number, v: number): Direction {
  const length = Math.hypot(u, v);
  return tidy([u / length, v / length]);
}
