/**
 * Backtracking to sufficient decrease (Armijo, Pacific J. Math. 16, 1966): φ(t) ≤ φ(0) + c₁·t·φ'(0), c₁ = 1e-4. A step that fails is cut
 * to the minimiser of the parabola through φ(0), φ'(0) and φ(t), kept between a tenth and a half of it (Nocedal & Wright, Numerical
 * Optimization, 2nd ed., 3.5; Dennis & Schnabel, A6.3.1). Ours also takes steps that are good by their slope where the
 * decrease drowns in rounding.
 */
import type { Line } from './line.js';

/** c₁ of Nocedal & Wright, p. 33, and of Dennis & Schnabel. */
export const SUFFICIENT = 1e-4;

/** 2⁻⁵⁰ of a first trial is no step any more. */
const MOST_TRIALS = 50;

export function backtracking(line: Line, initial: number): boolean {
  let step = initial;
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    line.evaluate(step);
    const { value, value0, slope0 } = line;
    if (value <= value0 + SUFFICIENT * step * slope0) return true;
    if (line.isGoodBySlope(0.9)) return true;
    // Infinity gives 0 here, and so a tenth.
    const parabola = (-slope0 * step * step) / (2 * (value - value0 - slope0 * step));
    step = Math.min(Math.max(parabola, step / 10), step / 2);
  }
  return false;
}
