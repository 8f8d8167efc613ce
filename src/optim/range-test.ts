/**
 * The learning-rate range test (Smith 2017, arXiv 1506.01186, section 3.3): train while the rate grows exponentially and look at
 * the loss. It is known to mislead: one noisy curve, smoothed by a moving average that lags far behind the rate. Here the curve
 * is smoothed symmetrically over the logarithm of the rate, several seeds must agree, and where they do not, or where the loss
 * never fell by more than its noise, the answer is that there is none.
 */
import { ScreeError } from '../graph/errors.js';

export interface RangeTestOptions {
  /** Rate of the first iteration; 1e-7 by default. */
  readonly from?: number;
  /** Rate of the last one; 10 by default. */
  readonly to?: number;
  /** Iterations of each seed; 100 by default, as in the common implementations. */
  readonly iterations?: number;
  /** Runs that must agree; 3 by default. */
  readonly seeds?: number;
  /** A run ends where its loss is this many times the best so far, or no number; 5 by default. */
  readonly divergence?: number;
}

export interface RangeCurve {
  readonly seed: number;
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  readonly smoothed: readonly number[];
}

export interface RangeTest {
  readonly curves: readonly RangeCurve[];
  /** Rates between which the loss does most of its falling, in every run. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** Why there is no interval. */
  readonly abstained?: string;
}

/** Standard deviation of the smoothing kernel, in iterations: a tenth of a decade or two at the defaults. */
const kernelWidth = 2;

/**
 * The interval leaves out the first and the last tenth of the fall: at the end of it the loss may be low from what smaller rates
 * did, and rates beyond the stable ones take some steps to show.
 */
const margin = 0.1;

function smooth(losses: readonly number[]): number[] {
  return losses.map((_, centre) => {
    let total = 0;
    let weights = 0;
    losses.forEach((loss, index) => {
      const weight = Math.exp(-0.5 * ((index - centre) / kernelWidth) ** 2);
      total += weight * loss;
      weights += weight;
    });
    return total / weights;
  });
}

/** Scatter of the losses about their smoothed curve, over the first quarter, where the rate is too small to matter. */
function noiseOf({ losses, smoothed }: RangeCurve): number {
  const count = Math.max(2, Math.floor(losses.length / 4));
  const squares = losses.slice(0, count).map((loss, index) => (loss - smoothed[index]) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (count - 1));
}

function fallOf(curve: RangeCurve): { low: number; high: number } | string {
  const { rates, smoothed } = curve;
  if (rates.length < 3)
    return `seed ${curve.seed}: the loss was no number, or had grown out of bounds, at the first rates`;
  const lowest = smoothed.indexOf(Math.min(...smoothed));
  const highest = Math.max(...smoothed.slice(0, lowest + 1));
  const fall = highest - smoothed[lowest];
  const noise = noiseOf(curve);
  if (!(fall > 3 * noise) || fall <= 1e-3 * Math.abs(highest)) {
    return `seed ${curve.seed}: the loss fell by ${fall.toPrecision(3)} at most, its noise is ${noise.toPrecision(3)}`;
  }
  const top = smoothed.indexOf(highest);
  const reached = (share: number) =>
    rates[smoothed.findIndex((loss, index) => index >= top && loss <= highest - share * fall)];
  return { low: reached(margin), high: reached(1 - margin) };
}

/**
 * Looks for learning rates at which training goes down.
 * @param start begins a run from the same initial state under a seed, and gives the function that takes one step at a rate and
 *   returns the loss before it
 * @returns an interval in which to choose, or why none can be given
 * @throws ScreeError for options out of range
 */
export async function learningRateRange(
  start: (seed: number) => (lr: number) => number | Promise<number>,
  { from = 1e-7, to = 10, iterations = 100, seeds = 3, divergence = 5 }: RangeTestOptions = {},
): Promise<RangeTest> {
  if (!(from > 0 && to > from && to < Infinity)) {
    throw new ScreeError(
      `learningRateRange: from ${from} to ${to}; both must be positive, the second larger`,
    );
  }
  if (!(
    Number.isInteger(iterations) &&
    iterations >= 10 &&
    Number.isInteger(seeds) &&
    seeds >= 1 &&
    divergence > 1
  )) {
    throw new ScreeError(
      `learningRateRange: iterations ${iterations} (at least 10), seeds ${seeds} (at least 1), divergence ${divergence} (more than 1) are out of range`,
    );
  }
  const curves: RangeCurve[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const step = start(seed);
    const rates: number[] = [];
    const losses: number[] = [];
    let best = Infinity;
    for (let k = 0; k < iterations; k++) {
      const rate = from * (to / from) ** (k / (iterations - 1));
      const loss = await step(rate);
      if (!Number.isFinite(loss) || loss > divergence * Math.max(best, Number.MIN_VALUE)) break;
      best = Math.min(best, Math.abs(loss));
      rates.push(rate);
      losses.push(loss);
    }
    curves.push({ seed, rates, losses, smoothed: smooth(losses) });
  }
  const falls = curves.map(fallOf);
  const failure = falls.find((fall) => typeof fall === 'string');
  if (failure !== undefined) return { curves, abstained: failure };
  const intervals = falls.filter((fall) => typeof fall !== 'string');
  const low = Math.max(...intervals.map((interval) => interval.low));
  const high = Math.min(...intervals.map((interval) => interval.high));
  if (low >= high) {
    return {
      curves,
      abstained: `the seeds disagree: no rate above ${low.toPrecision(3)} and below ${high.toPrecision(3)}`,
    };
  }
  return { curves, interval: { low, high } };
}
