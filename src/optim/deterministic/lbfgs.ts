/**
 * L-BFGS (Liu & Nocedal, Math. Programming 45, 1989; Nocedal & Wright, 2nd ed., algorithm 7.4): the product −H·g of BFGS by two loops over
 * the last m pairs (s, y), from H₀ = (yᵀs/yᵀy)·1 of the newest. m = 10, SciPy's. Moré & Thuente's search with c₂ = 0.9; a pair counts if
 * yᵀs > ε·yᵀy (L-BFGS-B's test), else it is left out.
 *
 * Ours keeps the pairs side by side in one memory and walks through it once a loop: each change of the vector also takes its product with
 * the next pair's.
 */
import { z } from 'zod';
import { scale, subtract, vectorBank, type VectorBank } from '../../linalg/index.js';
import { descend } from './descent.js';
import { firstStep } from './initial-step.js';
import { defineMethod } from './method.js';
import { strongWolfe } from './more-thuente.js';

/** A step and the change of the gradient over it. */
interface Pair {
  /** Places of s and y in the bank. */
  readonly s: number;
  readonly y: number;
  /** yᵀs and yᵀy. */
  ys: number;
  yy: number;
  /** Scratch of the two loops. */
  alpha: number;
}

/** Place of the vector that the loops turn from g to H·g. */
const WORK = 0;

/** direction ← −H·gradient; `pairs` from the oldest to the newest, at least one. */
function twoLoops(
  bank: VectorBank,
  pairs: readonly Pair[],
  gradient: Float64Array,
  direction: Float64Array,
): void {
  const newest = pairs[pairs.length - 1];
  bank.view(WORK).set(gradient);
  let product = bank.dot(newest.s, WORK);
  for (let k = pairs.length - 1; k >= 0; k--) {
    const pair = pairs[k];
    pair.alpha = product / pair.ys;
    // After the last, what the next loop needs first, and the factor that starts it.
    if (k > 0) product = bank.combine(-pair.alpha, pair.y, 1, WORK, pairs[k - 1].s);
    else {
      const size = newest.ys / newest.yy;
      product = bank.combine(-pair.alpha * size, pair.y, size, WORK, pair.y);
    }
  }
  for (let k = 0; k < pairs.length; k++) {
    const pair = pairs[k];
    const next = pairs[Math.min(k + 1, pairs.length - 1)];
    product = bank.combine(pair.alpha - product / pair.ys, pair.s, 1, WORK, next.y);
  }
  scale(-1, bank.view(WORK), direction);
}

export const lbfgs = defineMethod(
  'lbfgs',
  'quasi-Newton with the last few steps for a Hessian',
  { memory: z.int().min(1).default(10).describe('pairs of steps and gradient changes that are kept') },
  ({ memory }) => ({
    steps(problem, start) {
      const bank = vectorBank(1 + 2 * (memory + 1), start.length);
      // One more than is kept: a pair is written before it is known whether it counts.
      const spare = Array.from({ length: memory + 1 }, (_, k) => ({
        s: 1 + 2 * k,
        y: 2 + 2 * k,
        ys: 0,
        yy: 0,
        alpha: 0,
      }));
      const pairs: Pair[] = [];
      return descend(problem, start, strongWolfe(0.9), {
        choose({ gradient }, direction) {
          if (pairs.length === 0) return false;
          twoLoops(bank, pairs, gradient, direction);
          return true;
        },
        initial: (_, position, isFresh) => (isFresh ? firstStep(position) : 1),
        learn(line, { gradient }, direction) {
          const pair = spare[spare.length - 1];
          scale(line.step, direction, bank.view(pair.s));
          subtract(line.gradient, gradient, bank.view(pair.y));
          pair.ys = bank.dot(pair.y, pair.s);
          pair.yy = bank.dot(pair.y, pair.y);
          if (!(pair.ys > Number.EPSILON * pair.yy)) return;
          spare.pop();
          pairs.push(pair);
          if (pairs.length > memory) spare.push(...pairs.splice(0, 1));
        },
        restart() {
          spare.push(...pairs.splice(0));
        },
      });
    },
  }),
);
