/**
 * Eigenvalues at both ends of a large symmetric matrix that is known by its products with vectors (Lanczos 1950; Golub & Van
 * Loan, Matrix Computations, 4th ed., chapter 10). With an orthonormal basis Q of the Krylov space of a random start,
 * T = QᵀAQ is tridiagonal, T = SΘSᵀ, and for each Ritz value θᵢ some eigenvalue of A lies within
 * rᵢ = β_m·|s_mᵢ| of it: the length of A·y − θ·y for the Ritz vector y. That holds for every start.
 *
 * What such residuals cannot say is that no eigenvalue was missed. For that, by a start uniform on the sphere (Kuczyński &
 * Woźniakowski 1992, SIAM J. Matrix Anal. Appl. 13, 1094–1122, theorem 4.2, m being the number of products; for a matrix shifted
 * to be positive semidefinite, which leaves the Krylov space as it is),
 *
 *   P[ (λ₁ − θ₁) / (λ₁ − λₙ) > e ] ≤ 1.648·√n·exp(−√e·(2m − 1)).
 *
 * Why: θ₁ is the largest mean of λ that weights b²p(λ)² give, p of degree m − 1 and b the start's components. For the p with
 * (1 − e − λ)·p² = (1 − e)·T²₂ₘ₋₁ (T Chebyshev's polynomial, λ scaled to [0, 1]) it exceeds 1 − e unless
 * |b₁| < 1/cosh((2m − 1)·artanh √e) ≤ 2·exp(−(2m − 1)·√e), and P[|b₁| < t] ≤ √(2n/π)·t: 1.596 would do. With e chosen so that the
 * right side is δ, that limit on |b₁| does not depend on m: the bound holds for all m at once, and so where convergence ends the steps,
 * and likewise at the other end. Both together, with δ/2 each, bound the spread by (θ₁ − θ_m)/(1 − 2e), and so with probability
 * 1 − δ no eigenvalue lies beyond θ₁ + e·spread or below θ_m − e·spread. A power iteration has no such
 * statement, and on diag(2, −2) no limit; a Krylov space of the gradient alone misses what is orthogonal to it.
 *
 * Ours orthogonalises against all vectors at every step, which leaves no false copies. Where the products are rounded, QᵀAQ
 * is not quite tridiagonal: the entries that should be zero tell the size of the error of a product (taken to be alike in all
 * directions), and it is added to every residual.
 */
import { ScreeError } from '../graph/errors.js';
import { eigenvector, symmetricEigen } from '../linalg/index.js';
import type { Generator } from '../random/index.js';
import { KrylovBasis } from './krylov-basis.js';
import type { FloatVector } from './network.js';

/** A symmetric matrix of order `size`, known by its products. */
export interface LinearOperator {
  readonly size: number;
  /** out ← A·v. */
  multiply(v: FloatVector, out: Float64Array): void | Promise<void>;
}

export interface LanczosOptions {
  /** Where the start is drawn from. */
  readonly generator: Generator;
  /** Eigenvalues wanted at the upper end; 1 by default. */
  readonly top?: number;
  /** Eigenvalues wanted at the lower end; 1 by default. */
  readonly bottom?: number;
  /** Products at most; 10 + 5 for each eigenvalue wanted and at least 60 by default, never more than the order. */
  readonly maxSteps?: number;
  /** A wanted eigenvalue has converged when its residual is at most this times the largest |eigenvalue|; 1e-3 by default, 0 takes all steps. */
  readonly tolerance?: number;
  /** What the tolerance is a share of: the largest |eigenvalue|, or each wanted eigenvalue itself, which takes more products; `largest` by default. */
  readonly relativeTo?: 'largest' | 'each';
  /** δ: the probability with which `bounds` may fail; 0.01 by default. */
  readonly failure?: number;
  /** Element type of the basis: float32 halves the memory; float64 by default. */
  readonly storage?: 'float32' | 'float64';
  /** Memory to use again, in place of one of its own: vectors of an earlier result that used it are lost. */
  readonly basis?: KrylovBasis;
  /** Called after each product. */
  readonly onStep?: (step: number, steps: number) => void;
  readonly signal?: AbortSignal;
}

/** A Ritz value: some eigenvalue lies within `error` of it. */
export interface RitzPair {
  readonly value: number;
  /** Residual and rounding. */
  readonly error: number;
  readonly converged: boolean;
  /** The unit vector that belongs to it, computed when it is asked for. */
  vector(): Float64Array;
}

export interface LanczosResult {
  /** From the largest down. */
  readonly top: readonly RitzPair[];
  /** From the smallest up. */
  readonly bottom: readonly RitzPair[];
  /** All Ritz values, ascending, and the squared first components of T's eigenvectors: a quadrature of the spectrum as the start sees it. */
  readonly ritz: Float64Array;
  readonly weights: Float64Array;
  /** Products taken. */
  readonly steps: number;
  /** `converged`: the wanted ones. `complete`: the basis spans all that there is. `steps`: neither came before maxSteps. */
  readonly stop: 'converged' | 'complete' | 'steps';
  /** No eigenvalue lies outside [lower, upper], with probability 1 − failure; infinite where too few steps were taken to say so. */
  readonly bounds: { readonly lower: number; readonly upper: number; readonly failure: number };
  /** The measured length of a product's rounding error. */
  readonly rounding: number;
}

/** e of the theorem: the share of the spread by which the end of the spectrum may be missed. Infinite steps give 0. */
export function missedShare(size: number, steps: number, failure: number): number {
  return (Math.log((1.648 * Math.sqrt(size)) / failure) / (2 * steps - 1)) ** 2;
}

/**
 * Eigenvalues at the ends of the spectrum, each with an interval. See the head of this file.
 * @example
 * ```ts
 * import { lanczos, type LinearOperator } from 'scree/curvature';
 * import { Generator } from 'scree/random';
 *
 * // diag(2, −2), on which a power iteration has no limit.
 * const operator: LinearOperator = {
 *   size: 2,
 *   multiply(v, out) {
 *     out[0] = 2 * v[0];
 *     out[1] = -2 * v[1];
 *   },
 * };
 * const { top, bottom } = await lanczos(operator, { generator: new Generator(1) });
 * console.log(top[0].value.toFixed(6), bottom[0].value.toFixed(6));
 * ```
 * ```text
 * 2.000000 -2.000000
 * ```
 * @throws ScreeError when a product is not finite, or the signal ends it
 * @example
 * ```ts
 * import { lanczos } from 'scree/curvature';
 * import { Generator } from 'scree/random';
 *
 * // A diagonal matrix of order 100.
 * const operator = {
 *   size: 100,
 *   multiply: async (v: ArrayLike<number>, image: Float64Array) => {
 *     for (let k = 0; k < 100; k++) image[k] = (k + 1) * v[k];
 *   },
 * };
 * const { top } = await lanczos(operator, { generator: new Generator(0) });
 * console.log(Math.abs(top[0].value - 100) < 0.1);
 * ```
 * ```text
 * true
 * ```
 */
export async function lanczos(operator: LinearOperator, options: LanczosOptions): Promise<LanczosResult> {
  const { size } = operator;
  const {
    generator,
    top = 1,
    bottom = 1,
    tolerance = 1e-3,
    relativeTo = 'largest',
    failure = 0.01,
  } = options;
  if (!Number.isInteger(size) || size < 1) throw new ScreeError(`lanczos: the order ${size} is no matrix's`);
  const maxSteps = Math.min(size, options.maxSteps ?? Math.max(60, 10 + 5 * (top + bottom)));
  if (!(maxSteps >= 1)) throw new ScreeError(`lanczos: maxSteps is ${maxSteps}; it must be at least 1`);
  const basis = options.basis ?? new KrylovBasis(size, options.storage ?? 'float64');
  basis.clear();
  const { storage } = basis;
  const diagonal: number[] = [];
  const coupling: number[] = [];
  const outside = { squares: 0, count: 0 };
  const w = new Float64Array(size);
  const epsilon = storage === 'float32' ? 2 ** -23 : Number.EPSILON;
  let largest = 0;
  // Steps within the Krylov space of the first start.
  let ownSteps = 0;
  basis.pushRandom(generator);
  for (let step = 1; ; step++) {
    if (options.signal?.aborted) throw new ScreeError('lanczos: interrupted');
    await operator.multiply(basis.vector(step - 1), w);
    const { coefficients, length } = basis.orthogonalise(w);
    if (!Number.isFinite(length)) {
      throw new ScreeError(
        'lanczos: a product with the matrix is not finite; the point lies where the function or its derivatives overflow',
      );
    }
    // Entries farther than one from the diagonal are zero but for rounding.
    for (let k = 0; k < step - 2; k++) outside.squares += coefficients[k] ** 2;
    outside.count += Math.max(0, step - 2);
    diagonal.push(coefficients[step - 1]);
    largest = Math.max(largest, Math.abs(coefficients[step - 1]), length, coupling.at(-1) ?? 0);
    options.onStep?.(step, maxSteps);
    const rounding = roundingOf(outside, size, epsilon * largest);
    const isInvariant = length <= Math.max(4 * epsilon * largest, Number.MIN_VALUE);
    coupling.push(isInvariant ? 0 : length);
    if (!isInvariant && coupling.every((value, at) => value > 0 || at === step - 1)) ownSteps = step;
    const isLast = step >= maxSteps;
    // Its own work grows with the cube of the steps.
    const isChecked = isLast || step % Math.max(5, Math.floor(step / 50) * 5) === 0 || isInvariant;
    if (isChecked) {
      const eigen = symmetricEigen(tridiagonal(diagonal, coupling), step);
      const scale = Math.max(Math.abs(eigen.values[0]), Math.abs(eigen.values[step - 1]));
      const pairs = Array.from(eigen.values, (value, at): RitzPair => {
        const residual = coupling[step - 1] * Math.abs(eigenvector(eigen, at)[step - 1]);
        return {
          value,
          error: residual + rounding,
          converged: residual <= tolerance * (relativeTo === 'each' ? Math.abs(value) : scale),
          vector: () => unit(basis.combine(eigenvector(eigen, at))),
        };
      });
      const uppermost = pairs.slice(Math.max(0, step - top)).reverse();
      const lowermost = pairs.slice(0, bottom);
      const isComplete = step === size;
      const wanted = top + bottom;
      const done =
        tolerance > 0 &&
        step >= Math.min(size, wanted) &&
        [...uppermost, ...lowermost].every(({ converged }) => converged) &&
        // One vector sees one copy of a repeated eigenvalue: a space that closes early is gone on from.
        !isInvariant;
      if (isComplete || done || isLast) {
        const isExhausted = isComplete || coupling.slice(0, step).includes(0);
        const share = isExhausted ? 0 : missedShare(size, ownSteps, failure / 2);
        return {
          top: uppermost,
          bottom: lowermost,
          ritz: eigen.values,
          weights: Float64Array.from(eigen.values, (_, at) => eigenvector(eigen, at)[0] ** 2),
          steps: step,
          stop: isComplete ? 'complete' : done ? 'converged' : 'steps',
          bounds: { ...boundsOf(eigen.values, share, rounding), failure },
          rounding,
        };
      }
    }
    if (isInvariant) {
      if (!basis.pushRandom(generator)) throw new ScreeError('lanczos: no direction is left');
    } else basis.push(w, length);
  }
}

function boundsOf(values: Float64Array, share: number, rounding: number): { lower: number; upper: number } {
  const lowest = values[0];
  const highest = values[values.length - 1];
  const slack = share < 0.5 ? (share * (highest - lowest)) / (1 - 2 * share) : Infinity;
  return { lower: lowest - slack - rounding, upper: highest + slack + rounding };
}

/** The length of an error whose components in all directions are like the measured ones. */
function roundingOf(
  { squares, count }: { squares: number; count: number },
  size: number,
  least: number,
): number {
  return Math.max(4 * least, count === 0 ? 0 : Math.sqrt((size * squares) / count));
}

function tridiagonal(diagonal: readonly number[], coupling: readonly number[]): Float64Array {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = diagonal[i];
    if (i + 1 < n) matrix[i * n + i + 1] = matrix[(i + 1) * n + i] = coupling[i];
  }
  return matrix;
}

function unit(vector: Float64Array): Float64Array {
  let square = 0;
  for (let i = 0; i < vector.length; i++) square += vector[i] * vector[i];
  const factor = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i] *= factor;
  return vector;
}
