/**
 * The splitting lemma (Arnold, Gusein-Zade, Varchenko: Singularities of Differentiable Maps I, 1985, §11.1; Gromoll & Meyer
 * 1969): near a critical point f is, in suitable coordinates, a sum of squares in the directions that the Hessian decides plus
 * a function g of as many coordinates as the Hessian's kernel has. g(u) = f(p + K·u + N·y(u)), where y(u) solves the
 * equations Nᵀ∇f = 0; y is a power series, found degree by degree.
 */
import { cholesky, choleskySolve, dot, norm } from '../../linalg/index.js';
import {
  constantSeries,
  monomials,
  representationError,
  zeroSeries,
  type Monomials,
  type Series,
} from '../../transform/jet-series.js';
import type { Arc, LocalFunction } from './local.js';

/** Directions that the Hessian decides, and those that it does not. */
export interface Splitting {
  /** Vectors that span the kernel: orthonormal, but for their lengths where two are in different units. */
  readonly kernel: readonly Float64Array[];
  /** Vectors nⱼ with nᵢᵀ·H·nⱼ = 0 and nⱼᵀ·H·nⱼ = curvatures[j]. */
  readonly normal: readonly Float64Array[];
  readonly curvatures: readonly number[];
}

/** f along the surface p + K·u + N·y(u), and the surface. */
export interface Reduction {
  /** g, with bounds on the errors of its coefficients. */
  readonly series: Series;
  /** The normal coordinates yⱼ(u). */
  readonly normal: readonly Series[];
}

/** Coefficients up to this many times their error bound count as zero: the bounds leave out what is of higher order. */
export const zeroFactor = 16;

export function isZero(series: Series, place: number): boolean {
  return Math.abs(series.value[place]) <= zeroFactor * series.error[place];
}

/** Whether all coefficients of a degree are zero. */
export function isZeroPart(series: Series, degree: number): boolean {
  const { offsets } = series.space;
  for (let i = offsets[degree]; i < offsets[degree + 1]; i++) if (!isZero(series, i)) return false;
  return true;
}

/** The first degree from 1 on that is not zero; undefined where all are zero. */
export function leadingDegree(series: Series): number | undefined {
  for (let degree = 1; degree <= series.space.order; degree++) if (!isZeroPart(series, degree)) return degree;
  return undefined;
}

/** Kernel coordinates as polynomials: by default u is put in as it is. */
export type KernelCurve = (space: Monomials) => readonly Series[];

/** The coordinates u₁ … u_c themselves. */
const coordinates: KernelCurve = (space) =>
  Array.from({ length: space.variables }, (_, i) => {
    const series = zeroSeries(space);
    if (space.order === 0) return series;
    series.value[space.offsets[1] + i] = 1;
    series.degree = 1;
    return series;
  });

/** A curve t ↦ u(t) given by the coefficients of each coordinate. */
export function polynomialCurve(coefficients: readonly (readonly number[])[]): KernelCurve {
  return (space) =>
    coefficients.map((powers) => {
      const series = zeroSeries(space);
      powers.slice(0, space.order + 1).forEach((value, degree) => (series.value[degree] = value));
      series.degree = Math.min(space.order, Math.max(0, powers.length - 1));
      return series;
    });
}

export interface ReduceOptions {
  readonly order: number;
  /** Of g: the kernel's dimension, or 1 for a curve. */
  readonly variables: number;
  readonly curve?: KernelCurve;
  /** The vector by which the critical point may be elsewhere; coefficients that this explains count as zero. */
  readonly blur?: Float64Array;
}

/**
 * Reduces f to the kernel, or to a curve in it, up to an order.
 *
 * Each round with the Hessian of the point makes one more degree of y right; an error of degree s + 1 in y changes g from
 * degree 2s + 2 on, since g is stationary in y.
 */
export function reduce(
  f: LocalFunction,
  point: ArrayLike<number>,
  { kernel, normal, curvatures }: Splitting,
  { order, variables, curve = coordinates, blur }: ReduceOptions,
): Reduction {
  const last = Math.floor(order / 2);
  let solved = normal.map(() => zeroSeries(monomials(variables, Math.max(1, last))));
  const inputs = (space: Monomials, withErrors: boolean): Series[] => {
    const u = curve(space);
    return Array.from({ length: point.length }, (_, i) => {
      const series = constantSeries(space, point[i], representationError(point[i]));
      series.degree = Math.min(
        space.order,
        Math.max(...u.map(({ degree }) => degree), ...solved.map(({ degree }) => degree)),
      );
      const end = space.offsets[series.degree + 1];
      kernel.forEach((vector, k) => {
        if (vector[i] === 0) return;
        for (let m = 0; m < Math.min(end, u[k].value.length); m++)
          series.value[m] += vector[i] * u[k].value[m];
      });
      normal.forEach((vector, j) => {
        if (vector[i] === 0) return;
        const { value, error } = solved[j];
        for (let m = 0; m < Math.min(end, value.length); m++) {
          series.value[m] += vector[i] * value[m];
          if (withErrors) series.error[m] += Math.abs(vector[i]) * error[m];
        }
      });
      return series;
    });
  };
  if (normal.length > 0) {
    for (let degree = 1; degree <= last; degree++) {
      const space = monomials(variables, degree);
      const slopes = f.gradient(space, inputs(space, true));
      solved = solved.map((before, j) => {
        const after = { ...before, value: before.value.slice(), error: before.error.slice(), degree };
        for (let m = 0; m < space.size; m++) {
          let slope = 0;
          let error = 0;
          slopes.forEach((series, i) => {
            slope += normal[j][i] * series.value[m];
            error += Math.abs(normal[j][i]) * series.error[m];
          });
          // A correction that rounding alone can have made would only blur what is exactly zero.
          if (Math.abs(slope) > error) after.value[m] -= slope / curvatures[j];
          // Of the lower degrees the bounds are known already, and what follows from them is part of this one.
          if (m >= space.offsets[degree]) after.error[m] = error / Math.abs(curvatures[j]);
        }
        return after;
      });
    }
  }
  const space = monomials(variables, order);
  const series = f.value(space, inputs(space, true));
  if (blur !== undefined) {
    const along = coordinatesIn(kernel, blur).map(Math.abs);
    addBlur(series, variables === kernel.length ? Array.from(along) : [norm(along)]);
  }
  return { series, normal: solved };
}

/** Of a vector's part in the kernel. */
function coordinatesIn(kernel: readonly Float64Array[], vector: Float64Array): Float64Array {
  const size = kernel.length;
  const gram = Float64Array.from({ length: size * size }, (_, at) =>
    dot(kernel[Math.floor(at / size)], kernel[at % size]),
  );
  const coordinates = Float64Array.from(kernel, (direction) => dot(direction, vector));
  if (cholesky(gram, size, 0, gram)) choleskySolve(gram, size, coordinates);
  return coordinates;
}

/**
 * Two kernel coordinates in units in which the first form of g is balanced: its outer coefficients are of one size, but for a power of
 * two. Roots that are close together only for the sake of units are apart then.
 */
export function balanced(splitting: Splitting, series: Series): { splitting: Splitting; series: Series } {
  const same = { splitting, series };
  const degree = leadingDegree(series);
  // A form below order 3 is what a point beside the critical one has: it says nothing of units.
  if (degree === undefined || degree < 3 || series.space.variables !== 2) return same;
  const { space, value, error } = series;
  const places = Array.from({ length: degree + 1 }, (_, j) => j).filter(
    (j) => !isZero(series, space.offsets[degree] + j),
  );
  const [first, last] = [places[0], places[places.length - 1]];
  if (first === last) return same;
  const sizeOf = (j: number) => Math.log2(Math.abs(value[space.offsets[degree] + j]));
  const power = Math.round((sizeOf(first) - sizeOf(last)) / (last - first));
  // Of moderate differences coordinates stay as they are: numbers are read easier.
  if (Math.abs(power) < 6) return same;
  const scale = (numbers: Float64Array) =>
    numbers.map((number, m) => number * 2 ** (power * space.exponents[m][1]));
  const [u, v] = splitting.kernel;
  return {
    splitting: { ...splitting, kernel: [u, v.map((entry) => entry * 2 ** power)] },
    series: { ...series, value: scale(value), error: scale(error) },
  };
}

/** What moving the origin by a distance along each coordinate may do to each coefficient: it takes from those of the next degree. */
function addBlur({ space, value, error }: Series, distances: readonly number[]): void {
  const { offsets, order, exponents } = space;
  for (let degree = order - 1; degree >= 1; degree--) {
    for (let m = offsets[degree]; m < offsets[degree + 1]; m++) {
      distances.forEach((distance, axis) => {
        const product = exponents[m].map((power, i) => power + Number(i === axis));
        const next = offsets[degree + 1] + space.placeOf(product);
        error[m] += distance * (exponents[m][axis] + 1) * (Math.abs(value[next]) + error[next]);
      });
    }
  }
}

/** The curve of points p + K·u(t) + N·y(t), up to a degree, without what is rounding. */
export function arcOf(
  point: ArrayLike<number>,
  { kernel, normal }: Splitting,
  coefficients: readonly (readonly number[])[],
  solved: readonly Series[],
  degree: number,
): Arc {
  const arc = Array.from({ length: degree + 1 }, (_, k) => {
    const vector = new Float64Array(point.length);
    kernel.forEach((direction, c) =>
      vector.forEach((_, i) => (vector[i] += direction[i] * (coefficients[c][k] ?? 0))),
    );
    normal.forEach((direction, j) =>
      vector.forEach((_, i) => (vector[i] += direction[i] * (solved[j].value[k] ?? 0))),
    );
    return vector;
  });
  arc[0] = Float64Array.from(point);
  // More than the last digits must not change: the curve would leave the surface on which the normal directions are in balance.
  for (const vector of arc.slice(1)) {
    const blur = Number.EPSILON * norm(vector);
    vector.forEach((value, i) => {
      const whole = Math.round(value);
      if (Math.abs(value - whole) <= blur) vector[i] = whole;
    });
  }
  while (arc.length > 2 && norm(arc[arc.length - 1]) === 0) arc.pop();
  return arc;
}
