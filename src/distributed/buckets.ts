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
  /** The bucket of each tensor. */
  readonly bucketOf: readonly number[];
}

/**
 * Room for a gradient, tensors one behind the other within a bucket.
 * @param bytes a bucket is full when it holds so many; a larger tensor has one of its own. 25 MiB is PyTorch's default
 */
export function bucketGradient(
  workspace: Workspace,
  shapes: readonly Shape[],
  bytes = 25 * 2 ** 20,
): BucketedGradient {
  const groups: number[][] = [];
  let filled = Infinity;
  for (let tensor = shapes.length - 1; tensor >= 0; tensor--) {
    const size = 4 * sizeOf(shapes[tensor]);
    if (filled + size > bytes) {
      groups.push([]);
      filled = 0;
    }
    groups[groups.length - 1].push(tensor);
    filled += size;
  }
  const gradients = new Array<NDArray>(shapes.length);
  const bucketOf = new Array<number>(shapes.length);
  const buckets = groups.map((tensors, bucket): Bucket => {
    const values = workspace.allocateValues(tensors.reduce((sum, tensor) => sum + sizeOf(shapes[tensor]), 0));
    let { offset } = values;
    for (const tensor of tensors) {
      const length = sizeOf(shapes[tensor]);
      gradients[tensor] = { data: workspace.floats({ offset, length }), shape: [length], dtype: 'float32' };
      bucketOf[tensor] = bucket;
      offset += 4 * length;
    }
    return { values, shapes: tensors.map((tensor) => shapes[tensor]) };
  });
  return { buckets, gradients, bucketOf };
}
