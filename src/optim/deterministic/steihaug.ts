/**
 * Trust region by truncated conjugate gradients (Steihaug, SIAM J. Numer. Anal. 20, 1983; Toint 1981; Nocedal & Wright, 2nd ed., algorithm 7.2): the
 * model is made small by conjugate gradients from 0, which stop at the edge of the region, on negative curvature (there they run
 * to the edge), or when ‖r‖ ≤ min(½, √‖g‖)·‖g‖. Needs products of the Hessian with vectors only.
 */
import { axpy, dot, norm, scale } from '../../linalg/index.js';
import { edge } from './dogleg.js';
import { defineMethod, needs } from './method.js';
import { radiusOption, trustRegion, type ModelStep } from './trust-region.js';

export const steihaug = defineMethod(
  'steihaug',
  'trust region by truncated conjugate gradients',
  { radius: radiusOption },
  ({ radius }) => ({
    steps(problem, start, { tol }) {
      needs('steihaug', problem, 'hessianVector');
      const n = start.length;
      const residual = new Float64Array(n);
      const p = new Float64Array(n);
      const product = new Float64Array(n);
      return trustRegion(
        problem,
        start,
        { radius, tol },
        {
          at: () => undefined,
          solve({ x, gradient }, radius, step): ModelStep {
            const length = norm(gradient);
            const enough = Math.min(0.5, Math.sqrt(length)) * length;
            step.fill(0);
            residual.set(gradient);
            scale(-1, gradient, p);
            let square = dot(residual, residual);
            let predicted = 0;
            for (let k = 0; k < 2 * n + 10 && Math.sqrt(square) > enough; k++) {
              problem.hessianVector(x, p, product);
              const curvature = dot(p, product);
              const alpha = square / curvature;
              const far = edge(step, p, radius);
              if (!(curvature > 0) || alpha >= far) {
                // Along p the model falls by t·‖r‖² − ½t²·pᵀHp.
                predicted += far * (square - (far * curvature) / 2);
                axpy(far, p, step);
                const note = curvature > 0 ? undefined : 'negative curvature';
                return { predicted, length: norm(step), atEdge: true, note };
              }
              predicted += (alpha * square) / 2;
              axpy(alpha, p, step);
              axpy(alpha, product, residual);
              const next = dot(residual, residual);
              scale(next / square, p, p);
              axpy(-1, residual, p);
              square = next;
            }
            return { predicted, length: norm(step), atEdge: false };
          },
        },
      );
    },
  }),
);
