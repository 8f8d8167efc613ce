import type { FloatVector } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Grid } from './contour.js';
import { placeOn, type Plane } from './slice.js';

type Range = readonly [low: number, high: number];

export interface PlaneOptions {
  /** Of a, along u; −1 to 1 by default. */
  readonly x?: Range;
  /** Of b, along v; −1 to 1 by default. */
  readonly y?: Range;
  /** Values along each side; 51 by default. */
  readonly size?: number;
  readonly onPoint?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The loss over a plane of weights, on a grid.
 * @param f the loss
 * @throws ScreeError for an empty range or fewer than 2 values along a side
 */
export async function lossPlane(
  f: (parameters: FloatVector) => number | Promise<number>,
  plane: Plane,
  { x = [-1, 1], y = [-1, 1], size = 51, onPoint, signal }: PlaneOptions = {},
): Promise<Grid> {
  if (!Number.isInteger(size) || size < 2) {
    throw new ScreeError(`lossPlane: ${size} values along a side are no grid; take at least 2`);
  }
  for (const [low, high] of [x, y]) {
    if (!(low < high && Number.isFinite(high - low))) {
      throw new ScreeError(`lossPlane: the range ${low} to ${high} is empty; give the lower end first`);
    }
  }
  const values = new Float64Array(size * size);
  const place = plane.origin.slice();
  for (let row = 0; row < size; row++) {
    const b = y[0] + ((y[1] - y[0]) * row) / (size - 1);
    for (let column = 0; column < size; column++) {
      if (signal?.aborted) throw new ScreeError('lossPlane: interrupted');
      const a = x[0] + ((x[1] - x[0]) * column) / (size - 1);
      placeOn(plane, a, b, place);
      values[row * size + column] = await f(place);
      onPoint?.(row * size + column + 1, size * size);
    }
  }
  return { columns: size, rows: size, x, y, values };
}
