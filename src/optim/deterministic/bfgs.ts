/**
 * BFGS (Broyden, Fletcher, Goldfarb, Shanno 1970; Nocedal & Wright, 2nd ed., algorithm 6.1): d = −H·g with
 *     H ← (1 − ρsyᵀ)·H·(1 − ρysᵀ) + ρssᵀ,   ρ = 1/(yᵀs),   s = x₊ − x,   y = g₊ − g.
 * Before the first update H is (yᵀs/yᵀy)·1 (their eq. 6.20), which gives it the size of the true inverse. Moré & Thuente's search
 * for the strong Wolfe conditions (c₂ = 0.9) makes yᵀs > 0, so H stays positive definite; a pair that rounding spoils is left out.
 * First trials are 1, after a restart a step of length one. Needs n² numbers and operations a step: for large n there is lbfgs.
 */
import { axpy, dot, multiply, scale, subtract } from '../../linalg/index.js';
import { descend } from './descent.js';
import { firstStep } from './initial-step.js';
import { defineMethod } from './method.js';
import { strongWolfe } from './more-thuente.js';

export const bfgs = defineMethod('bfgs', 'quasi-Newton with a dense inverse Hessian', {}, () => ({
  steps(problem, start) {
    const n = start.length;
    const inverse = new Float64Array(n * n);
    const s = new Float64Array(n);
    const y = new Float64Array(n);
    const hy = new Float64Array(n);
    let pairs = 0;
    return descend(problem, start, strongWolfe(0.9), {
      choose({ gradient }, direction) {
        if (pairs === 0) return false;
        multiply(inverse, gradient, direction);
        scale(-1, direction, direction);
        return true;
      },
      initial: (_, position, isFresh) => (isFresh ? firstStep(position) : 1),
      learn(line, { gradient }, direction) {
        scale(line.step, direction, s);
        subtract(line.gradient, gradient, y);
        const ys = dot(y, s);
        const yy = dot(y, y);
        if (!(ys > Number.EPSILON * yy) || !(ys > 0)) return;
        if (pairs++ === 0) {
          inverse.fill(0);
          for (let i = 0; i < n; i++) inverse[i * n + i] = ys / yy;
        }
        multiply(inverse, y, hy);
        // H += (1 + yᵀHy/yᵀs)·ssᵀ/yᵀs − (Hy·sᵀ + s·(Hy)ᵀ)/yᵀs.
        const factor = (1 + dot(y, hy) / ys) / ys;
        for (let i = 0; i < n; i++) {
          const row = inverse.subarray(i * n, (i + 1) * n);
          axpy(factor * s[i] - hy[i] / ys, s, row);
          axpy(-s[i] / ys, hy, row);
        }
      },
      restart() {
        pairs = 0;
      },
    });
  },
}));
