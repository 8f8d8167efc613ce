/**
 * Trust region by Powell's dogleg (Powell 1970; Nocedal & Wright, 2nd ed., section 4.1): the step follows the path from 0 to the model's
 * minimiser along −g and on to the Newton point, to where it leaves the region. Value and model fall along it where B is positive definite.
 *
 * B is the Hessian, plus τ·1 where that is not positive definite: τ is doubled from 10⁻³ of the largest diagonal entry until Cholesky's
 * factors exist (Nocedal & Wright, algorithm 3.3). SciPy's dogleg fails there. The theory promises a stationary point, no more: a
 * start on a saddle stays there.
 */
import { addScaled, cholesky, choleskySolve, dot, multiply, norm, scale } from '../../linalg/index.js';
import { defineMethod, needs } from './method.js';
import { undefinedDerivative } from './stops.js';
import { radiusOption, trustRegion, type ModelStep } from './trust-region.js';

/** A matrix that cannot be made positive definite by 100 doublings has entries that are not finite. */
const MOST_SHIFTS = 100;

export const dogleg = defineMethod(
  'dogleg',
  "trust region by Powell's dogleg",
  { radius: radiusOption },
  ({ radius }) => ({
    steps(problem, start, { tol }) {
      needs('dogleg', problem, 'hessian');
      const n = start.length;
      const matrix = new Float64Array(n * n);
      const lower = new Float64Array(n * n);
      const newton = new Float64Array(n);
      const cauchy = new Float64Array(n);
      const product = new Float64Array(n);
      let note: string | undefined;
      return trustRegion(
        problem,
        start,
        { radius, tol },
        {
          at({ x, gradient }) {
            problem.hessian(x, matrix);
            const undefinedHessian = undefinedDerivative('Hessian', matrix);
            if (undefinedHessian !== undefined) return undefinedHessian;
            const shift = factor(matrix, n, lower);
            note = shift > 0 ? 'Hessian shifted' : undefined;
            for (let i = 0; i < n; i++) matrix[i * n + i] += shift;
            scale(-1, gradient, newton);
            choleskySolve(lower, n, newton);
            multiply(matrix, gradient, product);
            scale(-dot(gradient, gradient) / dot(gradient, product), gradient, cauchy);
            return undefined;
          },
          solve({ gradient }, radius, step): ModelStep {
            const atEdge = follow(newton, cauchy, radius, step);
            multiply(matrix, step, product);
            return {
              predicted: -dot(gradient, step) - dot(step, product) / 2,
              length: norm(step),
              atEdge,
              note,
            };
          },
        },
      );
    },
  }),
);

/** lower ← the factor of matrix + shift·1. Returns the shift. */
function factor(matrix: Float64Array, n: number, lower: Float64Array): number {
  if (cholesky(matrix, n, 0, lower)) return 0;
  let smallest = Infinity;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    smallest = Math.min(smallest, matrix[i * n + i]);
    largest = Math.max(largest, Math.abs(matrix[i * n + i]));
  }
  const least = 1e-3 * (largest === 0 ? 1 : largest);
  let shift = smallest > 0 ? least : least - smallest;
  for (let trial = 0; trial < MOST_SHIFTS && !cholesky(matrix, n, shift, lower); trial++) shift *= 2;
  return shift;
}

/** step ← the dogleg path at `radius`; false where its end lies inside. */
function follow(newton: Float64Array, cauchy: Float64Array, radius: number, step: Float64Array): boolean {
  if (norm(newton) <= radius) {
    step.set(newton);
    return false;
  }
  const first = norm(cauchy);
  if (first >= radius) {
    scale(radius / first, cauchy, step);
    return true;
  }
  // ‖cauchy + t·(newton − cauchy)‖ = radius.
  addScaled(newton, -1, cauchy, step);
  const t = edge(cauchy, step, radius);
  addScaled(cauchy, t, step, step);
  return true;
}

/** t ≥ 0 with ‖from + t·direction‖ = radius, for ‖from‖ ≤ radius. */
export function edge(from: Float64Array, direction: Float64Array, radius: number): number {
  const a = dot(direction, direction);
  const b = dot(from, direction);
  const c = Math.max(0, radius * radius - dot(from, from));
  const root = Math.sqrt(b * b + a * c);
  // The stable form of (−b + root)/a.
  return b > 0 ? c / (b + root) : (root - b) / a;
}
