import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { float32, trace } from '../ops/index.js';

/**
 * The shape of one example after `apply`, by the shape rules of the ops in it.
 * @param others shapes of further arguments, such as weights
 */
export function outputShape(
  apply: (x: Tensor, ...others: readonly Tensor[]) => Tensor,
  input: Shape,
  ...others: readonly Shape[]
): Shape {
  const types = [input, ...others].map((shape, index) => float32(...(index === 0 ? [1, ...shape] : shape)));
  const graph = trace<[readonly Tensor[]], Tensor>(([x, ...rest]) => apply(x, ...rest), [types]);
  return graph.nodes[graph.outputs[0]].shape.slice(1);
}
