import { bytesPerElement } from '../graph/dtype.js';
import { isGraph, type Graph, type Node } from '../graph/graph.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import { Builder, building } from '../graph/tensor.js';

/** What a node of a graph has to do, whatever does it. */
export interface Work {
  /** Floating-point operations: two for each multiply-add of a product, one for each number made or added up elsewhere. */
  readonly flop: number;
  /** Operands read once and the result written once. */
  readonly bytes: number;
}

/** Ops that only say how an array is read. */
const views = new Set(['input', 'constant', 'reshape', 'identity', 'checkIndices', 'member', 'stopGradient']);

/** Ops that take each of their operand's numbers once. */
const folds = new Set(['sum', 'max', 'min', 'argmax', 'cumsum', 'scatterAdd']);

/** Multiply-adds of a product; undefined for what is none. */
function multiplyAdds({ op, shape }: Node, [first, second]: readonly TensorType[]): number | undefined {
  switch (op.name) {
    case 'matmul':
      return sizeOf(shape) * (first.shape.at(-1) ?? 1);
    case 'conv':
      return sizeOf(shape) * sizeOf(second.shape.slice(1));
    // Each number of the cotangent meets all weights of its output.
    case 'convInputGradient':
      return sizeOf(first.shape) * sizeOf(second.shape.slice(1));
    case 'convWeightGradient':
      return sizeOf(second.shape) * sizeOf(shape.slice(1));
    default:
      return undefined;
  }
}

/** @param each whether numbers that are made or added up one by one count too */
function flopOf(graph: Graph, node: Node, each: boolean): number {
  const { op, inputs, shape, attributes } = node;
  if (views.has(op.name)) return 0;
  const operands = inputs.map((id) => graph.nodes[id]);
  const products = multiplyAdds(node, operands);
  if (products !== undefined) return 2 * products;
  const { body, length } = attributes;
  if (isGraph(body)) return Number(length) * total(body, each);
  if (op.elementwise !== undefined) return each ? sizeOf(shape) : 0;
  if (folds.has(op.name)) return each ? sizeOf(operands[0].shape) : 0;
  return op.decompose === undefined ? 0 : total(partsOf(node, operands), each);
}

/** A composite op as a graph of its parts. */
function partsOf({ op, attributes }: Node, operands: readonly TensorType[]): Graph {
  const builder = new Builder();
  return building(builder, () => {
    const inputs = operands.map((operand) => builder.input(operand));
    const output = op.decompose?.(inputs, attributes);
    return builder.graph(inputs, output === undefined ? [] : [output]);
  });
}

function total(graph: Graph, each: boolean): number {
  return graph.nodes.reduce((sum, node) => sum + flopOf(graph, node, each), 0);
}

/** Floating-point operations of one run of a graph in products and convolutions alone, as PyTorch's counter counts them. */
export function productFlops(graph: Graph): number {
  return total(graph, false);
}

const bytesOf = ({ shape, dtype }: TensorType) => sizeOf(shape) * bytesPerElement[dtype];

/** What one node of a graph has to do. */
export function workOf(graph: Graph, id: number): Work {
  const node = graph.nodes[id];
  if (views.has(node.op.name)) return { flop: 0, bytes: 0 };
  const operands = [...new Set(node.inputs)].map((input) => graph.nodes[input]);
  return {
    flop: flopOf(graph, node, true),
    bytes: operands.reduce((sum, operand) => sum + bytesOf(operand), bytesOf(node)),
  };
}
