/**
 * The way down from a network's weights along a direction: f(θ ± t·v) for step lengths t that double or halve until the loss
 * falls no further. Along an eigenvector of negative curvature the quadratic model has no minimum, and the length that pays is
 * found by looking.
 */
import { ScreeError } from '../graph/errors.js';
import { lengthOf } from './krylov-basis.js';
import { emptyVector, type BatchedLoss, type FloatVector, type LossFunction } from './network.js';

export interface LineEscape {
  /** Length of the step, with the sign of the direction that was taken. */
  readonly step: number;
  /** The loss there. */
  readonly value: number;
  /** How much lower that is than at the start; 0 where no step was found. */
  readonly decrease: number;
  /** The losses that were looked at. */
  readonly tried: readonly { readonly step: number; readonly value: number }[];
  /** The weights there. */
  readonly parameters: FloatVector;
}

export interface EscapeOptions {
  /** The loss at the start, where it is known. */
  readonly value?: number;
  /** The first length tried; 1 % of the weights' length by default. */
  readonly firstStep?: number;
  /** Whether −v is tried too; true by default. */
  readonly bothWays?: boolean;
  /** Evaluations at most, 40 by default. */
  readonly maxEvaluations?: number;
}

/** out ← at + step·direction. */
function moved(at: FloatVector, step: number, direction: Float64Array, out: FloatVector): void {
  for (let i = 0; i < out.length; i++) out[i] = at[i] + step * direction[i];
}

/**
 * @param direction a unit vector
 * @throws ScreeError for a direction that is none
 */
export async function escapeAlong(
  loss: BatchedLoss,
  f: LossFunction,
  at: FloatVector,
  direction: Float64Array,
  { value: known, firstStep, bothWays = true, maxEvaluations = 40 }: EscapeOptions = {},
): Promise<LineEscape> {
  if (direction.length !== at.length || !(Math.abs(lengthOf(direction) - 1) < 1e-3)) {
    throw new ScreeError(
      'escapeAlong: the direction must be a unit vector of as many numbers as there are parameters',
    );
  }
  const start = known ?? (await f.value(at));
  const parameters = emptyVector(loss);
  const tried: { step: number; value: number }[] = [];
  const look = async (step: number): Promise<number> => {
    moved(at, step, direction, parameters);
    const value = await f.value(parameters);
    tried.push({ step, value });
    return value;
  };
  const first = firstStep ?? (0.01 * lengthOf(Float64Array.from(at)) || 0.01);
  let best = { step: 0, value: start };
  // A float32 loss tells differences of a few units in its last place only.
  const noise = 1e-6 * Math.abs(start);
  for (const sign of bothWays ? [1, -1] : [1]) {
    let size = first;
    let value = await look(sign * size);
    while (!(value < start - noise) && size > first * 1e-4 && tried.length < maxEvaluations) {
      size /= 4;
      value = await look(sign * size);
    }
    while (value < start - noise && tried.length < maxEvaluations) {
      if (value < best.value) best = { step: sign * size, value };
      const next = await look(sign * size * 2);
      if (!(next < value)) break;
      size *= 2;
      value = next;
      best = value < best.value ? { step: sign * size, value } : best;
    }
  }
  moved(at, best.step, direction, parameters);
  return { step: best.step, value: best.value, decrease: start - best.value, tried, parameters };
}
