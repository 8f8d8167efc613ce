import type { FloatVector } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';

/** The loss along the line through two points. */
export interface LossLine {
  /** Places: 0 is the first point, 1 the second. */
  readonly at: readonly number[];
  readonly values: readonly number[];
  /** The Euclidean distance of the two points. */
  readonly distance: number;
  /**
   * How far the loss between the points rises above the straight line between its ends, at most (Frankle et al. 2020, arXiv
   * 1912.05671; Entezari et al. 2022); 0 where it does not: the two are linearly connected.
   */
  readonly barrier: { readonly height: number; readonly at: number };
}

export interface LineOptions {
  /** Places; both points are among them. 41 by default. */
  readonly points?: number;
  /** How far the line goes on beyond either point, as a share of their distance; 0.25 by default. */
  readonly beyond?: number;
  readonly onPoint?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * @param f the loss; also given the place, for what is to be interpolated beside the parameters
 * @throws ScreeError for points of different sizes or too few places
 */
export async function lossLine(
  f: (parameters: FloatVector, at: number) => number | Promise<number>,
  first: FloatVector,
  second: FloatVector,
  { points = 41, beyond = 0.25, onPoint, signal }: LineOptions = {},
): Promise<LossLine> {
  if (first.length !== second.length) {
    throw new ScreeError(
      `lossLine: points of ${first.length} and ${second.length} parameters have no line between them; take two runs of one model`,
    );
  }
  const outside = Math.max(0, Math.round((beyond / (1 + 2 * beyond)) * (points - 1)));
  const inside = points - 1 - 2 * outside;
  if (!Number.isInteger(points) || inside < 2) {
    throw new ScreeError(`lossLine: ${points} places are too few; take at least 3 between the points`);
  }
  const at = Array.from({ length: points }, (_, k) => (k - outside) / inside);
  const values: number[] = [];
  const place = first.slice();
  for (const t of at) {
    if (signal?.aborted) throw new ScreeError('lossLine: interrupted');
    // The ends are the points themselves, not their rounding.
    for (let i = 0; i < place.length; i++) {
      place[i] = t === 0 ? first[i] : t === 1 ? second[i] : (1 - t) * first[i] + t * second[i];
    }
    values.push(await f(place, t));
    onPoint?.(values.length, points);
  }
  let square = 0;
  for (let i = 0; i < first.length; i++) square += (second[i] - first[i]) ** 2;
  return { at, values, distance: Math.sqrt(square), barrier: barrierOf(at, values) };
}

function barrierOf(at: readonly number[], values: readonly number[]): { height: number; at: number } {
  const start = values[at.indexOf(0)];
  const end = values[at.indexOf(1)];
  let best = { height: 0, at: 0 };
  at.forEach((t, k) => {
    const height = values[k] - ((1 - t) * start + t * end);
    if (t > 0 && t < 1 && height > best.height) best = { height, at: t };
  });
  return best;
}
