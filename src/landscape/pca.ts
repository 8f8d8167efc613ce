import type { FloatVector } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import { eigenvector, symmetricEigen } from '../linalg/index.js';
import { project, type Plane, type Projection } from './slice.js';

/** The plane that a path of weights lies closest to. */
export interface TrajectoryPlane {
  /** Through the last point, with orthonormal directions: the first carries most. */
  readonly plane: Plane;
  /** The shares of the sum of squared distances from the last point that lie along either direction. */
  readonly explained: readonly [number, number];
  /** Where each point lies on the plane, and how far from it. */
  readonly places: readonly Projection[];
}

/**
 * The plane through the last of some points that the others lie closest to, by least squares: the singular value decomposition
 * of their differences from it, not centred, so that the plane passes through it (a centred one would pass through the mean, and
 * through none of the points).
 * @throws ScreeError for fewer than three points, or where all lie on a line
 */
export function trajectoryPlane(points: readonly FloatVector[]): TrajectoryPlane {
  const last = points[points.length - 1];
  const others = points.slice(0, -1);
  const count = others.length;
  if (count < 2) {
    throw new ScreeError(`trajectoryPlane: ${points.length} points span no plane; give at least three`);
  }
  const differences = others.map((point) => Float64Array.from(point, (x, i) => x - last[i]));
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < last.length; k++) sum += differences[i][k] * differences[j][k];
      gram[i * count + j] = gram[j * count + i] = sum;
    }
  }
  const eigen = symmetricEigen(gram, count);
  const total = eigen.values.reduce((sum, value) => sum + value, 0);
  // The Gram matrix knows squares to ε of the largest.
  if (!(eigen.values[count - 2] > 1e-12 * total)) {
    throw new ScreeError('trajectoryPlane: all points lie on one line; there is no plane to choose');
  }
  const directions = [count - 1, count - 2].map((index) => {
    const direction = new Float64Array(last.length);
    eigenvector(eigen, index).forEach((weight, i) => {
      const difference = differences[i];
      for (let k = 0; k < direction.length; k++) direction[k] += weight * difference[k];
    });
    const length = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0));
    return direction.map((x) => x / length);
  });
  const plane = { origin: last, u: directions[0], v: directions[1] };
  return {
    plane,
    explained: [eigen.values[count - 1] / total, eigen.values[count - 2] / total],
    places: points.map((point) => project(plane, point)),
  };
}

/** The range of places with a margin on either side, for a grid around them. */
export function rangeAround(values: readonly number[], margin = 0.25): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const space = margin * (high - low) || 1;
  return [low - space, high + space];
}
