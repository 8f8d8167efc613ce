/**
 * Putting together what was found for the parts of a sum f(x, y) = g(x) + h(y): its critical points are all pairs of theirs, its
 * least value the sum of theirs, and where one is not smooth, the whole is not, whatever the other variables are.
 */
import type { Bounds } from '../interval/tape.js';
import type { Inertia } from './inertia.js';
import type { Singularity } from './settle.js';

/** A critical point, or boxes that may hold some, of a function of some of the variables. */
export interface PartPoint {
  readonly point: Float64Array;
  readonly enclosure: Bounds;
  readonly value: number;
  /** The signs of the Hessian's eigenvalues over the enclosure; undefined where nothing is proven. */
  readonly inertia: Inertia | undefined;
}

/** What was found for a part. */
export interface PartResult {
  /** Which of the whole function's variables are its own. */
  readonly variables: readonly number[];
  readonly points: readonly PartPoint[];
  readonly singular: readonly Singularity[];
}

function place(whole: Float64Array, part: Float64Array, variables: readonly number[]): Float64Array {
  const placed = Float64Array.from(whole);
  variables.forEach((axis, index) => {
    placed[axis] = part[index];
  });
  return placed;
}

function placeBounds(whole: Bounds, part: Bounds, variables: readonly number[]): Bounds {
  return { lo: place(whole.lo, part.lo, variables), hi: place(whole.hi, part.hi, variables) };
}

/** How many points all parts make together. */
export function countPoints(parts: readonly PartResult[]): number {
  return parts.reduce((product, { points }) => product * points.length, 1);
}

/**
 * All points of the whole, one of each part; the `most` lowest of them where there are more. What is not among the lowest of some parts
 * cannot be so with a further one.
 */
export function combinePoints(parts: readonly PartResult[], whole: Bounds, most: number): PartPoint[] {
  const none: PartPoint = {
    point: Float64Array.from(whole.lo),
    enclosure: whole,
    value: 0,
    inertia: { positive: 0, negative: 0 },
  };
  return parts.reduce<PartPoint[]>(
    (all, { variables, points }) => {
      const together = all.flatMap((before) =>
        points.map((next) => ({
          point: place(before.point, next.point, variables),
          enclosure: placeBounds(before.enclosure, next.enclosure, variables),
          value: before.value + next.value,
          inertia: before.inertia &&
            next.inertia && {
              positive: before.inertia.positive + next.inertia.positive,
              negative: before.inertia.negative + next.inertia.negative,
            },
        })),
      );
      return together.sort((a, b) => a.value - b.value).slice(0, most);
    },
    [none],
  );
}

/** Where the whole is not smooth. */
export function combineSingular(parts: readonly PartResult[], whole: Bounds): Singularity[] {
  return parts.flatMap(({ variables, singular }) =>
    singular.map(({ bounds, kind, parts: boxes }) => ({
      kind,
      bounds: placeBounds(whole, bounds, variables),
      parts: boxes.map((box) => placeBounds(whole, box, variables)),
    })),
  );
}
