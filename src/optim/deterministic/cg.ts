/**
 * Non-linear conjugate gradients: d ← −g + β·d, without matrices.
 *
 *   hagerzhang     CG_DESCENT (Hager & Zhang, SIAM J. Optim. 16, 2005): with y = g₊ − g,
 *                      β = (y − 2d‖y‖²/(dᵀy))ᵀg₊ / (dᵀy), at least η·dᵀg/‖d‖² (their version of 2013, SIAM J. Optim. 23, eq. 1.6, η = 0.4)
 *                  Every direction leads down: gᵀd ≤ −(7/8)‖g‖² whatever the line search does.
 *   polakribiere   β = max(0, yᵀg₊/‖g‖²) (PR+, Gilbert & Nocedal, SIAM J. Optim. 2, 1992)
 *
 * Moré & Thuente's search with c₂ = 0.1 (Nocedal & Wright, 2nd ed., p. 142): conjugacy wants steps that are close to exact. CG_DESCENT's own
 * looser search took half again as many evaluations on the set of Moré, Garbow and Hillstrom. The first trial promises the
 * decrease of the last step. Restarts from steepest descent every 6n steps (CG_DESCENT's restart_fac), and where a direction does not
 * lead down.
 */
import { z } from 'zod';
import { axpy, dot, scale, subtract } from '../../linalg/index.js';
import { descend } from './descent.js';
import { firstStep, sameDecrease } from './initial-step.js';
import { defineMethod } from './method.js';
import { strongWolfe } from './more-thuente.js';

/** η of the version of 2013. */
const LEAST = 0.4;

export const cg = defineMethod(
  'cg',
  'non-linear conjugate gradients',
  {
    beta: z
      .enum(['hagerzhang', 'polakribiere'])
      .default('hagerzhang')
      .describe('share of the last direction'),
    restart: z.number().positive().default(6).describe('steps between restarts, in multiples of n'),
  },
  ({ beta: rule, restart }) => ({
    steps(problem, start) {
      const y = new Float64Array(start.length);
      let last = { step: 0, slope0: 0 };
      let beta = 0;
      let sinceRestart = 0;
      return descend(problem, start, strongWolfe(0.1), {
        choose({ gradient }, direction) {
          if (sinceRestart === 0 || sinceRestart >= restart * start.length) {
            sinceRestart = 0;
            return false;
          }
          scale(beta, direction, direction);
          axpy(-1, gradient, direction);
          return true;
        },
        initial: (line, position) => (last.step === 0 ? firstStep(position) : sameDecrease(line, last)),
        learn(line, { gradient }, direction) {
          subtract(line.gradient, gradient, y);
          const curvature = line.slope - line.slope0;
          if (rule === 'polakribiere') {
            beta = Math.max(0, dot(y, line.gradient) / dot(gradient, gradient));
          } else {
            const least = (LEAST * line.slope0) / dot(direction, direction);
            const full = (dot(y, line.gradient) - (2 * dot(y, y) * line.slope) / curvature) / curvature;
            beta = curvature > 0 ? Math.max(full, least) : 0;
          }
          last = { step: line.step, slope0: line.slope0 };
          sinceRestart++;
        },
        restart() {
          sinceRestart = 0;
        },
      });
    },
  }),
);
