/**
 * Newton's method with its systems solved by conjugate gradients, and a line search (Dembo & Steihaug, Math. Programming 26, 1983; Nocedal &
 * Wright, 2nd ed., algorithm 7.1). H·d = −g is solved until ‖H·d + g‖ ≤ min(½, √‖g‖)·‖g‖, which makes the convergence superlinear (their
 * eq. 7.3); only products of the Hessian with vectors are needed. Where the conjugate gradients meet negative curvature, the search
 * goes along what they have so far, at first along −g.
 *
 * Ours searches with Moré & Thuente's conditions (c₂ = 0.9) instead of backtracking, so that a step along negative curvature may grow.
 */
import { addScaled, axpy, dot, norm, scale } from '../../linalg/index.js';
import { descend } from './descent.js';
import { firstStep } from './initial-step.js';
import { defineMethod, needs } from './method.js';
import { strongWolfe } from './more-thuente.js';

export const newtoncg = defineMethod(
  'newtoncg',
  "Newton's method by conjugate gradients, with a line search",
  {},
  () => ({
    steps(problem, start) {
      needs('newtoncg', problem, 'hessianVector');
      const n = start.length;
      const residual = new Float64Array(n);
      const p = new Float64Array(n);
      const product = new Float64Array(n);
      let hasCurvature = false;
      return descend(problem, start, strongWolfe(0.9), {
        choose(position, direction) {
          const { x, gradient } = position;
          const length = norm(gradient);
          const enough = Math.min(0.5, Math.sqrt(length)) * length;
          direction.fill(0);
          residual.set(gradient);
          scale(-1, gradient, p);
          hasCurvature = false;
          let square = dot(residual, residual);
          // In exact arithmetic n steps are enough; rounding may want some more.
          for (let step = 0; step < 2 * n + 10 && Math.sqrt(square) > enough; step++) {
            problem.hessianVector(x, p, product);
            const curvature = dot(p, product);
            if (!(curvature > Number.EPSILON * dot(p, p))) {
              position.note = 'negative curvature';
              if (step === 0) direction.set(p);
              return true;
            }
            hasCurvature = true;
            const alpha = square / curvature;
            axpy(alpha, p, direction);
            axpy(alpha, product, residual);
            const next = dot(residual, residual);
            addScaled(residual, -next / square, p, p);
            scale(-1, p, p);
            square = next;
          }
          return true;
        },
        initial: (_, position) => (hasCurvature ? 1 : firstStep(position)),
      });
    },
  }),
);
