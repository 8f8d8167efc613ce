import type { Graph, Node } from '../graph/graph.js';
import { Builder, building, type Tensor } from '../graph/tensor.js';

/** A node that is being written again. */
export interface Rewritten {
  readonly node: Node;
  /** Its place in the graph that it is of. */
  readonly id: number;
  /** Of its operands, what they have become. */
  readonly operands: readonly Tensor[];
  /** What each earlier node has become. */
  readonly images: readonly Tensor[];
  readonly builder: Builder;
}

/**
 * The graph written again, node by node.
 * @param make what a node becomes; where it gives nothing, the same op of what the operands have become
 */
export function rebuild(graph: Graph, make: (rewritten: Rewritten) => Tensor | undefined): Graph {
  const builder = new Builder();
  return building(builder, () => {
    const images: Tensor[] = [];
    graph.nodes.forEach((node, id) => {
      const operands = node.inputs.map((input) => images[input]);
      const made = make({ node, id, operands, images, builder });
      images.push(made ?? builder.apply(node.op, operands, node.attributes));
    });
    return builder.graph(
      graph.inputs.map((id) => images[id]),
      graph.outputs.map((id) => images[id]),
    );
  });
}
