import { isGraph, type Graph } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { expandComposites, scanOp, simplify } from '../../transform/index.js';
import { loopWithKernel } from './scan.js';

/** The simplified graph with every op that JavaScript has no kernel for taken apart. */
export function prepare(graph: Graph): Graph {
  const expanded = expandComposites(simplify(graph), isTaken);
  const nodes = expanded.nodes.map((node) => {
    const { body } = node.attributes;
    return node.op === scanOp && isGraph(body) ? { ...node, op: loopWithKernel(prepare(body)) } : node;
  });
  return { ...expanded, nodes };
}

/** Bodies of loops are prepared with them. */
function isTaken(op: Op): boolean {
  return op.elementwise !== undefined || op.kernel !== undefined || op === scanOp;
}
