import { ScreeError } from '../graph/errors.js';
import { inputOp, type Graph, type Node } from '../graph/graph.js';
import type { Op } from '../graph/op.js';
import { rebuild } from './rebuild.js';
import { simplify } from './simplify.js';

/** Whether a target takes an op as it is, perhaps only for some shapes and element types. */
export type Takes = (op: Op, node: Node, graph: Graph) => boolean;

/**
 * The graph with every op that a target does not take replaced by its decomposition, as often as needed.
 * @throws ScreeError naming an op that has none.
 */
export function expandComposites(graph: Graph, takes: Takes): Graph {
  let current = graph;
  while (current.nodes.some((node) => !isLeaf(node.op) && !takes(node.op, node, current)))
    current = simplify(expandOnce(current, takes));
  return current;
}

function isLeaf(op: Op): boolean {
  return op === inputOp || op.name === 'constant';
}

function expandOnce(graph: Graph, takes: Takes): Graph {
  return rebuild(graph, ({ node, operands }) => {
    const { op, attributes } = node;
    if (isLeaf(op) || takes(op, node, graph)) return undefined;
    if (op.decompose !== undefined) return op.decompose(operands, attributes);
    throw new ScreeError(`${op.name}: this target has neither the op nor a decomposition of it`);
  });
}
