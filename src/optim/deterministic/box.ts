import { ScreeError } from '../../graph/errors.js';
import type { Generator as Random } from '../../random/generator.js';
import type { Box } from './method.js';

/**
 * The box that was given, or the one that reaches `reach` from the start along every axis.
 * @throws ScreeError for a box that has not n finite sides.
 */
export function boxAround(
  method: string,
  start: Float64Array,
  reach: number,
  given: Box | undefined,
): { readonly lower: Float64Array; readonly upper: Float64Array } {
  const lower = given === undefined ? start.map((x) => x - reach) : Float64Array.from(given.lower);
  const upper = given === undefined ? start.map((x) => x + reach) : Float64Array.from(given.upper);
  const isBox =
    lower.length === start.length &&
    upper.length === start.length &&
    lower.every((low, i) => Number.isFinite(upper[i] - low) && low < upper[i]);
  if (!isBox) {
    const sides = Array.from(lower, (low, i) => `${low} to ${upper[i]}`).join(', ');
    throw new ScreeError(
      `${method}: the box ${sides} must have ${start.length} finite sides, the lower end first`,
    );
  }
  return { lower, upper };
}

/** out ← a point of the box, every one as likely. */
export function drawPoint(
  generator: Random,
  { lower, upper }: { readonly lower: Float64Array; readonly upper: Float64Array },
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = lower[i] + generator.uniform() * (upper[i] - lower[i]);
}
