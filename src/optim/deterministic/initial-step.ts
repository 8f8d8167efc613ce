/** First trials of line searches along directions that have no natural length. */
import { norm } from '../../linalg/index.js';
import type { Line } from './line.js';
import type { Position } from './method.js';

/** The step of length one, or the whole gradient where that is shorter (L-BFGS-B's first trial). */
export function firstStep({ gradient }: Position): number {
  return Math.min(1, 1 / norm(gradient));
}

/** The step that promises, to first order, what the last step brought: t·φ'(0) is kept (Nocedal & Wright, 2nd ed., p. 59). */
export function sameDecrease(line: Line, last: { readonly step: number; readonly slope0: number }): number {
  return (last.step * last.slope0) / line.slope0;
}
