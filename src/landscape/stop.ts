import type { PointReport } from '../curvature/index.js';
import type { Path } from './path.js';

/** Why a walk ended. */
export type StopReason =
  | 'minimum'
  | 'maximum'
  | 'saddle'
  | 'degenerate'
  | 'gradient'
  | 'step'
  | 'function'
  | 'diverged'
  | 'unbounded'
  | 'domain'
  | 'cycle'
  | 'stepLimit'
  | 'user';

/** What is known of the point where a walk ended: the verdict of the curvature room, without what was measured. */
export type EndPoint = Pick<PointReport, 'kind' | 'singularity' | 'order' | 'wayDown' | 'evidence'>;

export interface StopReport {
  readonly reason: StopReason;
  /** What was looked at: `norm of the gradient`, `value`, … */
  readonly criterion: string;
  readonly value: number;
  readonly threshold: number;
  readonly point: EndPoint;
  /** What to try, where there is something to say. */
  readonly advice?: string;
}

export type Criterion = Pick<StopReport, 'reason' | 'criterion' | 'value' | 'threshold'> & {
  /** The row at which the walk ends. */
  readonly row: number;
};

/** A value or coordinate this many times the start's (or 1) is on its way to infinity. */
const growth = 1e12;

export function largestAllowed(start: readonly number[]): number {
  return growth * Math.max(1, ...start.map(Math.abs));
}

/** Points that must repeat before a walk counts as a cycle, and steps without any change before it counts as standing. */
const repeats = 6;
const longestPeriod = 4;
const still = 10;
const flat = 100;

export interface StopLimits {
  readonly tol: number;
  /** A value or coordinate from here on is out of numbers. */
  readonly large: number;
  /** For methods that go on where the gradient is zero. */
  readonly passesStationary: boolean;
}

/**
 * The criterion that the last row fulfils, if any: a gradient small enough, or a value or point that left the numbers. Values
 * are those of what is made small.
 */
export function lastRowStop(path: Path, { tol, large, passesStationary }: StopLimits): Criterion | undefined {
  const row = path.length - 1;
  const norm = path.gradientNorm(row);
  const flat: Found | undefined =
    tol > 0 && norm <= tol && !passesStationary
      ? { reason: 'gradient', criterion: 'norm of the gradient', value: norm, threshold: tol }
      : undefined;
  const found = outOfNumbers(path, row, large) ?? flat;
  return found && { ...found, row };
}

/** The first of the rows from `from` on at which the walk stands still or goes round in a circle. */
export function standstill(path: Path, from: number): Criterion | undefined {
  for (let row = from; row < path.length; row++) {
    const found = standsAt(path, row);
    if (found !== undefined) return { ...found, row };
  }
  return undefined;
}

/** A criterion that was met, wherever. */
export type Found = Omit<Criterion, 'row'>;

function outOfNumbers(path: Path, row: number, large: number): Found | undefined {
  const value = path.value(row);
  let reach = 0;
  for (let axis = 0; axis < path.dimension; axis++) {
    const coordinate = Math.abs(path.at(row, axis));
    reach = coordinate <= reach ? reach : coordinate;
  }
  if (Math.abs(value) < large && reach < large && !Number.isNaN(path.gradientNorm(row))) return undefined;
  const before = row === 0 ? value : path.value(row - 1);
  const wentFar = reach >= large || Math.abs(before) >= 1e-3 * large || Number.isFinite(value);
  if (Number.isNaN(value) || Number.isNaN(reach) || Number.isNaN(path.gradientNorm(row)) || !wentFar) {
    return { reason: 'domain', criterion: 'value is a number', value, threshold: large };
  }
  const better = value < path.value(0);
  const criterion = Math.abs(value) >= large ? 'size of the value' : 'size of the point';
  return {
    reason: better ? 'unbounded' : 'diverged',
    criterion,
    value: Math.max(Math.abs(value), reach),
    threshold: large,
  };
}

function standsAt(path: Path, row: number): Found | undefined {
  if (row >= still && samePoint(path, row, row - 1)) {
    let length = 1;
    while (length < still && samePoint(path, row - length, row - length - 1)) length++;
    if (length === still) {
      return { reason: 'step', criterion: `length of the last ${still} steps`, value: 0, threshold: 0 };
    }
  }
  for (let period = 2; period <= longestPeriod && row >= repeats * period; period++) {
    if (!samePoint(path, row, row - period) || samePoint(path, row, row - 1)) continue;
    let count = 1;
    while (count < repeats && samePoint(path, row - count * period, row - (count + 1) * period)) count++;
    if (count === repeats) {
      return { reason: 'cycle', criterion: 'period in steps', value: period, threshold: longestPeriod };
    }
  }
  if (row >= flat && path.value(row) === path.value(row - flat) && sameValues(path, row)) {
    return { reason: 'function', criterion: `change of the value in ${flat} steps`, value: 0, threshold: 0 };
  }
  return undefined;
}

function samePoint(path: Path, a: number, b: number): boolean {
  for (let axis = 0; axis < path.dimension; axis++) if (path.at(a, axis) !== path.at(b, axis)) return false;
  return true;
}

function sameValues(path: Path, row: number): boolean {
  for (let k = 1; k < flat; k++) if (path.value(row - k) !== path.value(row)) return false;
  return true;
}
