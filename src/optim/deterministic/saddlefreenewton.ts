/**
 * Saddle-free Newton (Dauphin et al. 2014, arXiv 1406.2572, algorithm 1): Newton's step with the Hessian's eigenvalues made positive, so that
 * negative curvature repels instead of attracting,
 *     s = −V·(|T| + μ1)⁻¹·Vᵀg,   T = VᵀHV,   |T| by its eigenvectors,
 * in a Krylov space V of k dimensions: the Lanczos vectors of a random start, and g, which would lie outside. Only
 * products of the Hessian with vectors are needed; for n ≤ k the space is the whole one and the step exact.
 *
 * k = 20, less than the paper's 500 for networks but enough for an exact step here; μ₀ = 0.01. μ falls to a third where the
 * function falls by more than ¾ of what the model |T| promised, and is ten times as large where the function rises (the
 * paper tries several μ at each step).
 * Ours differs in two things. T is computed from all of V, since g spoils its tridiagonal form. And where the gradient is zero, where
 * s is zero too and the paper's method would rest on a saddle, it looks along the eigenvector of the lowest eigenvalue, if that is
 * below −√ε·max|λ|, for a point that is lower by half of what the curvature promises.
 *
 * Along the ray y = 0, x > 0 of the monkey saddle x³ − 3xy² every step halves x: from there it goes into the saddle until the gradient
 * is zero, and only then out of it. Where H itself vanishes it rests: third derivatives are for thirdorder.
 */
import { z } from 'zod';
import {
  axpy,
  dot,
  eigenvector,
  maxNorm,
  multiply,
  multiplyTransposed,
  norm,
  scale,
  symmetricEigen,
  type SymmetricEigen,
} from '../../linalg/index.js';
import { normal } from '../../random/distributions.js';
import type { Generator as Random } from '../../random/generator.js';
import { tooShort, undefinedDerivative, zeroGradient } from './stops.js';
import { defineMethod, needs, startAt, type Position, type Stop } from './method.js';
import { noiseOf, Progress } from './rounding.js';
import { Trial } from './trust-region.js';
import { isDownhillCurvature } from './trustexact.js';

type Multiply = (v: Float64Array, out: Float64Array) => void;

/** Orthonormal rows, the eigenvalues of H in their space, and the eigenvectors as combinations of the rows. */
interface Subspace {
  readonly rows: Float64Array;
  readonly ritz: SymmetricEigen;
}

export const saddlefreenewton = defineMethod(
  'saddlefreenewton',
  "Newton's method with the absolute values of the eigenvalues, in a Krylov space",
  {
    krylov: z.int().min(1).default(20).describe('dimensions of the Krylov space'),
    damping: z.number().positive().default(0.01).describe('first number added to the absolute eigenvalues'),
  },
  ({ krylov, damping }) => ({
    passesStationary: true,
    *steps(problem, start, { tol, generator }) {
      needs('saddlefreenewton', problem, 'hessianVector');
      const position = startAt(problem, start);
      const product: Multiply = (v, out) => problem.hessianVector(position.x, v, out);
      const step = new Float64Array(start.length);
      const trial = new Trial(problem);
      const progress = new Progress();
      let mu = damping;
      yield position;
      for (;;) {
        const space = subspace(product, position.gradient, krylov, generator);
        if ('reason' in space) return space;
        const slope = maxNorm(position.gradient);
        position.note = undefined;
        if (slope <= tol) {
          if (!isDownhillCurvature(space.ritz)) return zeroGradient(slope, tol);
          if (!escape(trial, position, space, step)) return zeroGradient(slope, tol);
          position.note = 'negative curvature';
        } else {
          for (let ratio = -Infinity; !(ratio > 0);) {
            const predicted = saddleFreeStep(space, position.gradient, mu, step);
            const [length, shortest] = [norm(step), Number.EPSILON * Math.max(1, maxNorm(position.x))];
            if (!(length > shortest)) return tooShort(length, shortest);
            ratio = trial.evaluate(position, step, predicted);
            if (ratio > 0.75) mu = Math.max(mu / 3, Number.MIN_VALUE);
            else if (!(ratio > 0)) mu *= 10;
          }
        }
        trial.accept(position);
        yield position;
        if (!progress.see(position)) {
          const threshold = noiseOf(position.value);
          return { reason: 'function', criterion: 'fall of the value', value: 0, threshold };
        }
      }
    },
  }),
);

/**
 * The Lanczos vectors of a random start with full reorthogonalisation, and g. Where H maps the space into itself a new random
 * vector goes on: there are k of them, or n.
 */
function subspace(product: Multiply, gradient: Float64Array, k: number, generator: Random): Subspace | Stop {
  const n = gradient.length;
  const count = Math.min(n, k + 1);
  const rows = new Float64Array(count * n);
  const images = new Float64Array(count * n);
  const row = (j: number): Float64Array => rows.subarray(j * n, (j + 1) * n);
  const image = (j: number): Float64Array => images.subarray(j * n, (j + 1) * n);
  const candidate = new Float64Array(n);
  for (let j = 0; j < count; j++) {
    // g goes last: it would be missed by a space that is not the whole one.
    if (j === count - 1 && count < n) candidate.set(gradient);
    else if (j > 0) candidate.set(image(j - 1));
    if (j === 0 || !orthonormalise(rows, j, candidate)) {
      do candidate.set(normal(generator, [n], { dtype: 'float64' }).data);
      while (!orthonormalise(rows, j, candidate));
    }
    row(j).set(candidate);
    product(candidate, image(j));
    const undefinedHessian = undefinedDerivative('product of the Hessian', image(j));
    if (undefinedHessian !== undefined) return undefinedHessian;
  }
  const t = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      t[i * count + j] = t[j * count + i] = (dot(row(i), image(j)) + dot(row(j), image(i))) / 2;
    }
  }
  return { rows, ritz: symmetricEigen(t, count) };
}

/** Makes `v` a unit vector across the first `count` rows; false where nothing but rounding would be left of it. */
function orthonormalise(rows: Float64Array, count: number, v: Float64Array): boolean {
  const n = v.length;
  const before = norm(v);
  if (!(before > 0)) return false;
  // Twice is enough (Kahan; Parlett, The Symmetric Eigenvalue Problem, 6.9).
  for (let pass = 0; pass < 2; pass++) {
    for (let j = 0; j < count; j++) {
      const other = rows.subarray(j * n, (j + 1) * n);
      axpy(-dot(other, v), other, v);
    }
  }
  const after = norm(v);
  if (!(after > 1e-10 * before)) return false;
  scale(1 / after, v, v);
  return true;
}

/** step ← −V(|T| + μ)⁻¹Vᵀg. Returns what the model with |T| promises: −gᵀs − ½sᵀ|T|s. */
function saddleFreeStep(
  { rows, ritz }: Subspace,
  gradient: Float64Array,
  mu: number,
  step: Float64Array,
): number {
  const count = ritz.values.length;
  const inSpace = new Float64Array(count);
  const inBasis = new Float64Array(count);
  multiply(rows, gradient, inSpace);
  multiply(ritz.vectors, inSpace, inBasis);
  let predicted = 0;
  for (let k = 0; k < count; k++) {
    const size = Math.abs(ritz.values[k]);
    const part = inBasis[k] / (size + mu);
    predicted += part * (inBasis[k] - (size * part) / 2);
    inBasis[k] = -part;
  }
  multiplyTransposed(ritz.vectors, inBasis, inSpace);
  multiplyTransposed(rows, inSpace, step);
  return predicted;
}

/** Looks along the lowest eigenvector for a point that is lower by half of what the curvature promises: t·|gᵀv| + ½t²|λ|. */
function escape(trial: Trial, position: Position, { rows, ritz }: Subspace, step: Float64Array): boolean {
  const lowest = new Float64Array(step.length);
  multiplyTransposed(rows, eigenvector(ritz, 0), lowest);
  const along = dot(position.gradient, lowest);
  const sign = along > 0 ? -1 : 1;
  const shortest = Number.EPSILON * Math.max(1, maxNorm(position.x));
  for (let t = 1; t > shortest; t /= 2) {
    scale(sign * t, lowest, step);
    const predicted = t * Math.abs(along) - (t * t * ritz.values[0]) / 2;
    if (trial.evaluate(position, step, predicted) >= 0.5) return true;
  }
  return false;
}
