import type { Graph, Node } from '../../graph/graph.js';
import type { Op } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import { layerNormGradientOp, layerNormOp } from '../../ops/layer-norm.js';
import { batchNormGradientOp, batchNormOp } from '../../ops/norm.js';
import { logSoftmaxOp, softmaxCrossEntropyOp, softmaxOp } from '../../ops/softmax.js';
import { expandComposites, simplify } from '../../transform/index.js';
import { isFloat32 } from './elementwise.js';
import { findNorms } from './fuse-norm.js';
import { rewriteForLibrary } from './rewrite.js';

const norms: ReadonlySet<Op<never>> = new Set<Op<never>>([
  batchNormOp,
  batchNormGradientOp,
  layerNormOp,
  layerNormGradientOp,
]);
const softmaxes: ReadonlySet<Op<never>> = new Set<Op<never>>([softmaxOp, logSoftmaxOp]);

/** Elements from which on softmax is worth a primitive: below, its parts join the loops around it. */
const fewElements = 16384;

function takes(op: Op, node: Node, { nodes }: Graph): boolean {
  const isNative = isFloat32(node, nodes) && sizeOf(node.shape) > 0;
  if (softmaxes.has(op)) return isNative && sizeOf(node.shape) >= fewElements;
  if (norms.has(op)) return isNative;
  // Its kernel would call back from the worker; its parts are text.
  if ((op as object) === softmaxCrossEntropyOp) return false;
  return op.elementwise !== undefined || op.kernel !== undefined;
}

/**
 * The simplified graph with every op taken apart that has neither a primitive nor a JavaScript kernel.
 * @param refused nodes of an earlier result of this function, that the library turned out to refuse
 */
export function prepareNative(source: Graph, refused: readonly Node[] = []): Graph {
  const graph = rewriteForLibrary(expandComposites(simplify(source), takes));
  const whole = new Set<number>();
  for (const { forward, gradients } of findNorms(graph)) {
    whole.add(forward);
    for (const { node } of gradients) whole.add(node);
  }
  const kept = new Set(graph.nodes.filter((_, id) => whole.has(id)));
  const isLost = (node: Node) => norms.has(node.op) && !kept.has(node);
  const lost = graph.nodes.some(isLost) || refused.length > 0;
  if (!lost) return graph;
  const isRefused = (node: Node) => refused.some((other) => sameNode(other, node));
  return expandComposites(graph, (op, node, within) =>
    within === graph ? !isLost(node) && !isRefused(node) : takes(op, node, within),
  );
}

function sameNode(a: Node, b: Node): boolean {
  return a.op === b.op && a.inputs.join() === b.inputs.join() && a.shape.join() === b.shape.join();
}
