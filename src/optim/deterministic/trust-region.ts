/**
 * The loop that all trust-region methods share (Conn, Gould & Toint, Trust-Region Methods, 2000, algorithm 6.1.1; Nocedal & Wright, 2nd ed.,
 * algorithm 4.1): a step s that makes a quadratic model m(s) = f + gᵀs + ½sᵀBs small within ‖s‖ ≤ Δ is taken if the function falls by
 * more than a share η of what the model promised; Δ grows twofold where the promise held and the step went to the edge, and falls to a
 * quarter of the step where it did not.
 *
 * η = 0.15, Δ₀ = 1, ρ < ¼ shrinks and ρ > ¾ grows as in SciPy and in Nocedal & Wright, p. 69. Ours sets Δ no upper limit (theirs is 1000), so that
 * starts far away do not matter, cuts to a quarter of the step rather than of Δ, and judges a step by the gradient where
 * the value's fall drowns in rounding.
 */
import { z } from 'zod';
import { addScaled, maxNorm, norm } from '../../linalg/index.js';
import { startAt, type Stop, type Iterate, type Position } from './method.js';
import type { Problem } from './problem.js';
import { noiseOf, Progress } from './rounding.js';
import { tooShort, zeroGradient } from './stops.js';

const ACCEPT = 0.15;

export const radiusOption = z.number().positive().default(1).describe('first radius of the region');

/** A step and what the model says of it. */
export interface ModelStep {
  /** m(0) − m(s) ≥ 0. */
  readonly predicted: number;
  /** Euclidean. */
  readonly length: number;
  /** The edge of the region held it back. */
  readonly atEdge: boolean;
  readonly note?: string;
}

/** The model of one method. */
export interface TrustModel {
  /** Takes the derivatives at a new position; a stop where it sees that there is no way down. */
  at(position: Position): Stop | undefined;
  /** step [n] ← a minimiser of the model, more or less, within the radius. */
  solve(position: Position, radius: number, step: Float64Array): ModelStep;
}

export function* trustRegion(
  problem: Problem,
  start: Float64Array,
  { radius: initialRadius, tol }: { readonly radius: number; readonly tol: number },
  model: TrustModel,
): Generator<Iterate, Stop, undefined> {
  const position = startAt(problem, start);
  const step = new Float64Array(start.length);
  const trial = new Trial(problem);
  const progress = new Progress();
  let radius = initialRadius;
  yield position;
  for (;;) {
    const end = model.at(position);
    if (end !== undefined) return end;
    for (;;) {
      const { predicted, length, atEdge, note } = model.solve(position, radius, step);
      const shortest = Number.EPSILON * Math.max(1, maxNorm(position.x));
      if (!(length > shortest)) {
        const slope = maxNorm(position.gradient);
        return slope <= tol ? zeroGradient(slope, tol) : tooShort(length, shortest);
      }
      const ratio = trial.evaluate(position, step, predicted);
      if (ratio > 0.75 && atEdge) radius = Math.max(radius, 2 * length);
      else if (!(ratio >= 0.25)) radius = length / 4;
      if (ratio > ACCEPT) {
        trial.accept(position);
        position.note = note;
        break;
      }
    }
    yield position;
    if (!progress.see(position)) {
      const promised = model.solve(position, radius, step).predicted;
      return {
        reason: 'function',
        criterion: 'fall promised by the model',
        value: promised,
        threshold: noiseOf(position.value),
      };
    }
  }
}

/** A point that is tried: value and gradient at once, since most trials are accepted. */
export class Trial {
  readonly #problem: Problem;
  #x: Float64Array;
  #gradient: Float64Array;
  #value = NaN;

  constructor(problem: Problem) {
    this.#problem = problem;
    this.#x = new Float64Array(problem.dimension);
    this.#gradient = new Float64Array(problem.dimension);
  }

  /**
   * Goes to position + step. Returns the ratio of the fall to the predicted one: 1 where both drown in rounding but the gradient
   * got smaller; −∞ outside the domain.
   */
  evaluate(position: Position, step: Float64Array, predicted: number): number {
    addScaled(position.x, 1, step, this.#x);
    this.#value = this.#problem.valueAndGradient(this.#x, this.#gradient);
    const fall = position.value - this.#value;
    const slope = norm(this.#gradient);
    if (Number.isNaN(fall) || (Number.isNaN(slope) && fall < Infinity)) return -Infinity;
    const noise = noiseOf(position.value);
    if (predicted > noise || Math.abs(fall) > noise) return fall / predicted;
    return slope < norm(position.gradient) ? 1 : -Infinity;
  }

  /** Moves the position here. */
  accept(position: Position): void {
    const { x, gradient } = position;
    position.x = this.#x;
    position.gradient = this.#gradient;
    position.value = this.#value;
    this.#x = x;
    this.#gradient = gradient;
  }
}
