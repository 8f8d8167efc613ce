import { isGraph, type Graph } from '../graph/graph.js';
import type { Op, TensorType } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { trace } from '../ops/index.js';
import { Generator } from '../random/index.js';
import { expandComposites, scanOp } from '../transform/index.js';
import type { Initialised, Layer } from './layer.js';

type Leaves = readonly Tensor[];

/** What a model costs. */
export interface Costs {
  /** Numbers that the optimiser moves. */
  readonly parameters: number;
  /**
   * Floating-point operations of the forward pass of one example: two for each multiply-add of matrix products and convolutions.
   * What works element by element, such as activations and norms, is not counted.
   */
  readonly forwardFlops: number;
}

/**
 * @param input shape of one example
 * @throws ScreeError when the model cannot take such examples
 * @example
 * ```ts
 * import { costs, models } from 'scree/nn';
 *
 * console.log(costs(models.lenet.build([1, 28, 28], 10), [1, 28, 28]));
 * ```
 * ```text
 * { parameters: 61706, forwardFlops: 833040 }
 * ```
 */
export function costs(model: Layer, input: Shape): Costs {
  const { parameters, forwardFlops } = costsOf(model, model.init(new Generator(0), input), {
    shape: input,
    dtype: model.takes ?? 'float32',
  });
  return { parameters, forwardFlops };
}

/** What a layer with these trees costs on an example of this type, and what it makes of it. */
export function costsOf(
  layer: Layer,
  { parameters, state }: Pick<Initialised, 'parameters' | 'state'>,
  { shape, dtype }: TensorType,
): Costs & { readonly output: TensorType } {
  const graph = trace<[Leaves, Leaves, Tensor], Tensor>(
    (leaves, own, x) =>
      layer.apply(unflattenTree(parameters, leaves), unflattenTree(state, own), x, { training: false })
        .output,
    [flattenTree(parameters), flattenTree(state), { shape: [1, ...shape], dtype }],
  );
  const output = graph.nodes[graph.outputs[0]];
  return {
    parameters: flattenTree(parameters).reduce((total, leaf) => total + sizeOf(leaf.shape), 0),
    forwardFlops: 2 * multiplyAdds(graph),
    output: { shape: output.shape.slice(1), dtype: output.dtype },
  };
}

/** A convolution or loop is counted as it stands; what else is made of products is opened. */
const isCounted = (op: Op) => op.name === 'conv' || op === scanOp || op.decompose === undefined;

/** Each number of a product's output is a sum over the inner axis, or over a kernel and its channels. */
function multiplyAdds(graph: Graph): number {
  const { nodes } = expandComposites(graph, isCounted);
  return nodes.reduce((total, { op, inputs, shape, attributes }) => {
    const { body, length } = attributes;
    if (isGraph(body)) return total + Number(length) * multiplyAdds(body);
    const terms = op.name === 'matmul' ? nodes[inputs[0]].shape.slice(-1) : nodes[inputs[1]]?.shape.slice(1);
    return op.name === 'matmul' || op.name === 'conv' ? total + sizeOf(shape) * sizeOf(terms) : total;
  }, 0);
}
