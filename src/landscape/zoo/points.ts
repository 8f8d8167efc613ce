import type { CriticalPoint, Point } from './surface.js';

type Extra = Partial<Pick<CriticalPoint, 'eigenvalues' | 'degenerate' | 'singularity'>>;

export function minimum(point: Point, value: number, extra: Extra = {}): CriticalPoint {
  return { point, kind: 'minimum', value, ...extra };
}

export function maximum(point: Point, value: number, extra: Extra = {}): CriticalPoint {
  return { point, kind: 'maximum', value, ...extra };
}

export function saddle(point: Point, value: number, extra: Extra = {}): CriticalPoint {
  return { point, kind: 'saddle', value, ...extra };
}

/** The same number `n` times. */
export function repeated(value: number, n: number): number[] {
  return new Array<number>(n).fill(value);
}

/** Numbers in turn until there are `n`. */
export function alternating(values: Point, n: number): number[] {
  return Array.from({ length: n }, (_, i) => values[i % values.length]);
}

/** A critical point and its mirror images in the axes. */
export function mirrored(critical: CriticalPoint): CriticalPoint[] {
  let images: Point[] = [critical.point];
  critical.point.forEach((coordinate, axis) => {
    if (coordinate !== 0) images = images.flatMap((image) => [image, image.toSpliced(axis, 1, -coordinate)]);
  });
  return images.map((point) => ({ ...critical, point }));
}

/** A point with a zero derivative of a function of one variable. */
export interface Stationary {
  readonly at: number;
  readonly value: number;
  /** The second derivative, not zero. */
  readonly curvature: number;
}

const mostCombinations = 1000;

/**
 * The critical points of a sum of functions of one variable each: all combinations of theirs, or, where these are too many, the
 * one of the lowest values.
 */
export function separable(functions: readonly (readonly Stationary[])[]): CriticalPoint[] {
  const lowest = (list: readonly Stationary[]) => [list.reduce((a, b) => (b.value < a.value ? b : a))];
  const count = functions.reduce((product, list) => product * list.length, 1);
  const lists = count <= mostCombinations ? functions : functions.map(lowest);
  const combinations = lists.reduce<Stationary[][]>(
    (all, list) => all.flatMap((one) => list.map((next) => [...one, next])),
    [[]],
  );
  return combinations.map((parts) => {
    const eigenvalues = parts.map(({ curvature }) => curvature).sort((a, b) => a - b);
    const kind =
      eigenvalues[0] > 0 ? 'minimum' : eigenvalues[eigenvalues.length - 1] < 0 ? 'maximum' : 'saddle';
    const value = parts.reduce((sum, part) => sum + part.value, 0);
    return { point: parts.map(({ at }) => at), kind, value, eigenvalues };
  });
}
