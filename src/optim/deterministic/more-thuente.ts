/**
 * The line search of Moré and Thuente (ACM TOMS 20, 1994, 286-307) for the strong Wolfe conditions
 *     φ(t) ≤ φ(0) + c₁·t·φ'(0)   and   |φ'(t)| ≤ c₂·|φ'(0)|.
 * It keeps an interval that holds such steps and cuts it by cubic and quadratic interpolation (their section 4, cases 1 to 4). Until
 * a trial has ψ(t) = φ(t) − φ(0) − c₁·t·φ'(0) ≤ 0 and φ'(t) ≥ 0 it works on ψ instead of φ (their section 3). c₁ = 1e-4 and, for
 * quasi-Newton steps, c₂ = 0.9 as in Nocedal & Wright, 2nd ed., p. 142; a step that is too short grows by 1.1 to 4 times the last
 * growth, as in MINPACK-2's dcsrch.
 *
 * Ours differs in three things: values that are not finite bound the step and are turned back from; a trial that is good by its
 * slope is taken where the decrease drowns in rounding; and where the interval is used up, the
 * lowest trial counts if it lies below the start.
 */
import { SUFFICIENT } from './backtracking.js';
import type { Line, LineSearch } from './line.js';

/** A trial with what is interpolated there: φ or ψ, and its slope. */
interface Sample {
  readonly t: number;
  readonly value: number;
  readonly slope: number;
}

/** What is known of the line: the best trial, the other end of the interval once there is one, and the end of the domain. */
interface Interval {
  best: Sample;
  other: Sample;
  bracketed: boolean;
  end: number;
}

const MOST_TRIALS = 60;

/** The search for steps with |φ'(t)| ≤ curvature·|φ'(0)|. */
export function strongWolfe(curvature: number): LineSearch {
  return (line, initial) => moreThuente(line, initial, curvature);
}

function moreThuente(line: Line, initial: number, curvature: number): boolean {
  const { value0, slope0 } = line;
  const decrease = SUFFICIENT * slope0;
  const start = { t: 0, value: value0, slope: slope0 };
  const interval: Interval = { best: start, other: start, bracketed: false, end: Infinity };
  let usesPsi = true;
  let width = Infinity;
  let widthBefore = Infinity;
  let t = initial;
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    line.evaluate(t);
    const { value, slope } = line;
    if (value === -Infinity) return true;
    if (value === Infinity) {
      interval.end = t;
      t = interval.best.t + (t - interval.best.t) / 10;
    } else {
      const bound = value0 + decrease * t;
      if (value <= bound && Math.abs(slope) <= -curvature * slope0) return true;
      if (line.isGoodBySlope(curvature)) return true;
      if (usesPsi && value <= bound && slope >= 0) usesPsi = false;
      const tilt = usesPsi && value <= interval.best.value && value > bound ? decrease : 0;
      t = advance(interval, { t, value, slope }, tilt);
      if (interval.bracketed) {
        const { best, other } = interval;
        // An interval that does not fall by a third in two steps is halved.
        if (Math.abs(other.t - best.t) >= 0.66 * widthBefore) t = best.t + (other.t - best.t) / 2;
        widthBefore = width;
        width = Math.abs(other.t - best.t);
      }
    }
    if (isUsedUp(interval)) break;
  }
  const { best } = interval;
  if (!(best.value < value0)) return false;
  line.evaluate(best.t);
  return true;
}

function isUsedUp({ best, other, bracketed, end }: Interval): boolean {
  const far = bracketed ? other.t : end;
  return far < Infinity && Math.abs(far - best.t) <= 2 * Number.EPSILON * Math.max(far, best.t);
}

/** Takes a trial into the interval and gives the next. With `tilt` c₁·φ'(0), it sees ψ in place of φ. */
function advance(interval: Interval, trial: Sample, tilt: number): number {
  const tilted = ({ t, value, slope }: Sample): Sample => ({
    t,
    value: value - tilt * t,
    slope: slope - tilt,
  });
  const [best, other, now] = [tilted(interval.best), tilted(interval.other), tilted(trial)];
  const crossed = now.slope * best.slope < 0;
  const isHigher = now.value > best.value;
  const next = nextTrial(interval, best, other, now);
  if (isHigher) interval.other = trial;
  else {
    if (crossed) interval.other = interval.best;
    interval.best = trial;
  }
  interval.bracketed ||= isHigher || crossed;
  return next;
}

/** The minimiser of the cubic through two samples with their slopes, as a fraction of the way from `a` to `b`. */
function cubicFraction(a: Sample, b: Sample): number {
  const theta = (3 * (a.value - b.value)) / (b.t - a.t) + a.slope + b.slope;
  const size = Math.max(Math.abs(theta), Math.abs(a.slope), Math.abs(b.slope));
  const root = size * Math.sqrt(Math.max(0, (theta / size) ** 2 - (a.slope / size) * (b.slope / size)));
  const gamma = b.t < a.t ? -root : root;
  return (gamma - a.slope + theta) / (gamma - a.slope + gamma + b.slope);
}

function nextTrial({ bracketed, end }: Interval, best: Sample, other: Sample, now: Sample): number {
  const away = now.t - best.t;
  const secant = now.t - (away * now.slope) / (now.slope - best.slope);
  if (now.value > best.value) {
    // Case 1: higher. A minimiser lies between; the cubic's if closer to the best, else half-way to the parabola's.
    const cubic = best.t + cubicFraction(best, now) * away;
    const parabola = best.t + (best.slope / ((best.value - now.value) / away + best.slope) / 2) * away;
    return Math.abs(cubic - best.t) < Math.abs(parabola - best.t) ? cubic : cubic + (parabola - cubic) / 2;
  }
  if (now.slope * best.slope < 0) {
    // Case 2: lower, with the slope reversed. A minimiser lies between; the farther of the cubic's and the secant's.
    const cubic = now.t - cubicFraction(now, best) * away;
    return Math.abs(cubic - now.t) > Math.abs(secant - now.t) ? cubic : secant;
  }
  // Cases 3 and 4: lower, the same way down. Unbracketed, `away` is positive and there is a longest step.
  const longest = Math.min(now.t + 4 * away, end < Infinity ? now.t + (end - now.t) / 2 : Infinity);
  if (Math.abs(now.slope) <= Math.abs(best.slope)) {
    // Case 3: the slope eases. The cubic counts where its minimum lies beyond.
    const fraction = cubicFraction(now, best);
    const isBeyond = fraction < 0;
    const cubic = now.t - fraction * away;
    if (!bracketed) {
      const farther = isBeyond ? Math.max(cubic, secant) : longest;
      return Math.min(Math.max(farther, now.t + 1.1 * away), longest);
    }
    const nearer = isBeyond && Math.abs(cubic - now.t) < Math.abs(secant - now.t) ? cubic : secant;
    const most = now.t + 0.66 * (other.t - now.t);
    return away > 0 ? Math.min(most, nearer) : Math.max(most, nearer);
  }
  // Case 4: it gets steeper.
  return bracketed ? now.t + cubicFraction(now, other) * (other.t - now.t) : longest;
}
