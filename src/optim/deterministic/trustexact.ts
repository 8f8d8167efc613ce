/**
 * Trust region with the exact minimiser of the model (Moré & Sorensen, SIAM J. Sci. Stat. Comput. 4, 1983; Nocedal & Wright, 2nd ed., section 4.3):
 * converges to points that meet the second-order conditions, from any start, and quadratically where the Hessian is positive definite. On
 * a saddle, where the gradient is zero, the hard case leads on along the eigenvector of the lowest eigenvalue. The subproblem is
 * solved in the eigenbasis (see secular.ts), so n should be at most some hundreds.
 *
 * It ends where the gradient is zero and no eigenvalue is below −√ε·max|λ|: what is less may be rounding.
 */
import {
  axpy,
  eigenvector,
  maxNorm,
  multiply,
  norm,
  symmetricEigen,
  type SymmetricEigen,
} from '../../linalg/index.js';
import { defineMethod, needs } from './method.js';
import { quadraticFall, solveSecular, type Spectral } from './secular.js';
import { radiusOption, trustRegion, type ModelStep } from './trust-region.js';
import { undefinedDerivative, zeroGradient } from './stops.js';

/** Half of the digits: a lower eigenvalue is negative whatever rounding did. */
export function isDownhillCurvature({ values }: SymmetricEigen): boolean {
  const largest = Math.max(Math.abs(values[0]), Math.abs(values[values.length - 1]));
  return values[0] < -Math.sqrt(Number.EPSILON) * largest;
}

export const trustexact = defineMethod(
  'trustexact',
  'trust region with the exact minimiser of the model',
  { radius: radiusOption },
  ({ radius }) => ({
    passesStationary: true,
    steps(problem, start, { tol }) {
      needs('trustexact', problem, 'hessian');
      const n = start.length;
      const matrix = new Float64Array(n * n);
      const spread = new Float64Array(n);
      let spectral: Spectral;
      return trustRegion(
        problem,
        start,
        { radius, tol },
        {
          at({ x, gradient }) {
            problem.hessian(x, matrix);
            const undefinedHessian = undefinedDerivative('Hessian', matrix);
            if (undefinedHessian !== undefined) return undefinedHessian;
            const eigen = symmetricEigen(matrix, n);
            multiply(eigen.vectors, gradient, spread);
            spectral = { eigen, spread };
            const slope = maxNorm(gradient);
            return slope <= tol && !isDownhillCurvature(eigen) ? zeroGradient(slope, tol) : undefined;
          },
          solve(_, radius, step): ModelStep {
            const [least] = spectral.eigen.values;
            if (least > 0 && newtonStep(spectral, step) <= radius) {
              return { predicted: quadraticFall(spectral, step), length: norm(step), atEdge: false };
            }
            const { isHard } = solveSecular(spectral, { radius }, step);
            const note = isHard ? 'hard case' : least < 0 ? 'negative curvature' : undefined;
            return { predicted: quadraticFall(spectral, step), length: norm(step), atEdge: true, note };
          },
        },
      );
    },
  }),
);

/** step ← −H⁻¹g. Returns its length. */
function newtonStep({ eigen, spread }: Spectral, step: Float64Array): number {
  step.fill(0);
  for (let k = 0; k < spread.length; k++) {
    axpy(-spread[k] / eigen.values[k], eigenvector(eigen, k), step);
  }
  return norm(step);
}
