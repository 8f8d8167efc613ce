/**
 * The line search of CG_DESCENT (Hager & Zhang, SIAM J. Optim. 16, 2005, 170-192; Algorithm 851, ACM TOMS 32, 2006, 113-137): an interval
 * [a, b] with φ(a) ≤ φ(0) + ε, φ'(a) < 0 ≤ φ'(b) is shrunk by secant steps from both ends (secant², S1 to S4) and by bisection where that
 * is slow, until a trial meets the Wolfe conditions (δ = 0.1, σ = 0.9) or their approximate form, which needs slopes alone and
 * so reaches the accuracy that values cannot show. Their defaults: θ = 0.5, γ = 0.66, ρ = 5, ε = 1e-6·|φ(0)|.
 *
 * Ours differs in turning back from values that are not finite.
 */
import type { Line } from './line.js';

const DECREASE = 0.1;
const CURVATURE = 0.9;
const BISECTION = 0.5;
const SHRINKAGE = 0.66;
const EXPANSION = 5;
const NOISE = 1e-6;
const MOST_TRIALS = 60;

/** A trial's step and slope, and whether its value is at most φ(0) + ε. */
interface End {
  readonly t: number;
  readonly slope: number;
  readonly isLow: boolean;
}

/** One search: it is over as soon as a trial is good, or too many were not. */
class Search {
  found = false;
  readonly #line: Line;
  readonly #noise: number;

  constructor(line: Line) {
    this.#line = line;
    this.#noise = NOISE * Math.abs(line.value0);
  }

  get isOver(): boolean {
    return this.found || this.#line.trials >= MOST_TRIALS;
  }

  try(t: number): End {
    const line = this.#line;
    line.evaluate(t);
    const { value, slope, value0, slope0 } = line;
    const isLow = value <= value0 + this.#noise;
    const isFlat = slope >= CURVATURE * slope0;
    const isWolfe = isFlat && value <= value0 + DECREASE * t * slope0;
    // (2δ − 1)·φ'(0) ≥ φ'(t) stands for the decrease that a parabola of these slopes would have.
    const isApproximateWolfe = isFlat && isLow && slope <= (2 * DECREASE - 1) * slope0;
    this.found = value < Infinity && (value === -Infinity || isWolfe || isApproximateWolfe);
    return { t, slope: value < Infinity ? slope : Infinity, isLow };
  }
}

/** See the head of this file. */
export function hagerZhang(line: Line, initial: number): boolean {
  const search = new Search(line);
  let [a, b] = bracket(search, { t: 0, slope: line.slope0, isLow: true }, initial);
  while (!search.isOver && b.t - a.t > Number.EPSILON * b.t) {
    const width = b.t - a.t;
    [a, b] = secantSquared(search, a, b);
    if (!search.isOver && b.t - a.t > SHRINKAGE * width) {
      [a, b] = update(search, a, b, search.try((a.t + b.t) / 2));
    }
  }
  if (search.found || !(a.t > 0)) return search.found;
  // Too many trials, as on a straight way down: what is lowest counts.
  line.evaluate(a.t);
  return line.value < line.value0;
}

/** Their bracket(c), B0 to B3. */
function bracket(search: Search, start: End, initial: number): [End, End] {
  let lowest = start;
  let c = search.try(initial);
  // Outside the domain nothing can be compared: come back to it first.
  while (!search.isOver && !Number.isFinite(c.slope)) c = search.try(c.t / 10);
  while (!search.isOver) {
    if (c.slope >= 0) return [lowest, c];
    if (!c.isLow) return narrow(search, start, c);
    lowest = c;
    const next = search.try(EXPANSION * c.t);
    // A wall: what lies before it counts as uphill there.
    if (!search.isOver && !Number.isFinite(next.slope)) return narrow(search, lowest, next);
    c = next;
  }
  return [lowest, c];
}

/** Their update(a, b, c), U0 to U3. */
function update(search: Search, a: End, b: End, c: End): [End, End] {
  if (search.isOver || !(c.t > a.t && c.t < b.t)) return [a, b];
  if (Number.isFinite(c.slope)) {
    if (c.slope >= 0) return [a, c];
    if (c.isLow) return [c, b];
  }
  return narrow(search, a, c);
}

/** U3: between `a` and a point that is too high though it goes down there, by bisection. */
function narrow(search: Search, a: End, b: End): [End, End] {
  let [low, high] = [a, b];
  while (!search.isOver && high.t - low.t > Number.EPSILON * high.t) {
    const d = search.try((1 - BISECTION) * low.t + BISECTION * high.t);
    if (search.isOver) break;
    if (Number.isFinite(d.slope) && d.slope >= 0) return [low, d];
    if (Number.isFinite(d.slope) && d.isLow) low = d;
    else high = d;
  }
  return [low, high];
}

function secant(a: End, b: End): number {
  return (a.t * b.slope - b.t * a.slope) / (b.slope - a.slope);
}

/** Their secant²(a, b), S1 to S4. */
function secantSquared(search: Search, a: End, b: End): [End, End] {
  const c = secant(a, b);
  // A wall has no slope, and a secant may round to an end.
  if (!(c > a.t && c < b.t)) return [a, b];
  const trial = search.try(c);
  if (search.isOver) return [a, b];
  const [left, right] = update(search, a, b, trial);
  let again = NaN;
  if (trial === right) again = secant(b, right);
  else if (trial === left) again = secant(a, left);
  if (search.isOver || !(again > left.t && again < right.t)) return [left, right];
  return update(search, left, right, search.try(again));
}
