import { ScreeError } from './errors.js';
import { inputOp, isGraph, type Graph } from './graph.js';
import { sameShape, showShape } from './shape.js';

/**
 * Re-checks every node: inputs come before it, its shape and dtype are what its op's rule says, inputs and outputs exist.
 * @throws ScreeError naming the first node that is wrong.
 */
export function verify(graph: Graph): Graph {
  graph.nodes.forEach((node, id) => {
    const place = `verify: node ${id} (${node.op.name})`;
    for (const input of node.inputs) {
      if (!Number.isInteger(input) || input < 0 || input >= id) {
        throw new ScreeError(`${place} uses node ${input}, which does not come before it`);
      }
    }
    const expected = node.op.infer(
      node.inputs.map((input) => graph.nodes[input]),
      node.attributes,
    );
    if (!sameShape(expected.shape, node.shape) || expected.dtype !== node.dtype) {
      throw new ScreeError(
        `${place} says ${node.dtype}${showShape(node.shape)}, its rule gives ${expected.dtype}${showShape(expected.shape)}`,
      );
    }
    for (const value of Object.values(node.attributes)) if (isGraph(value)) verify(value);
    if (node.op === inputOp && !graph.inputs.includes(id)) {
      throw new ScreeError(`${place} is not among the graph's inputs`);
    }
  });
  for (const id of [...graph.inputs, ...graph.outputs]) {
    if (graph.nodes[id] === undefined) throw new ScreeError(`verify: node ${id} does not exist`);
  }
  for (const id of graph.inputs) {
    if (graph.nodes[id].op !== inputOp)
      throw new ScreeError(`verify: input ${id} is a ${graph.nodes[id].op.name}`);
  }
  return graph;
}
