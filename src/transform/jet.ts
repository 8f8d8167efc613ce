import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import { trace } from '../ops/trace.js';
import { JetProgram } from './jet-program.js';
import { constantSeries, monomials, representationError, type Series } from './jet-series.js';

/** A truncated Taylor series of a scalar function along some directions. */
export interface Jet {
  /** How many directions. */
  readonly variables: number;
  readonly order: number;
  /** The powers of the directions' coordinates in each term, by degree. */
  readonly exponents: readonly (readonly number[])[];
  /** Of each term: a derivative divided by the factorials of its powers. */
  readonly coefficients: Float64Array;
  /** A bound on the rounding error of each coefficient: one that is no larger cannot be told from zero. */
  readonly errors: Float64Array;
  /** Why the function has no derivatives at the point, where it has none: `|x| at 0`. Only the value counts then. */
  readonly kink?: string;
}

export interface JetOptions {
  /** The highest degree of the series. */
  readonly order: number;
}

/** The most terms of a series: an order of 12 along four directions has 1,820. */
const mostTerms = 20_000;

/**
 * Taylor mode: the function that gives `f`'s truncated Taylor series at a point along given directions,
 * f(x + u₁·d₁ + … + u_c·d_c) as a polynomial in u, by pushing power series through the graph of `f` (see jet-series.ts).
 * @param f a scalar function of one vector; it is traced in float64, once for each length
 * @throws ScreeError for directions of another length than the point, an order that is no whole number, and an op without a rule
 */
export function jet(
  f: (x: Tensor) => Tensor,
): (x: ArrayLike<number>, directions: readonly ArrayLike<number>[], options: JetOptions) => Jet {
  const programs = new Map<number, JetProgram>();
  return (x, directions, { order }) => {
    const size = x.length;
    const wrong = directions.find((direction) => direction.length !== size);
    if (directions.length === 0 || wrong !== undefined) {
      const got = wrong === undefined ? 'no direction' : `a direction of ${wrong.length} numbers`;
      throw new ScreeError(
        `jet: got ${got} for a point of ${size}; give one or more of ${size} numbers each`,
      );
    }
    if (!Number.isInteger(order) || order < 0) {
      throw new ScreeError(`jet: order is ${order}; it must be a whole number from 0`);
    }
    const terms = countTerms(directions.length, order);
    if (terms > mostTerms) {
      throw new ScreeError(
        `jet: order ${order} along ${directions.length} directions has more than ${mostTerms} terms; take fewer`,
      );
    }
    const program = programs.get(size) ?? new JetProgram(trace(f, [float64(size)]));
    programs.set(size, program);
    const space = monomials(directions.length, order);
    const inputs = Array.from({ length: size }, (_, i): Series => {
      const series = constantSeries(space, x[i], representationError(x[i]));
      if (order > 0) {
        directions.forEach((direction, k) => (series.value[space.offsets[1] + k] = direction[i]));
        series.degree = 1;
      }
      return series;
    });
    const [[{ value, error, kink }]] = program.run(space, [inputs]);
    const { exponents } = space;
    return { variables: directions.length, order, exponents, coefficients: value, errors: error, kink };
  };
}

function countTerms(variables: number, order: number): number {
  let count = 1;
  for (let k = 1; k <= variables; k++) count = (count * (order + k)) / k;
  return count;
}
