/**
 * The function along a ray, for line searches: φ(t) = f(x + t·d). The last trial's point and gradient are kept, so that an
 * accepted one needs no further evaluation.
 */
import { addScaled, dot } from '../../linalg/index.js';
import type { Position } from './method.js';
import type { Problem } from './problem.js';
import { noiseOf } from './rounding.js';

export class Line {
  /** Length t of the last trial. */
  step = 0;
  /** φ(t), infinite where f is not a number there: a search must turn back from the end of the domain as from a wall. */
  value = 0;
  /** φ'(t). */
  slope = 0;
  /** φ(0) and φ'(0). */
  value0 = 0;
  slope0 = 0;
  /** Trials since `from`. */
  trials = 0;
  readonly #problem: Problem;
  #x: Float64Array;
  #direction: Float64Array;
  #point: Float64Array;
  #gradient: Float64Array;

  constructor(problem: Problem) {
    this.#problem = problem;
    this.#x = this.#direction = new Float64Array(0);
    this.#point = new Float64Array(problem.dimension);
    this.#gradient = new Float64Array(problem.dimension);
  }

  /** Looks along `direction` from a position, neither of which is copied. */
  from({ x, value, gradient }: Position, direction: Float64Array): void {
    this.#x = x;
    this.#direction = direction;
    this.value0 = this.value = value;
    this.slope0 = this.slope = dot(gradient, direction);
    this.step = 0;
    this.trials = 0;
  }

  evaluate(step: number): void {
    this.step = step;
    this.trials++;
    addScaled(this.#x, step, this.#direction, this.#point);
    const value = this.#problem.valueAndGradient(this.#point, this.#gradient);
    this.slope = dot(this.#gradient, this.#direction);
    this.value = Number.isNaN(value) || (Number.isNaN(this.slope) && value !== -Infinity) ? Infinity : value;
  }

  /** Moves the position to the last trial. The arrays change places. */
  accept(position: Position): void {
    const { x, gradient } = position;
    position.x = this.#point;
    position.gradient = this.#gradient;
    position.value = this.value;
    this.#point = x;
    this.#gradient = gradient;
  }

  /** Gradient of the last trial. */
  get gradient(): Float64Array {
    return this.#gradient;
  }

  /**
   * Whether the last trial's value equals φ(0) but for rounding and its slope is flat: near a minimum the value falls by less than
   * it is rounded to, and only the slope still tells a good step (Hager & Zhang, SIAM J. Optim. 16, 2005, section 4).
   */
  isGoodBySlope(curvature: number): boolean {
    return (
      Math.abs(this.value - this.value0) <= noiseOf(this.value0) &&
      Math.abs(this.slope) <= -curvature * this.slope0
    );
  }
}

/**
 * A search for a step along a line: true when the line's last trial is to be accepted. Needs φ'(0) < 0.
 * @param initial the first trial, > 0.
 */
export type LineSearch = (line: Line, initial: number) => boolean;
