/**
 * Krawczyk's operator on the gradient: K(X) = c − Y·g(c) + (1 − Y·H(X))(X − c) with c the middle of X, H(X) an enclosure of the
 * Hessian over X and Y an approximate inverse of its middle. Every critical point in X lies in K(X); if K(X) lies in the interior
 * of X, there is exactly one in X (R. Krawczyk 1969; R. E. Moore, A test for existence of solutions to nonlinear systems, SIAM
 * J. Numer. Anal. 14, 1977; A. Neumaier, Interval Methods for Systems of Equations, 1990, theorem 5.1.8). It wants a gradient that
 * is continuously differentiable on X: no flag may be up.
 */
import { factorize, solveFactorized } from '../../linalg/index.js';
import { magnitude, minus, plus, thin, times, type Interval } from '../interval/pairs.js';
import type { Bounds, Tape } from '../interval/tape.js';
import { centreOf, copyBounds, intersection, pointBounds, widthOf } from './bounds.js';

/** Near the point each round squares the size; far from it, it may take off a few hundredths only. */
const mostRounds = 200;

/** The gradient at a box's middle and the Hessian over the box, for some of the variables. */
export interface Linearisation {
  readonly bounds: Bounds;
  readonly centre: Float64Array;
  /** Indices of the variables that vary. */
  readonly free: readonly number[];
  readonly value: Interval;
  readonly gradient: readonly Interval[];
  readonly hessian: readonly (readonly Interval[])[];
  /** Of the Hessian over the box, with those of gradient and value. */
  readonly flags: number;
}

function intervalAt({ registers }: Tape, slot: number): Interval {
  return [registers.lo[slot], registers.hi[slot]];
}

/** The derivatives by the variables `free`, all of them by default; along the others the box must have no width. */
export function linearise(tape: Tape, bounds: Bounds, free?: readonly number[]): Linearisation {
  const n = tape.size;
  const chosen = free ?? Array.from({ length: n }, (_, axis) => axis);
  const centre = centreOf(bounds);
  tape.evaluate(pointBounds(centre), 1);
  const value = intervalAt(tape, tape.value);
  const gradient = chosen.map((i) => intervalAt(tape, tape.gradient[i]));
  tape.evaluate(bounds, 2);
  const hessian = chosen.map((i) => chosen.map((j) => intervalAt(tape, tape.hessian[i * n + j])));
  const flags = tape.registers.flags[tape.value] | tape.flagsOf(tape.gradient) | tape.flagsOf(tape.hessian);
  return { bounds, centre, free: chosen, value, gradient, hessian, flags };
}

/** X − c along one of the free variables. */
function offset({ bounds, centre, free }: Linearisation, place: number): Interval {
  const axis = free[place];
  return minus([bounds.lo[axis], bounds.hi[axis]], thin(centre[axis]));
}

/** An enclosure of the gradient over the box by the mean value form g(c) + H(X)(X − c). */
export function meanValueGradient(linear: Linearisation): Interval[] {
  const offsets = linear.free.map((_, place) => offset(linear, place));
  return linear.gradient.map((slope, i) =>
    offsets.reduce((total, step, j) => plus(total, times(linear.hessian[i][j], step)), slope),
  );
}

/** An approximate inverse of the Hessian's middle, row after row; undefined where that is singular or not finite. */
function approximateInverse(hessian: Linearisation['hessian']): Float64Array[] | undefined {
  const n = hessian.length;
  const factors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [lo, hi] = hessian[i][j];
      factors[i * n + j] = lo + (hi - lo) / 2;
      if (!Number.isFinite(factors[i * n + j])) return undefined;
    }
  }
  const order = new Int32Array(n);
  if (factorize(factors, n, order) === 0) return undefined;
  const inverse = hessian.map(() => new Float64Array(n));
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let row = 0; row < n; row++) column[row] = order[row] === j ? 1 : 0;
    solveFactorized(factors, n, column);
    for (let i = 0; i < n; i++) {
      if (!Number.isFinite(column[i])) return undefined;
      inverse[i][j] = column[i];
    }
  }
  return inverse;
}

/**
 * K(X), whose sides along variables that do not vary are those of X; undefined where no preconditioner is to be had or a flag is
 * up.
 */
export function krawczyk(linear: Linearisation): Bounds | undefined {
  const { bounds, centre, free, gradient, hessian, flags } = linear;
  if (flags !== 0) return undefined;
  const inverse = approximateInverse(hessian);
  if (inverse === undefined) return undefined;
  const offsets = free.map((_, place) => offset(linear, place));
  const image = copyBounds(bounds);
  free.forEach((axis, i) => {
    let slope: Interval = [0, 0];
    for (let j = 0; j < free.length; j++) slope = plus(slope, times(thin(inverse[i][j]), gradient[j]));
    let total = minus(thin(centre[axis]), slope);
    for (let k = 0; k < free.length; k++) {
      let product: Interval = [0, 0];
      for (let j = 0; j < free.length; j++)
        product = plus(product, times(thin(inverse[i][j]), hessian[j][k]));
      total = plus(total, times(minus(thin(i === k ? 1 : 0), product), offsets[k]));
    }
    [image.lo[axis], image.hi[axis]] = total;
  });
  return image;
}

/** Whether K lies in the interior of X along the variables that vary. */
export function isInterior(image: Bounds, { bounds, free }: Linearisation): boolean {
  return free.every((axis) => image.lo[axis] > bounds.lo[axis] && image.hi[axis] < bounds.hi[axis]);
}

/** A critical point of which it is proven that it exists, in `enclosure`, and that `region` holds no other. */
export interface Certificate {
  readonly enclosure: Bounds;
  readonly region: Bounds;
}

/** The proof for a region, with the enclosure as tight as the operator makes it; undefined where there is none. */
export function certify(tape: Tape, region: Bounds, free?: readonly number[]): Certificate | undefined {
  const linear = linearise(tape, region, free);
  const image = krawczyk(linear);
  if (image === undefined || !isInterior(image, linear)) return undefined;
  return { enclosure: tighten(tape, image, linear.free), region };
}

/** The operator again and again, as long as it makes the box smaller. */
function tighten(tape: Tape, start: Bounds, free: readonly number[]): Bounds {
  const sizeOf = (box: Bounds) => Math.max(...free.map((axis) => widthOf(box, axis)));
  let bounds = start;
  for (let round = 0; round < mostRounds; round++) {
    const image = krawczyk(linearise(tape, bounds, free));
    const next = image && intersection(image, bounds);
    if (next === undefined || sizeOf(next) > 0.99 * sizeOf(bounds)) return next ?? bounds;
    bounds = next;
  }
  return bounds;
}

/** The sizes of the Hessian's columns, at most. */
export function columnSizes({ hessian }: Linearisation): number[] {
  return hessian.map((_, j) => Math.max(...hessian.map((row) => magnitude(row[j]))));
}
