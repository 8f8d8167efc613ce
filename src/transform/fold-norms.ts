import type { Graph } from '../graph/graph.js';
import { convOp, type ConvAttributes } from '../ops/conv.js';
import { normalizeOp } from '../ops/norm.js';
import { rebuild } from './rebuild.js';

/**
 * Takes batch norm by running statistics into the convolution before it, where nothing of either but the image changes from run to run:
 * norm(conv(x, w)) = conv(x, w·s) + (bias − mean·s), with s = scale/√(variance + ε). Split by what changes (see `splitGraph`), w·s is
 * computed once, and the norm costs no more than a bias.
 * @param changes for each input whether it changes from run to run
 * @returns the graph itself where there is no such norm
 */
export function foldNorms(graph: Graph, changes: readonly boolean[]): Graph {
  const { nodes } = graph;
  const varying = new Uint8Array(nodes.length);
  const users = new Uint32Array(nodes.length);
  graph.inputs.forEach((id, index) => {
    if (changes[index]) varying[id] = 1;
  });
  nodes.forEach(({ inputs }, id) => {
    if (inputs.some((input) => varying[input])) varying[id] = 1;
    for (const input of inputs) users[input]++;
  });
  for (const id of graph.outputs) users[id]++;
  const isFolded = (id: number): boolean => {
    const { op, inputs } = nodes[id];
    const [x, ...vectors] = inputs;
    if (op !== normalizeOp || nodes[x].op !== convOp || users[x] > 1) return false;
    return [nodes[x].inputs[1], ...vectors].every((input) => !varying[input]);
  };
  const folded = nodes.map((_, id) => isFolded(id));
  if (!folded.includes(true)) return graph;
  return rebuild(graph, ({ node, id, operands, images, builder }) => {
    if (!folded[id]) return undefined;
    const convolution = nodes[node.inputs[0]];
    const [x, w] = convolution.inputs.map((input) => images[input]);
    const [, mean, variance, scale, bias] = operands;
    const s = scale.mul(variance.add((node.attributes as { epsilon: number }).epsilon).rsqrt());
    const ones = (rank: number) => new Array<number>(rank).fill(1);
    const weights = w.mul(s.reshape([s.size, ...ones(w.shape.length - 1)]));
    const shift = bias.sub(mean.mul(s)).reshape([1, s.size, ...ones(node.shape.length - 2)]);
    return builder.apply(convOp, [x, weights], convolution.attributes as ConvAttributes).add(shift);
  });
}
