import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { uniform } from '../ops/index.js';

/** Streams from here on are noise; a model draws from 0 on. */
const firstStream = 2 ** 20;

/**
 * Independent standard normal numbers in the tree and the shapes of `like`, by Box and Muller (1958); |z| ≤ 5.8, for the
 * uniform numbers behind them have 24 bits.
 * @param key int32 [2], another one for each step
 */
export function standardNormal(key: Tensor, like: Tree<Tensor>): Tree<Tensor> {
  return unflattenTree(
    like,
    flattenTree(like).map((leaf, index) => {
      const stream = firstStream + 2 * index;
      // 1 − u lies in (0, 1]: the logarithm is finite.
      const radius = uniform(key, leaf.shape, stream).neg().add(1).log().mul(-2).sqrt();
      const angle = uniform(key, leaf.shape, stream + 1).mul(2 * Math.PI);
      return radius.mul(angle.cos()).cast(leaf.dtype);
    }),
  );
}
