/**
 * Third-order descent (Anandkumar & Ge 2016, arXiv 1602.05908, algorithms 1 and 2): finds points that are local minima up to third order. Cubic
 * regularisation goes down to where gradient and Hessian see no way on; there the third derivative T may: with the eigenvectors in
 * descending order of eigenvalue,
 *     S = span(vᵢ … vₙ), C = ‖T restricted to S‖_F, for the first i with C²/(12·L·Q²) ≥ λᵢ,   Q = B·n^1.5,
 * and if C ≥ Q·(24·‖g‖·L)^⅓, directions u of S are drawn until |T(u,u,u)| ≥ C/Q, which most draws are for B = 1, and the walk leaves along −u for
 * T(u,u,u) > 0. So it leaves the monkey saddle, where the Hessian vanishes. Points that need the fourth derivative cannot
 * be told in general (theorem 5: it is NP-hard), and it rests there.
 *
 * L, the Lipschitz constant of ∇³f, is rarely known, and 0 for a cubic. Ours takes L = 1 for the choice of S unless it is given, starts from the paper's
 * step C/(L·Q) and looks along −u for one at which the cubic term leads (it is at least twice what gradient and
 * Hessian add) and the function falls by at least half of it. A degenerate minimum, where T is small near but not at it, has
 * no such step. The third derivative is dense: n³ numbers.
 */
import { z } from 'zod';
import {
  addScaled,
  axpy,
  dot,
  eigenvector,
  maxNorm,
  multiply,
  norm,
  scale,
  symmetricEigen,
} from '../../linalg/index.js';
import { normal } from '../../random/distributions.js';
import type { Generator as Random } from '../../random/generator.js';
import { cubic } from './cubic.js';
import { zeroGradient } from './stops.js';
import { defineMethod, needs, type Iterate, type Position } from './method.js';
import type { Problem } from './problem.js';

/** Draws for one direction: each is good with a probability that the paper bounds from below by a constant. */
const MOST_DRAWS = 100;

/** Halvings and doublings of a step. */
const MOST_TRIALS = 60;

export const thirdorder = defineMethod(
  'thirdorder',
  'cubic regularisation, and third derivatives where it rests',
  {
    lipschitz: z.number().positive().default(1).describe('L: Lipschitz constant of the third derivative'),
    b: z.number().positive().default(1).describe('B of Q = B·n^1.5'),
  },
  ({ lipschitz, b }) => ({
    passesStationary: true,
    *steps(problem, start, context) {
      needs('thirdorder', problem, 'hessian', 'thirdDerivative');
      const q = b * start.length ** 1.5;
      const escape = new Escape(problem, q, lipschitz, context.generator);
      let from: Position | undefined;
      for (;;) {
        const descent = cubic().steps(problem, from?.x ?? start, context);
        let last: Iterate | undefined;
        // Where it goes on from an escape, the first point is known already.
        if (from !== undefined) descent.next();
        for (;;) {
          const next = descent.next();
          if (next.done !== true) {
            last = next.value;
            yield last;
            continue;
          }
          if (next.value.reason !== 'gradient') return next.value;
          break;
        }
        const base: Iterate | undefined = last ?? from;
        if (base === undefined) return zeroGradient(NaN, context.tol);
        from = escape.from(base);
        if (from === undefined) return zeroGradient(maxNorm(base.gradient), context.tol);
        yield from;
      }
    },
  }),
);

/** The third-order stage. */
class Escape {
  readonly #matrix: Float64Array;
  readonly #tensor: Float64Array;

  constructor(
    readonly problem: Problem & Required<Pick<Problem, 'hessian' | 'thirdDerivative'>>,
    readonly q: number,
    readonly lipschitz: number,
    readonly generator: Random,
  ) {
    const n = problem.dimension;
    this.#matrix = new Float64Array(n * n);
    this.#tensor = new Float64Array(n ** 3);
  }

  /** A lower point that the third derivative leads to; undefined where it leads to none. */
  from(base: Iterate): Position | undefined {
    const { problem, q, lipschitz, generator } = this;
    const n = problem.dimension;
    problem.hessian(base.x, this.#matrix);
    problem.thirdDerivative(base.x, this.#tensor);
    const eigen = symmetricEigen(this.#matrix, n);
    // Ascending here: S is spanned by the first `count`.
    for (let count = n; count > 0; count--) {
      const rows = eigen.vectors.subarray(0, count * n);
      const restricted = restrict(this.#tensor, rows, n, count);
      const size = norm(restricted);
      if (size ** 2 / (12 * lipschitz * q ** 2) < eigen.values[count - 1]) continue;
      if (size === 0 || size < q * Math.cbrt(24 * norm(base.gradient) * lipschitz)) continue;
      const u = drawDirection(restricted, size / q, count, generator);
      if (u === undefined) continue;
      const direction = new Float64Array(n);
      for (let k = 0; k < count; k++) axpy(u[k], eigenvector(eigen, k), direction);
      const next = this.#alongMinus(base, direction, size / (lipschitz * q));
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** The lowest of the points base − t·u where the cubic term leads and the fall is half of it, t from `first` by halves and doubles. */
  #alongMinus(base: Iterate, u: Float64Array, first: number): Position | undefined {
    const { problem } = this;
    const n = problem.dimension;
    const product = new Float64Array(n);
    multiply(this.#matrix, u, product);
    const curvature = Math.abs(dot(u, product));
    const slope = Math.abs(dot(base.gradient, u));
    const third = cubicForm(this.#tensor, u);
    const x = new Float64Array(n);
    /** Where the cubic term leads: from some t on. */
    const leads = (t: number): boolean => third * t ** 3 >= 6 * (curvature * t ** 2 + 2 * slope * t);
    let best: { readonly t: number; readonly value: number } | undefined;
    const isBetter = (t: number): boolean => {
      addScaled(base.x, -t, u, x);
      const value = problem.value(x);
      if (!(base.value - value >= (third * t ** 3) / 12)) return false;
      if (best !== undefined && value >= best.value) return false;
      best = { t, value };
      return true;
    };
    let t = first;
    for (let trial = 0; trial < MOST_TRIALS && leads(t) && !isBetter(t); trial++) t /= 2;
    if (best === undefined) return undefined;
    if (t === first) for (let trial = 0; trial < MOST_TRIALS && isBetter(2 * t); trial++) t *= 2;
    addScaled(base.x, -best.t, u, x);
    const gradient = new Float64Array(n);
    const value = problem.valueAndGradient(x, gradient);
    return { x, value, gradient, note: 'third derivative' };
  }
}

/** T(vᵢ, vⱼ, vₖ) for the given rows v: [count, count, count]. */
function restrict(tensor: Float64Array, rows: Float64Array, n: number, count: number): Float64Array {
  // One index after the other, each moved to the end: [n, n, n] → [n, n, count] → …
  const contract = (from: Float64Array, left: number): Float64Array => {
    const rest = from.length / n;
    const to = new Float64Array(rest * count);
    for (let a = 0; a < count; a++) {
      for (let i = 0; i < n; i++) {
        const factor = rows[a * n + i];
        for (let r = 0; r < left; r++) to[r * count + a] += factor * from[i * left + r];
      }
    }
    return to;
  };
  let result = tensor;
  for (let index = 0; index < 3; index++) result = contract(result, result.length / n);
  return result;
}

/** T(u, u, u) for `tensor` [n, n, n]. */
function cubicForm(tensor: Float64Array, u: Float64Array): number {
  const n = u.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const factor = u[i] * u[j];
      for (let k = 0, at = (i * n + j) * n; k < n; k++, at++) sum += factor * u[k] * tensor[at];
    }
  }
  return sum;
}

/** A unit vector u with T(u,u,u) at least `least`. */
function drawDirection(
  tensor: Float64Array,
  least: number,
  count: number,
  generator: Random,
): Float64Array | undefined {
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const u = Float64Array.from(normal(generator, [count], { dtype: 'float64' }).data);
    scale(1 / norm(u), u, u);
    const third = cubicForm(tensor, u);
    if (Math.abs(third) < least) continue;
    if (third < 0) scale(-1, u, u);
    return u;
  }
  return undefined;
}
