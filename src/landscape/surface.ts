import type { Tensor } from '../graph/tensor.js';

/** What is walked on: a scalar function of a vector. A Formula is one. */
export interface Surface {
  /** Names of the vector's numbers; their count is its length. */
  readonly variables: readonly string[];
  evaluate(this: void, x: Tensor): Tensor;
}
