import { currentBuilder, type Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { resultLeaves, type Traceable } from '../ops/trace.js';
import { applyCheckpoint } from './checkpoint-op.js';

/**
 * The same function, whose gradient does not keep what lies between its arguments and its results but computes that again when it is
 * needed (as jax.checkpoint; Chen et al. 2016, arXiv 1604.06174): less memory for about one more evaluation. Numbers do not change. What
 * the function makes of captured tensors alone is computed once and kept.
 * @example
 * ```ts
 * import { checkpoint, compile, float64, grad, type Tensor } from 'scree';
 *
 * const wave = checkpoint((x: Tensor) => x.sin().add(1).square());
 * const slope = grad((x: Tensor) => wave(wave(x)));
 * console.log(compile(slope, [float64()]).run(0).data[0].toFixed(6));
 * ```
 * ```text
 * 3.979804
 * ```
 */
export function checkpoint<A extends readonly Tree<Tensor>[], R extends Tree<Tensor>>(
  f: Traceable<A, R>,
): (...args: A) => R {
  return (...args) => {
    const leaves = flattenTree<Tensor>(args);
    if (leaves.length === 0) return f(...args);
    const kept: R[] = [];
    const results = applyCheckpoint(currentBuilder('checkpoint'), leaves, (parameters) => {
      const result = f(...(unflattenTree<Tensor, Tensor>(args, parameters) as A));
      kept.push(result);
      return resultLeaves('checkpoint', result);
    });
    return unflattenTree<Tensor, Tensor>(kept[0], results) as R;
  };
}
