/** Homogeneous polynomials of any number of variables, with bounds on the errors of their coefficients. */
import { Generator, normal } from '../../random/index.js';
import type { Series } from '../../transform/jet-series.js';
import { zeroFactor } from './splitting.js';

export interface Form {
  readonly degree: number;
  readonly variables: number;
  readonly exponents: readonly (readonly number[])[];
  readonly coefficients: Float64Array;
  readonly errors: Float64Array;
}

/** The part of one degree of a series. */
export function partOf({ space, value, error }: Series, degree: number): Form {
  const range = [space.offsets[degree], space.offsets[degree + 1]] as const;
  return {
    degree,
    variables: space.variables,
    exponents: space.exponents.slice(...range),
    coefficients: value.slice(...range),
    errors: error.slice(...range),
  };
}

function gradientOf({ exponents, coefficients, variables }: Form, u: readonly number[]): number[] {
  const gradient = new Array<number>(variables).fill(0);
  exponents.forEach((powers, m) => {
    if (coefficients[m] === 0) return;
    powers.forEach((power, axis) => {
      if (power === 0) return;
      gradient[axis] += powers.reduce(
        (product, p, i) => product * (i === axis ? p * u[i] ** (p - 1) : u[i] ** p),
        coefficients[m],
      );
    });
  });
  return gradient;
}

function valueAt({ exponents, coefficients }: Form, u: readonly number[]): number {
  return exponents.reduce(
    (sum, powers, m) => sum + powers.reduce((product, power, i) => product * u[i] ** power, coefficients[m]),
    0,
  );
}

const unit = (u: readonly number[]): number[] => {
  const length = Math.hypot(...u);
  return u.map((value) => value / length);
};

const starts = 6;
const steps = 60;

/** Directions in which the form is low and high: where a descent on the sphere ends, from some starts. */
export function steepDirections(form: Form): number[][] {
  const generator = new Generator(11).fork('form');
  const { variables } = form;
  const begins = Array.from({ length: starts }, () =>
    unit(Array.from(normal(generator, [variables], { dtype: 'float64' }).data)),
  );
  const ends: number[][] = [];
  for (const begin of begins) {
    for (const side of [1, -1]) {
      let u = begin;
      let value = side * valueAt(form, u);
      let step = 0.5;
      for (let k = 0; k < steps; k++) {
        const slope = gradientOf(form, u);
        const along = slope.reduce((sum, entry, i) => sum + entry * u[i], 0);
        const tangent = slope.map((entry, i) => entry - along * u[i]);
        const length = Math.hypot(...tangent);
        if (!(length > 0)) break;
        const next = unit(u.map((entry, i) => entry - (side * step * tangent[i]) / length));
        const there = side * valueAt(form, next);
        if (there < value) [u, value] = [next, there];
        else step *= 0.6;
      }
      ends.push(u);
    }
  }
  return ends;
}

/**
 * The matrix of the quadratic form Δ^(degree/2 − 1) of a form of even degree, up to a factor the mean of its second derivatives over
 * the sphere.
 */
export function meanCurvature({ degree, variables, exponents, coefficients }: Form): Float64Array {
  let terms = exponents.map((powers, m) => ({ powers, coefficient: coefficients[m] }));
  for (let left = degree; left > 2; left -= 2) {
    const next = new Map<string, { powers: readonly number[]; coefficient: number }>();
    for (const { powers, coefficient } of terms) {
      powers.forEach((power, axis) => {
        if (power < 2) return;
        const less = powers.map((p, i) => (i === axis ? p - 2 : p));
        const before = next.get(less.join())?.coefficient ?? 0;
        next.set(less.join(), { powers: less, coefficient: before + power * (power - 1) * coefficient });
      });
    }
    terms = [...next.values()];
  }
  const matrix = new Float64Array(variables * variables);
  for (const { powers, coefficient } of terms) {
    const axes = powers.flatMap((power, axis) => new Array<number>(power).fill(axis));
    const [i, j] = axes;
    matrix[i * variables + j] += coefficient / 2;
    matrix[j * variables + i] += coefficient / 2;
  }
  return matrix;
}

/** Boxes to look at for a proof. */
const mostBoxes = 6000;

interface Box {
  readonly face: number;
  readonly lo: readonly number[];
  readonly hi: readonly number[];
}

/**
 * A number that sign·form exceeds wherever max |uᵢ| = 1, for all coefficients within their bounds; undefined where it is not
 * proven to be above zero. Faces of the cube are cut in boxes, over which each monomial and each slope is bounded by itself; for
 * a form of even degree the faces uᵢ = 1 are enough.
 */
export function boundOnCube(form: Form, sign: 1 | -1): number | undefined {
  const { variables, degree } = form;
  if (degree % 2 === 1) return undefined;
  const boxes: Box[] = Array.from({ length: variables }, (_, face) => ({
    face,
    lo: Array.from({ length: variables }, (_, i) => (i === face ? 1 : -1)),
    hi: new Array<number>(variables).fill(1),
  }));
  let least = Infinity;
  for (let count = 0; boxes.length > 0; count++) {
    const box = boxes.pop();
    if (box === undefined || count >= mostBoxes) return undefined;
    const middle = box.lo.map((lo, i) => (lo + box.hi[i]) / 2);
    if (!(sign * valueAt(form, middle) > 0)) return undefined;
    const lower = lowerBound(form, sign, box, middle);
    if (lower > 0) least = Math.min(least, lower);
    else boxes.push(...halves(box));
  }
  return least;
}

function halves({ face, lo, hi }: Box): Box[] {
  let axis = face === 0 ? 1 : 0;
  lo.forEach((from, i) => {
    if (i !== face && hi[i] - from > hi[axis] - lo[axis]) axis = i;
  });
  const middle = (lo[axis] + hi[axis]) / 2;
  const replaced = (numbers: readonly number[]) => numbers.map((value, i) => (i === axis ? middle : value));
  return [
    { face, lo, hi: replaced(hi) },
    { face, lo: replaced(lo), hi },
  ];
}

/** The better of the natural bound and that by slopes, less what rounding may do. */
function lowerBound(form: Form, sign: 1 | -1, { lo, hi, face }: Box, middle: readonly number[]): number {
  const { exponents, coefficients, errors, variables, degree } = form;
  const powers = lo.map((from, i) => rangesOfPowers(from, hi[i], degree));
  let natural = 0;
  let doubt = 0;
  const slopes = Array.from({ length: variables }, (): [number, number] => [0, 0]);
  exponents.forEach((exponent, m) => {
    const coefficient = sign * coefficients[m];
    // All |uᵢ| are at most 1 here.
    doubt += zeroFactor * errors[m] + 8 * degree * Number.EPSILON * Math.abs(coefficient);
    if (coefficient === 0) return;
    const [low, high] = scaled(productOf(powers, exponent), coefficient);
    natural += Math.min(low, high);
    exponent.forEach((power, axis) => {
      if (power === 0 || axis === face) return;
      const less = exponent.map((p, i) => (i === axis ? p - 1 : p));
      const [from, to] = scaled(productOf(powers, less), coefficient * power);
      slopes[axis][0] += from;
      slopes[axis][1] += to;
    });
  });
  const central = slopes.reduce(
    (sum, [from, to], i) => sum - (Math.max(Math.abs(from), Math.abs(to)) * (hi[i] - lo[i])) / 2,
    sign * valueAt(form, middle),
  );
  return Math.max(natural, central) - 2 * doubt;
}

type Range = readonly [number, number];

const scaled = ([low, high]: Range, factor: number): Range =>
  factor < 0 ? [factor * high, factor * low] : [factor * low, factor * high];

function productOf(powers: readonly (readonly Range[])[], exponent: readonly number[]): Range {
  let [low, high] = [1, 1];
  exponent.forEach((power, i) => {
    const [a, b] = powers[i][power];
    const ends = [low * a, low * b, high * a, high * b];
    [low, high] = [Math.min(...ends), Math.max(...ends)];
  });
  return [low, high];
}

function rangesOfPowers(from: number, to: number, most: number): Range[] {
  return Array.from({ length: most + 1 }, (_, power): Range => {
    const [a, b] = [from ** power, to ** power];
    if (power === 0) return [1, 1];
    if (power % 2 === 1) return [a, b];
    return [from <= 0 && to >= 0 ? 0 : Math.min(a, b), Math.max(a, b)];
  });
}
