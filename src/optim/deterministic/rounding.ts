import { maxNorm } from '../../linalg/index.js';
import type { Iterate } from './method.js';

/**
 * How far two values of a function may differ by rounding alone. Sums of squares whose terms cancel lose six of the sixteen
 * digits without being ill-posed (Meyer's problem in the set of Moré, Garbow and Hillstrom does); Hager & Zhang allow ten
 * (ε = 1e-6). A smaller change says nothing about whether a step went down: the gradient must tell.
 */
export function noiseOf(value: number): number {
  return 1e-10 * Math.abs(value);
}

/** Steps without progress that end a walk: records among random numbers get rare, real ones do not. */
const PATIENCE = 20;

/** Tells a walk that goes on from one that stirs in rounding: neither a lower value nor the smallest gradient since it stopped falling. */
export class Progress {
  #lowest = Number.MAX_VALUE;
  #flattest = Infinity;
  #idle = 0;

  /** Takes note of a point; false after too many without progress. */
  see({ value, gradient }: Iterate): boolean {
    const isLower = value < this.#lowest - noiseOf(this.#lowest);
    this.#lowest = Math.min(this.#lowest, value);
    this.#idle++;
    if (isLower) this.#idle = 0;
    else {
      const steepness = maxNorm(gradient);
      if (steepness < this.#flattest) this.#idle = 0;
      this.#flattest = Math.min(this.#flattest, steepness);
    }
    return this.#idle < PATIENCE;
  }
}
