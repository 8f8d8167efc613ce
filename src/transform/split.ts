import { constantOp, inputOp, pruneGraph, type Graph, type Node } from '../graph/graph.js';
import { broadcastToOp, reshapeOp, transposeOp } from '../ops/shape-ops.js';
import { simplify } from './simplify.js';

/** A program in two: what can be computed once, and what is left to do for every new value of the inputs that change. */
export interface SplitGraph {
  /** From the inputs that stay to what `apply` needs of them. */
  readonly prepare: Graph;
  /** From the inputs that change, the inputs that stay and `prepare`'s outputs, in this order, to the outputs. */
  readonly apply: Graph;
}

/** Ops that move or repeat numbers: quicker to do again than to keep their results. */
const movers: ReadonlySet<object> = new Set([reshapeOp, transposeOp, broadcastToOp]);

/**
 * Splits a graph by which inputs change from run to run: a derivative along many directions at one point computes what depends
 * on the point alone once (JAX's `linearize`). Running `prepare`, then `apply`, is running the graph.
 * @param changes for each input whether it changes
 */
export function splitGraph(source: Graph, changes: readonly boolean[]): SplitGraph {
  const graph = simplify(source);
  const { nodes } = graph;
  const varying = new Uint8Array(nodes.length);
  graph.inputs.forEach((id, index) => {
    if (changes[index]) varying[id] = 1;
  });
  nodes.forEach((node, id) => {
    if (node.inputs.some((input) => varying[input])) varying[id] = 1;
  });
  // What `apply` does itself: all that varies or is an output, and on the way to it what only moves numbers.
  const applied = Uint8Array.from(varying);
  for (const id of graph.outputs) applied[id] = 1;
  const kept: number[] = [];
  const isKept = new Uint8Array(nodes.length);
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!applied[id]) continue;
    for (const input of nodes[id].inputs) {
      const { op } = nodes[input];
      if (varying[input] || isKept[input]) continue;
      if (op === inputOp || op === constantOp || movers.has(op)) applied[input] = 1;
      else {
        isKept[input] = 1;
        kept.push(input);
      }
    }
  }
  // An output that does not vary is computed by `apply` from values that are kept.
  const fixed = graph.inputs.filter((_, index) => !changes[index]);
  const moving = graph.inputs.filter((_, index) => changes[index]);
  const prepare = pruneGraph({ nodes, inputs: fixed, outputs: kept });
  const asInput = ({ shape, dtype }: Node): Node => ({
    op: inputOp,
    inputs: [],
    attributes: { shape, dtype },
    shape,
    dtype,
  });
  const apply = pruneGraph({
    nodes: nodes.map((node, id) => (isKept[id] ? asInput(node) : node)),
    inputs: [...moving, ...fixed, ...kept],
    outputs: graph.outputs,
  });
  return { prepare, apply };
}
