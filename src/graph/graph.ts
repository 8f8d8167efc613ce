import { ScreeError } from './errors.js';
import type { NDArray } from './ndarray.js';
import type { Attributes, AttributeValue, Op, TensorType } from './op.js';
import type { DType } from './dtype.js';
import type { Shape } from './shape.js';

/** One value: an op applied to earlier nodes, named by their places in the list. */
export interface Node {
  readonly op: Op;
  readonly inputs: readonly number[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An immutable program: nodes in topological order, and which of them are its inputs and outputs. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

function leafType(name: string, attributes: Attributes): TensorType {
  const { shape, dtype } = attributes;
  if (!Array.isArray(shape) || typeof dtype !== 'string')
    throw new ScreeError(`${name}: shape and dtype are missing`);
  return { shape: shape as Shape, dtype: dtype as DType };
}

/** A value given from outside; its place among the graph's inputs says which. */
export const inputOp: Op = {
  name: 'input',
  infer: (_inputs, attributes) => leafType('input', attributes),
};

/** Stands where a node was that belonged to the body of a loop, which has become a graph of its own. */
export const discardedOp: Op = {
  name: 'discarded',
  infer() {
    throw new ScreeError('discarded: a value of the body of a loop is used outside of it');
  },
};

/** Whether an attribute is a graph: the body of a loop. */
export function isGraph(value: AttributeValue): value is Graph {
  return typeof value === 'object' && 'nodes' in value;
}

export type ConstantAttributes = { readonly value: NDArray };

/** A value known when the graph is made. */
export const constantOp: Op<ConstantAttributes> = {
  name: 'constant',
  infer: (_inputs, { value }) => ({ shape: value.shape, dtype: value.dtype }),
};

/** The array of a constant node, or undefined for any other node. */
export function constantValue(node: Node): NDArray | undefined {
  return node.op === constantOp ? (node.attributes as ConstantAttributes).value : undefined;
}

/** The graph with only the nodes that its outputs need; inputs always stay. */
export function pruneGraph(graph: Graph): Graph {
  const needed = new Uint8Array(graph.nodes.length);
  for (const id of graph.outputs) needed[id] = 1;
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    if (needed[id]) for (const input of graph.nodes[id].inputs) needed[input] = 1;
  }
  for (const id of graph.inputs) needed[id] = 1;
  const renamed = new Int32Array(graph.nodes.length).fill(-1);
  const nodes: Node[] = [];
  graph.nodes.forEach((node, id) => {
    if (!needed[id]) return;
    renamed[id] = nodes.length;
    nodes.push({ ...node, inputs: node.inputs.map((input) => renamed[input]) });
  });
  return {
    nodes,
    inputs: graph.inputs.map((id) => renamed[id]),
    outputs: graph.outputs.map((id) => renamed[id]),
  };
}
