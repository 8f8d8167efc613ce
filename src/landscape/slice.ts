/** Directions through the weights of a network, and places along them. */
import type { FloatVector } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import { normal, type Generator } from '../random/index.js';

/**
 * A random direction, normalised filter by filter (Li, Xu, Taylor, Studer & Goldstein 2018, arXiv 1712.09913): each filter of it is as
 * long as the same filter of the weights, so that a step of 1 means as much in every layer, whatever their scale; parameters of one
 * axis (biases, scales of normalisation) stay as they are. A filter is what one output sees: along the first axis of a convolution's weights
 * [outputs, channels, …], along the second of a matrix [inputs, outputs].
 * @param at the weights, all in one vector
 */
export function filterNormalisedDirection(
  parameters: readonly TensorType[],
  at: FloatVector,
  generator: Generator,
): Float64Array {
  const direction = new Float64Array(at.length);
  let start = 0;
  parameters.forEach(({ shape }, leaf) => {
    const size = sizeOf(shape);
    if (shape.length > 1) {
      const { data } = normal(generator.fork(leaf), [size], { dtype: 'float64' });
      for (let i = 0; i < size; i++) direction[start + i] = data[i];
      normaliseFilters(direction.subarray(start, start + size), at.subarray(start, start + size), shape);
    }
    start += size;
  });
  return direction;
}

/** Rows of a convolution's weights, columns of a matrix. */
function normaliseFilters(direction: Float64Array, at: FloatVector, shape: readonly number[]): void {
  const isMatrix = shape.length === 2;
  const filters = isMatrix ? shape[1] : shape[0];
  const width = direction.length / filters;
  for (let filter = 0; filter < filters; filter++) {
    const first = isMatrix ? filter : filter * width;
    const stride = isMatrix ? filters : 1;
    let drawn = 0;
    let own = 0;
    for (let k = 0, i = first; k < width; k++, i += stride) {
      drawn += direction[i] ** 2;
      own += at[i] ** 2;
    }
    const factor = Math.sqrt(own) / (Math.sqrt(drawn) + 1e-10);
    for (let k = 0, i = first; k < width; k++, i += stride) direction[i] *= factor;
  }
}

/** A plane origin + a·u + b·v in the space of weights. The directions need be neither orthogonal nor of length 1. */
export interface Plane {
  readonly origin: FloatVector;
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** Writes origin + a·u + b·v. */
export function placeOn({ origin, u, v }: Plane, a: number, b: number, out: FloatVector): void {
  for (let i = 0; i < out.length; i++) out[i] = origin[i] + a * u[i] + b * v[i];
}

/** Where a point lies on a plane. */
export interface Projection {
  /** Of the closest place of the plane, by least squares. */
  readonly a: number;
  readonly b: number;
  /** How far the point is from it. */
  readonly residual: number;
  /** How far the point is from the origin. */
  readonly distance: number;
}

/**
 * The place of a plane that is closest to a point.
 * @throws ScreeError for directions that span no plane
 */
export function project({ origin, u, v }: Plane, point: ArrayLike<number>): Projection {
  let [uu, uv, vv, ud, vd, dd] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < origin.length; i++) {
    const d = point[i] - origin[i];
    uu += u[i] * u[i];
    uv += u[i] * v[i];
    vv += v[i] * v[i];
    ud += u[i] * d;
    vd += v[i] * d;
    dd += d * d;
  }
  const determinant = uu * vv - uv * uv;
  if (!(determinant > 1e-12 * uu * vv)) {
    throw new ScreeError('project: the two directions span no plane: they are parallel, or one is zero');
  }
  const a = (vv * ud - uv * vd) / determinant;
  const b = (uu * vd - uv * ud) / determinant;
  // Not dd − |a·u + b·v|², which rounding makes negative.
  let square = 0;
  for (let i = 0; i < origin.length; i++) square += (point[i] - origin[i] - a * u[i] - b * v[i]) ** 2;
  return { a, b, residual: Math.sqrt(square), distance: Math.sqrt(dd) };
}
