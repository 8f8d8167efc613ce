/**
 * L-BFGS (Liu & Nocedal, Math. Programming 45, 1989; Nocedal & Wright, 2nd ed., algorithm 7.4): the product −H·g of BFGS by two loops over
 * the last m pairs (s, y), from H₀ = (yᵀs/yᵀy)·1 of the newest. m = 10, SciPy's. Moré & Thuente's search with c₂ = 0.9; a pair counts if
 * yᵀs > ε·yᵀy (L-BFGS-B's test), else it is left out.
 *
 * Ours walks through memory once a loop: each update of the vector also takes the next pair's scalar product.
 */
import { z } from 'zod';
import { axpy, dot, scale, subtract } from '../../linalg/index.js';
import { descend } from './descent.js';
import { firstStep } from './initial-step.js';
import { defineMethod } from './method.js';
import { strongWolfe } from './more-thuente.js';

/** A step and the change of the gradient over it. */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1/(yᵀs). */
  rho: number;
  /** Scratch of the two loops. */
  alpha: number;
}

/** q ← q + factor·x, and the new q's product with `next`. */
function axpyDot(factor: number, x: Float64Array, q: Float64Array, next: Float64Array): number {
  const n = q.length;
  const blocks = n - (n % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i < blocks; i += 4) {
    s0 += (q[i] += factor * x[i]) * next[i];
    s1 += (q[i + 1] += factor * x[i + 1]) * next[i + 1];
    s2 += (q[i + 2] += factor * x[i + 2]) * next[i + 2];
    s3 += (q[i + 3] += factor * x[i + 3]) * next[i + 3];
  }
  for (; i < n; i++) s0 += (q[i] += factor * x[i]) * next[i];
  return s0 + s1 + (s2 + s3);
}

/** direction ← −H·gradient; `pairs` from the oldest to the newest, at least one. */
function twoLoops(pairs: readonly Pair[], gradient: Float64Array, direction: Float64Array): void {
  const newest = pairs[pairs.length - 1];
  scale(-1, gradient, direction);
  let product = dot(newest.s, direction);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const pair = pairs[k];
    pair.alpha = pair.rho * product;
    if (k > 0) product = axpyDot(-pair.alpha, pair.y, direction, pairs[k - 1].s);
    else axpy(-pair.alpha, pair.y, direction);
  }
  scale(1 / (newest.rho * dot(newest.y, newest.y)), direction, direction);
  product = dot(pairs[0].y, direction);
  for (let k = 0; k < pairs.length; k++) {
    const pair = pairs[k];
    const factor = pair.alpha - pair.rho * product;
    if (k + 1 < pairs.length) product = axpyDot(factor, pair.s, direction, pairs[k + 1].y);
    else axpy(factor, pair.s, direction);
  }
}

export const lbfgs = defineMethod(
  'lbfgs',
  'quasi-Newton with the last few steps for a Hessian',
  { memory: z.int().min(1).default(10).describe('pairs of steps and gradient changes that are kept') },
  ({ memory }) => ({
    steps(problem, start) {
      const n = start.length;
      let pairs: Pair[] = [];
      let spare: Pair | undefined;
      return descend(problem, start, strongWolfe(0.9), {
        choose({ gradient }, direction) {
          if (pairs.length === 0) return false;
          twoLoops(pairs, gradient, direction);
          return true;
        },
        initial: (_, position, isFresh) => (isFresh ? firstStep(position) : 1),
        learn(line, { gradient }, direction) {
          const pair = spare ?? { s: new Float64Array(n), y: new Float64Array(n), rho: 0, alpha: 0 };
          scale(line.step, direction, pair.s);
          subtract(line.gradient, gradient, pair.y);
          const ys = dot(pair.y, pair.s);
          spare = pair;
          if (!(ys > Number.EPSILON * dot(pair.y, pair.y))) return;
          pair.rho = 1 / ys;
          spare = pairs.length === memory ? pairs.shift() : undefined;
          pairs.push(pair);
        },
        restart() {
          pairs = [];
        },
      });
    },
  }),
);
