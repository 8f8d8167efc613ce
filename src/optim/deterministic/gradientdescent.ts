/**
 * Gradient descent with a line search: x ← x − t·∇f(x) (Cauchy 1847), t found anew at each step.
 *
 *   armijo      backtracking to sufficient decrease (Armijo 1966) from twice the last step
 *   wolfe       Moré & Thuente's search with |φ'(t)| ≤ 0.1·|φ'(0)|: close to the exact search of the textbook
 *               (Nocedal & Wright, 2nd ed., p. 62, advise c₂ = 0.1 for methods that are sensitive to it)
 *   hagerzhang  the search of CG_DESCENT
 *
 * On a quadratic of condition number κ the error of the value shrinks by ((κ−1)/(κ+1))² a step at best (Nocedal & Wright, theorem
 * 3.4), so a valley of κ = 10⁶ takes millions of steps. Every limit is a stationary point, which may be a saddle.
 */
import { z } from 'zod';
import { backtracking } from './backtracking.js';
import { descend } from './descent.js';
import { hagerZhang } from './hager-zhang.js';
import { firstStep, sameDecrease } from './initial-step.js';
import type { LineSearch } from './line.js';
import { defineMethod } from './method.js';
import { strongWolfe } from './more-thuente.js';

const searches: Readonly<Record<'armijo' | 'wolfe' | 'hagerzhang', LineSearch>> = {
  armijo: backtracking,
  wolfe: strongWolfe(0.1),
  hagerzhang: hagerZhang,
};

export const gradientdescent = defineMethod(
  'gradientdescent',
  'steepest descent with a line search',
  {
    linesearch: z.enum(['armijo', 'wolfe', 'hagerzhang']).default('armijo').describe('how the step is found'),
  },
  ({ linesearch }) => ({
    steps(problem, start) {
      let last = { step: 0, slope0: 0 };
      return descend(problem, start, searches[linesearch], {
        choose: () => false,
        initial(line, position) {
          if (last.step === 0) return firstStep(position);
          return linesearch === 'armijo' ? 2 * last.step : sameDecrease(line, last);
        },
        learn(line) {
          last = { step: line.step, slope0: line.slope0 };
        },
      });
    },
  }),
);
