import type { Bounds } from '../interval/tape.js';

/** A box as a list of its sides. */
export type Sides = readonly (readonly [lo: number, hi: number])[];

export function boundsOf(sides: Sides): Bounds {
  return { lo: Float64Array.from(sides, ([lo]) => lo), hi: Float64Array.from(sides, ([, hi]) => hi) };
}

export function sidesOf({ lo, hi }: Bounds): [number, number][] {
  return Array.from(lo, (low, axis) => [low, hi[axis]]);
}

export function copyBounds({ lo, hi }: Bounds): Bounds {
  return { lo: Float64Array.from(lo), hi: Float64Array.from(hi) };
}

export function pointBounds(point: Float64Array): Bounds {
  return { lo: point, hi: point };
}

export function centreOf({ lo, hi }: Bounds): Float64Array {
  return lo.map((low, axis) => low + (hi[axis] - low) / 2);
}

export function widthOf({ lo, hi }: Bounds, axis: number): number {
  return hi[axis] - lo[axis];
}

/** Whether all of `inner` lies in `outer`, which may share its sides. */
export function isWithin(inner: Bounds, outer: Bounds): boolean {
  return inner.lo.every((low, axis) => low >= outer.lo[axis] && inner.hi[axis] <= outer.hi[axis]);
}

/** Whether two boxes have a point in common. */
export function meets(a: Bounds, b: Bounds): boolean {
  return a.lo.every((low, axis) => low <= b.hi[axis] && a.hi[axis] >= b.lo[axis]);
}

/** What two boxes have in common; undefined where that is nothing. */
export function intersection(a: Bounds, b: Bounds): Bounds | undefined {
  if (!meets(a, b)) return undefined;
  return {
    lo: a.lo.map((low, axis) => Math.max(low, b.lo[axis])),
    hi: a.hi.map((high, axis) => Math.min(high, b.hi[axis])),
  };
}

export function hull(a: Bounds, b: Bounds): Bounds {
  return {
    lo: a.lo.map((low, axis) => Math.min(low, b.lo[axis])),
    hi: a.hi.map((high, axis) => Math.max(high, b.hi[axis])),
  };
}

/**
 * Where a side is cut: beside its middle, so that points at round numbers, where so many critical points of formulas are, come to
 * lie inside of boxes.
 */
const cut = 0.4921875;

/** Both parts of a box cut across an axis. */
export function split(bounds: Bounds, axis: number): [Bounds, Bounds] {
  const at = bounds.lo[axis] + cut * widthOf(bounds, axis);
  const [first, second] = [copyBounds(bounds), copyBounds(bounds)];
  first.hi[axis] = at;
  second.lo[axis] = at;
  return [first, second];
}

/** The axis of the largest of these numbers. */
export function largestAxis(values: ArrayLike<number>): number {
  let best = 0;
  for (let axis = 1; axis < values.length; axis++) if (values[axis] > values[best]) best = axis;
  return best;
}
