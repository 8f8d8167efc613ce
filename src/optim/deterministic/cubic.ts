/**
 * Newton's method with cubic regularisation (Nesterov & Polyak, Math. Programming 108, 2006; adaptive as ARC, Cartis, Gould & Toint, Math. Programming
 * 127, 2011): the step is the global minimiser of
 *     m(s) = f + gᵀs + ½sᵀHs + σ/3·‖s‖³,
 * an upper bound of the function where σ ≥ L/2, L the Lipschitz constant of the Hessian. It finds a point with ‖g‖ ≤ ε and λ₁ ≥ −√(Lε) in
 * O(ε^−1.5) steps, from saddles too. The minimiser is computed in the eigenbasis (see secular.ts), so n should be at most some hundreds.
 *
 * Rules and defaults are those of Manopt.jl's adaptive_regularization_with_cubics: σ₀ = 100/√n, a step counts from ρ ≥ 0.1, ρ ≥ 0.9 makes σ ten
 * times smaller (down to 1e-10), ρ < 0.1 twice as large. Ours makes it ten times as large where the function rose: from a
 * start far away the first steps may reach into another valley. It judges a step by the gradient where the fall drowns in
 * rounding, and ends where trustexact does.
 */
import { z } from 'zod';
import { maxNorm, multiply, norm, symmetricEigen } from '../../linalg/index.js';
import { tooShort, undefinedDerivative, zeroGradient } from './stops.js';
import { defineMethod, needs, startAt } from './method.js';
import { noiseOf, Progress } from './rounding.js';
import { quadraticFall, solveSecular } from './secular.js';
import { Trial } from './trust-region.js';
import { isDownhillCurvature } from './trustexact.js';

export const cubic = defineMethod(
  'cubic',
  "Newton's method with cubic regularisation",
  {
    sigma: z
      .number()
      .positive()
      .optional()
      .describe('first weight of the cubic term; 100/√n if it is not given'),
  },
  ({ sigma: given }) => ({
    passesStationary: true,
    *steps(problem, start, { tol }) {
      needs('cubic', problem, 'hessian');
      const n = start.length;
      const matrix = new Float64Array(n * n);
      const spread = new Float64Array(n);
      const step = new Float64Array(n);
      const position = startAt(problem, start);
      const trial = new Trial(problem);
      const progress = new Progress();
      let sigma = given ?? 100 / Math.sqrt(n);
      yield position;
      for (;;) {
        problem.hessian(position.x, matrix);
        const undefinedHessian = undefinedDerivative('Hessian', matrix);
        if (undefinedHessian !== undefined) return undefinedHessian;
        const eigen = symmetricEigen(matrix, n);
        const slope = maxNorm(position.gradient);
        if (slope <= tol && !isDownhillCurvature(eigen)) return zeroGradient(slope, tol);
        multiply(eigen.vectors, position.gradient, spread);
        let predicted = 0;
        for (let ratio = -Infinity; ratio < 0.1;) {
          const { isHard } = solveSecular({ eigen, spread }, { sigma }, step);
          const length = norm(step);
          const shortest = Number.EPSILON * Math.max(1, maxNorm(position.x));
          if (!(length > shortest))
            return slope <= tol ? zeroGradient(slope, tol) : tooShort(length, shortest);
          predicted = quadraticFall({ eigen, spread }, step) - (sigma / 3) * length ** 3;
          ratio = trial.evaluate(position, step, predicted);
          if (ratio >= 0.9) sigma = Math.max(1e-10, sigma / 10);
          else if (!(ratio >= 0.1)) sigma *= ratio > 0 ? 2 : 10;
          position.note = isHard ? 'hard case' : eigen.values[0] < 0 ? 'negative curvature' : undefined;
        }
        trial.accept(position);
        yield position;
        if (!progress.see(position)) {
          const threshold = noiseOf(position.value);
          return { reason: 'function', criterion: 'fall promised by the model', value: predicted, threshold };
        }
      }
    },
  }),
);
