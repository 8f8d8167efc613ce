/**
 * Truncated power series in one to a few variables, each coefficient with a bound on its rounding error: what Taylor mode
 * calculates with.
 *
 * A series is kept by degree: its part of degree k is a homogeneous polynomial, and along every ray t·u the parts are the
 * coefficients of a series in t alone. The recurrences for functions of one series (Griewank & Walther, Evaluating
 * Derivatives, 2nd ed., chapter 13) therefore hold for several variables as they stand, products of numbers becoming products
 * of parts.
 *
 * The bounds are running error bounds (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.3): a
 * coefficient no larger than its bound cannot be told from zero, whatever the units of the variables are.
 */

/** What one rounded operation may do: a little over a unit in the last place. */
export const rounding = 2 * Number.EPSILON;

/** The smallest normal number. */
const smallest = 2 ** -1022;

/** The monomials of some variables up to an order, by degree and then with the last variable's power rising. */
export class Monomials {
  /** How many of each degree. */
  readonly counts: readonly number[];
  /** Where each degree begins; one more entry than degrees. */
  readonly offsets: readonly number[];
  /** The powers of the variables in each. */
  readonly exponents: readonly (readonly number[])[];
  readonly #tables = new Map<number, Int32Array>();
  /** The place of each within its degree; made where they are needed. */
  #places: Map<string, number> | undefined;

  constructor(
    readonly variables: number,
    readonly order: number,
  ) {
    const exponents: (readonly number[])[] = [];
    const counts: number[] = [];
    const offsets = [0];
    for (let degree = 0; degree <= order; degree++) {
      const all = homogeneous(variables, degree);
      exponents.push(...all);
      counts.push(all.length);
      offsets.push(exponents.length);
    }
    this.counts = counts;
    this.offsets = offsets;
    this.exponents = exponents;
  }

  get size(): number {
    return this.exponents.length;
  }

  /** The place, within its degree, of the monomial with these powers. */
  placeOf(powers: readonly number[]): number {
    this.#places ??= new Map(
      this.exponents.map((each, place) => [each.join(), place - this.offsets[sum(each)]]),
    );
    return this.#places.get(powers.join()) ?? 0;
  }

  /** Places, within their degree, of the products of monomials of two degrees; undefined where they simply add up. */
  products(first: number, second: number): Int32Array | undefined {
    if (this.variables <= 2 || first === 0 || second === 0) return undefined;
    const key = first * (this.order + 1) + second;
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const [a, b] = [first, second].map((degree) =>
      this.exponents.slice(this.offsets[degree], this.offsets[degree + 1]),
    );
    const table = Int32Array.from(
      a.flatMap((left) => b.map((right) => this.placeOf(left.map((power, i) => power + right[i])))),
    );
    this.#tables.set(key, table);
    return table;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function homogeneous(variables: number, degree: number): number[][] {
  if (variables === 0) return degree === 0 ? [[]] : [];
  const all: number[][] = [];
  for (let last = 0; last <= degree; last++) {
    for (const rest of homogeneous(variables - 1, degree - last)) all.push([...rest, last]);
  }
  return variables === 1 ? [[degree]] : all;
}

const known = new Map<string, Monomials>();

/** The monomials, made once for each number of variables and order. */
export function monomials(variables: number, order: number): Monomials {
  const key = `${variables} ${order}`;
  const found = known.get(key) ?? new Monomials(variables, order);
  known.set(key, found);
  return found;
}

/** A truncated power series. */
export interface Series {
  readonly space: Monomials;
  readonly value: Float64Array;
  /** A bound on the rounding error of each coefficient. */
  readonly error: Float64Array;
  /** Above this degree all coefficients are exactly zero. */
  degree: number;
  /** Why there are no derivatives here, where there are none: only the value counts then. */
  kink?: string;
}

export function zeroSeries(space: Monomials): Series {
  return { space, value: new Float64Array(space.size), error: new Float64Array(space.size), degree: 0 };
}

/** A number that is known to `error`. */
export function constantSeries(space: Monomials, value: number, error = 0): Series {
  const series = zeroSeries(space);
  series.value[0] = value;
  series.error[0] = error;
  return series;
}

/** How far a number that was written down or computed may be from what was meant: nothing for a short binary fraction. */
export function representationError(value: number): number {
  const scaled = value * 0x100000;
  return Number.isInteger(scaled) && Math.abs(scaled) < 2 ** 50 ? 0 : Math.abs(value) * Number.EPSILON;
}

/** Adds factor times the product of a's part of degree ka and b's of degree kb to a part of `out`. */
function addProduct(out: Series, a: Series, ka: number, b: Series, kb: number, factor: number): void {
  const { space, value, error } = out;
  const { offsets, counts } = space;
  const [fromA, fromB, to] = [offsets[ka], offsets[kb], offsets[ka + kb]];
  const [countA, countB] = [counts[ka], counts[kb]];
  const table = space.products(ka, kb);
  const size = Math.abs(factor);
  for (let i = 0; i < countA; i++) {
    const x = a.value[fromA + i];
    const ex = a.error[fromA + i];
    if (x === 0 && ex === 0) continue;
    const [fx, sx, se] = [factor * x, size * Math.abs(x), size * ex];
    for (let j = 0; j < countB; j++) {
      const y = b.value[fromB + j];
      const ey = b.error[fromB + j];
      if (y === 0 && ey === 0) continue;
      const place = to + (table === undefined ? i + j : table[i * countB + j]);
      const term = fx * y;
      value[place] += term;
      error[place] += sx * (ey + rounding * Math.abs(y)) + se * (Math.abs(y) + ey);
      // Below the normal numbers digits are lost, at last all of them.
      if (term < smallest && term > -smallest) error[place] += Number.MIN_VALUE;
    }
  }
}

/** Multiplies the part of degree k by a number known to an error. */
function scalePart(series: Series, k: number, factor: number, factorError: number): void {
  const { offsets } = series.space;
  const size = Math.abs(factor);
  for (let i = offsets[k]; i < offsets[k + 1]; i++) {
    const x = Math.abs(series.value[i]);
    series.value[i] *= factor;
    series.error[i] = series.error[i] * size + x * (factorError + rounding * size);
  }
}

/** fa·a + fb·b. */
export function combine(a: Series, fa: number, b: Series, fb: number): Series {
  const out = zeroSeries(a.space);
  out.degree = Math.max(a.degree, b.degree);
  const end = a.space.offsets[out.degree + 1];
  const [sa, sb] = [Math.abs(fa), Math.abs(fb)];
  for (let i = 0; i < end; i++) {
    const x = fa * a.value[i] + fb * b.value[i];
    out.value[i] = x;
    const exact = x === 0 || a.value[i] === 0 || b.value[i] === 0;
    const lost = exact && (sa === 1 || a.value[i] === 0) && (sb === 1 || b.value[i] === 0) ? 0 : rounding;
    out.error[i] = sa * a.error[i] + sb * b.error[i] + lost * Math.abs(x);
  }
  out.kink = a.kink ?? b.kink;
  return out;
}

export function add(a: Series, b: Series): Series {
  return combine(a, 1, b, 1);
}

/** factor·a + shift. */
export function affine(a: Series, factor: number, shift: number): Series {
  return combine(a, factor, constantSeries(a.space, shift), 1);
}

function isNothing({ degree, value, error, kink }: Series): boolean {
  return degree === 0 && value[0] === 0 && error[0] === 0 && kink === undefined;
}

export function multiply(a: Series, b: Series): Series {
  const out = zeroSeries(a.space);
  // A branch that is not taken counts for nothing, whatever it is.
  if ((isNothing(a) && !Number.isNaN(b.value[0])) || (isNothing(b) && !Number.isNaN(a.value[0]))) return out;
  out.degree = Math.min(a.space.order, a.degree + b.degree);
  for (let ka = 0; ka <= a.degree; ka++) {
    for (let kb = 0; kb <= b.degree && ka + kb <= out.degree; kb++) addProduct(out, a, ka, b, kb, 1);
  }
  out.kink = a.kink ?? b.kink;
  return out;
}

/** Σⱼ j/k·aⱼ·w₍ₖ₋ⱼ₎ into the part of degree k of `out`: that part of ∫ w da. */
function integratePart(out: Series, k: number, a: Series, w: Series, factor = 1): void {
  for (let j = Math.max(1, k - w.degree); j <= Math.min(k, a.degree); j++)
    addProduct(out, a, j, w, k - j, (factor * j) / k);
}

function started(a: Series, value: number, slope: number): Series {
  const out = constantSeries(a.space, value, 0);
  const spread = a.error[0] === 0 ? 0 : Math.abs(slope) * a.error[0];
  out.error[0] = spread + (value === 0 || Number.isInteger(value) ? 0 : 2 * rounding * Math.abs(value));
  out.degree = a.degree === 0 ? 0 : a.space.order;
  out.kink = a.kink;
  return out;
}

/** φ(a) from its value at a's constant part and the series of φ'(a). */
export function integrate(a: Series, value: number, slope: Series): Series {
  const out = started(a, value, slope.value[0]);
  for (let k = 1; k <= out.degree; k++) integratePart(out, k, a, slope);
  return out;
}

/** y = φ(a) where φ' = c₀ + c₁·φ + c₂·φ², from its value at a's constant part. */
export function solveRiccati(a: Series, value: number, [c0, c1, c2]: readonly number[]): Series {
  const slope = zeroSeries(a.space);
  slope.degree = a.space.order;
  slope.value[0] = c0 + c1 * value + c2 * value * value;
  const out = started(a, value, slope.value[0]);
  slope.error[0] = Math.abs(c1 + 2 * c2 * value) * out.error[0] + rounding * Math.abs(slope.value[0]);
  const one = constantSeries(a.space, 1);
  for (let k = 1; k <= out.degree; k++) {
    integratePart(out, k, a, slope);
    if (c1 !== 0) addProduct(slope, out, k, one, 0, c1);
    if (c2 !== 0) for (let j = 0; j <= k; j++) addProduct(slope, out, j, out, k - j, c2);
  }
  return out;
}

/** s and c with s' = c·a', c' = sign·s·a': sine and cosine, or the hyperbolic ones. */
export function circular(a: Series, s0: number, c0: number, sign: 1 | -1): { s: Series; c: Series } {
  const s = started(a, s0, c0);
  const c = started(a, c0, s0);
  for (let k = 1; k <= s.degree; k++) {
    integratePart(s, k, a, c);
    integratePart(c, k, a, s, sign);
  }
  return { s, c };
}

/** a to a fixed power, where a's constant part is not zero; `value` is that of its constant part. */
export function power(a: Series, exponent: number, value: number): Series {
  const base = a.value[0];
  const out = started(a, value, (exponent * value) / base);
  const inverse = 1 / base;
  const inverseError = Math.abs(inverse * inverse) * a.error[0] + rounding * Math.abs(inverse);
  for (let k = 1; k <= out.degree; k++) {
    for (let j = 1; j <= Math.min(k, a.degree); j++) {
      const factor = (exponent * j - k + j) / k;
      if (factor !== 0) addProduct(out, a, j, out, k - j, factor);
    }
    scalePart(out, k, inverse, inverseError);
  }
  return out;
}

export function reciprocal(a: Series): Series {
  return power(a, -1, 1 / a.value[0]);
}

/** a to a whole power from 0, by squaring. */
export function wholePower(a: Series, exponent: number): Series {
  let result: Series | undefined;
  let square = a;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? square : multiply(result, square);
    if (rest > 1) square = multiply(square, square);
  }
  return result ?? constantSeries(a.space, 1);
}

/** Whether the constant part cannot be told from a number: it is as near as rounding can have brought it. */
export function isNear(a: Series, value: number): boolean {
  return Math.abs(a.value[0] - value) <= 2 * a.error[0];
}

/** Whether two series cannot be told apart. */
export function agree(a: Series, b: Series): boolean {
  const end = a.space.offsets[Math.max(a.degree, b.degree) + 1];
  for (let i = 0; i < end; i++) {
    if (!(Math.abs(a.value[i] - b.value[i]) <= 16 * (a.error[i] + b.error[i]))) return false;
  }
  return a.kink === undefined && b.kink === undefined;
}

/** The value without derivatives, and why there are none. */
export function kinked(a: Series, value: number, why: string): Series {
  return { ...constantSeries(a.space, value, a.error[0]), kink: a.kink ?? why };
}
