import type { NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Workspace } from './codec/workspace.js';
import type { Bucket } from './exchange/exchange.js';

/** A gradient cut into buckets. */
export interface BucketedGradient {
  /** In the order in which a backward pass completes them: those of the last tensors first. */
  readonly buckets: readonly Bucket[];
  /** The gradient of each tensor, in the order of the shapes: views, float32, flat. */
  readonly gradients: readonly NDArray[];
  /** The tensors of each bucket. */
  readonly members: readonly (readonly number[])[];
}

/** The first bucket is small, so that the link has work early, and none is smaller but the last: PyTorch's size of the first. */
const leastBytes = 2 ** 20;

/**
 * Room for a gradient, tensors one behind the other within a bucket. No bucket holds more than half of what is left, so that little
 * remains to be sent once the last gradient is there.
 * @param bytes a bucket is full when it holds so many; a larger tensor has one of its own. 25 MiB is PyTorch's default
 */
export function bucketGradient(
  workspace: Workspace,
  shapes: readonly Shape[],
  bytes = 25 * 2 ** 20,
): BucketedGradient {
  const members: number[][] = [];
  const least = Math.min(bytes, leastBytes);
  let left = shapes.reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);
  let filled = Infinity;
  let most = 0;
  for (let tensor = shapes.length - 1; tensor >= 0; tensor--) {
    const size = 4 * sizeOf(shapes[tensor]);
    // Where a bucket is nearly empty, a large tensor joins it rather than to leave it a message of its own.
    if (filled + size > most && filled >= least / 64) {
      most = members.length === 0 ? least : Math.max(least, Math.min(bytes, left / 2));
      members.push([]);
      filled = 0;
    }
    members[members.length - 1].push(tensor);
    filled += size;
    left -= size;
  }
  const gradients = new Array<NDArray>(shapes.length);
  const buckets = members.map((tensors): Bucket => {
    const values = workspace.allocateValues(tensors.reduce((sum, tensor) => sum + sizeOf(shapes[tensor]), 0));
    let { offset } = values;
    for (const tensor of tensors) {
      const length = sizeOf(shapes[tensor]);
      gradients[tensor] = { data: workspace.floats({ offset, length }), shape: [length], dtype: 'float32' };
      offset += 4 * length;
    }
    return { values, shapes: tensors.map((tensor) => shapes[tensor]) };
  });
  return { buckets, gradients, members };
}
