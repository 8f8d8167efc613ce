import { ScreeError } from '../graph/errors.js';
import { showShape, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { avgPool } from './pool.js';
import { concat, sliceAxis } from './slices.js';

/** Means of the `count` ranges ⌊i·n/count⌋ ≤ index < ⌈(i + 1)·n/count⌉ along an axis. */
function rangeMeans(x: Tensor, axis: number, count: number): Tensor {
  const extent = x.shape[axis];
  if (extent === count) return x;
  const means = Array.from({ length: count }, (_, place) => {
    const from = Math.floor((place * extent) / count);
    const to = Math.ceil(((place + 1) * extent) / count);
    return sliceAxis(x, axis, from, to).mean({ axes: axis, keepDims: true });
  });
  return concat(means, axis);
}

/**
 * Means over as many ranges as the result has elements along each spatial axis, as PyTorch's adaptive_avg_pool1d to 3d:
 * [batch, channels, ...spatial] gives [batch, channels, ...output].
 * @param output one extent for all spatial axes, or one for each of them.
 */
export function adaptiveAvgPool(x: Tensor, output: number | Shape): Tensor {
  const spatial = x.shape.slice(2);
  const extents = typeof output === 'number' ? spatial.map(() => output) : output;
  const valid = extents.every((extent) => Number.isInteger(extent) && extent >= 1);
  if (!valid || extents.length !== spatial.length || spatial.length < 1 || spatial.includes(0)) {
    throw new ScreeError(
      `adaptiveAvgPool: output ${JSON.stringify(output)} must be positive integers, one for each spatial axis of ${showShape(x.shape)}, none of which may be empty`,
    );
  }
  if (spatial.length <= 3 && extents.every((extent, axis) => spatial[axis] % extent === 0)) {
    return avgPool(
      x,
      extents.map((extent, axis) => spatial[axis] / extent),
    );
  }
  return extents.reduce((pooled, extent, axis) => rangeMeans(pooled, axis + 2, extent), x);
}

function spatialAxes(operation: string, x: Tensor): number[] {
  if (x.rank < 3) {
    throw new ScreeError(
      `${operation}: ${showShape(x.shape)} needs spatial axes after the batch's and the channels'`,
    );
  }
  return x.shape.map((_, axis) => axis).slice(2);
}

/** The mean over all spatial axes: [batch, channels, ...spatial] gives [batch, channels]. */
export function globalAvgPool(x: Tensor): Tensor {
  return x.mean({ axes: spatialAxes('globalAvgPool', x) });
}

/** The largest value over all spatial axes: [batch, channels, ...spatial] gives [batch, channels]. Equals share the derivative. */
export function globalMaxPool(x: Tensor): Tensor {
  return x.max({ axes: spatialAxes('globalMaxPool', x) });
}
