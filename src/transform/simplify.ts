import {
  constantOp,
  constantValue,
  inputOp,
  isGraph,
  pruneGraph,
  type Graph,
  type Node,
} from '../graph/graph.js';
import type { AttributeValue } from '../graph/op.js';
import { addOp, divOp, mulOp, negOp, subOp } from '../ops/arithmetic.js';
import { castOps } from '../ops/compare.js';
import { broadcastToOp, reshapeOp } from '../ops/shape-ops.js';
import { inlineCheckpoints } from './checkpoint-op.js';
import { pruneScans } from './scan-prune.js';
import { identityOp, stopGradientOp } from '../ops/unary.js';
import { sameShape, sizeOf } from '../graph/shape.js';
import { allocate, isFloat } from '../graph/dtype.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';

/** Folding makes no constant larger than this many elements: it must not make a graph heavier. */
const largestFolded = 1024;

function attributeKey(
  value: AttributeValue,
  opIds: Map<object, number>,
  arrays: Map<object, number>,
): string {
  if (isGraph(value)) {
    const nodes = value.nodes.map((node) => nodeKey(node, opIds, arrays));
    return `${nodes.join(';')}|${value.inputs.join()}|${value.outputs.join()}`;
  }
  if (typeof value === 'object' && 'data' in value) {
    if (value.data.length === 1)
      return `${value.dtype} ${value.shape.length} ${Object.is(value.data[0], -0) ? '-0' : value.data[0]}`;
    // Masks and ranges are made anew each time that a composite is taken apart.
    if (value.data.length <= largestFolded && !isFloat(value.dtype))
      return `${value.dtype}[${value.shape.join()}] ${value.data.join()}`;
    const known = arrays.get(value.data) ?? arrays.size;
    arrays.set(value.data, known);
    return `#${known}[${value.shape.join()}]`;
  }
  return JSON.stringify(value) ?? '';
}

function nodeKey(
  { op, inputs, attributes, shape, dtype }: Node,
  opIds: Map<object, number>,
  arrays: Map<object, number>,
): string {
  const id = opIds.get(op) ?? opIds.size;
  opIds.set(op, id);
  const details = Object.entries(attributes).map(
    ([name, value]) => `${name}=${attributeKey(value, opIds, arrays)}`,
  );
  return `${id}(${inputs.join()}){${details.join()}}${dtype}[${shape.join()}]`;
}

/** A constant's single value, or the value that a broadcast constant repeats. */
function uniformValue(nodes: readonly Node[], id: number): number | undefined {
  const node = nodes[id];
  if (node.op === broadcastToOp || node.op === reshapeOp) return uniformValue(nodes, node.inputs[0]);
  const value = constantValue(node);
  return value?.data.length === 1 ? value.data[0] : undefined;
}

/** The value of a node whose inputs are all constants, computed by its own kernel; undefined where that is not worth it. */
function fold(node: Node, nodes: readonly Node[]): NDArray | undefined {
  const { op, attributes, shape, dtype } = node;
  if (op === constantOp || op === inputOp || node.inputs.length === 0 || sizeOf(shape) > largestFolded)
    return undefined;
  if (op === broadcastToOp) return undefined;
  const values = node.inputs.map((input) => constantValue(nodes[input]));
  const arrays = values.filter((value) => value !== undefined);
  if (arrays.length !== values.length) return undefined;
  const output = allocate(dtype, sizeOf(shape));
  const { elementwise } = op;
  if (elementwise !== undefined) {
    if (arrays.some((array) => array.data.length !== 1 && !sameShape(array.shape, shape))) return undefined;
    for (let i = 0; i < output.length; i++) {
      output[i] = elementwise.evaluate(...arrays.map(({ data }) => (data.length === 1 ? data[0] : data[i])));
    }
  } else {
    const kernel = op.kernel?.({ inputs: arrays, output: node, attributes });
    if (kernel === undefined) return undefined;
    kernel(output, ...arrays.map(({ data }) => data));
  }
  return ndarray(output, shape, dtype);
}

/** A node that equals one of its inputs, or an input's input: x + 0, x · 1, x / 1, −(−x), reshapes of reshapes. */
function rewrite(node: Node, nodes: readonly Node[]): number | Node | undefined {
  const { op, inputs, shape } = node;
  const [x, y] = inputs;
  const keeps = (id: number) => sameShape(nodes[id].shape, shape);
  if (op === identityOp || op === stopGradientOp) return x;
  if (op === addOp && keeps(x) && uniformValue(nodes, y) === 0) return x;
  if (op === addOp && keeps(y) && uniformValue(nodes, x) === 0) return y;
  if (op === subOp && keeps(x) && uniformValue(nodes, y) === 0) return x;
  if (op === mulOp && keeps(x) && uniformValue(nodes, y) === 1) return x;
  if (op === mulOp && keeps(y) && uniformValue(nodes, x) === 1) return y;
  if (op === divOp && keeps(x) && uniformValue(nodes, y) === 1) return x;
  if (op === mulOp && keeps(x) && uniformValue(nodes, y) === -1) return { ...node, op: negOp, inputs: [x] };
  if (op === mulOp && keeps(y) && uniformValue(nodes, x) === -1) return { ...node, op: negOp, inputs: [y] };
  if (op === negOp && nodes[x].op === negOp) return nodes[x].inputs[0];
  if (op === addOp && nodes[y].op === negOp) return { ...node, op: subOp, inputs: [x, nodes[y].inputs[0]] };
  if (op === reshapeOp && keeps(x)) return x;
  if (op === reshapeOp && nodes[x].op === reshapeOp) return { ...node, inputs: nodes[x].inputs };
  if (op === broadcastToOp && keeps(x)) return x;
  if (op === castOps[node.dtype] && nodes[x].dtype === node.dtype) return x;
  if (isElementwiseBroadcast(node, nodes)) {
    return { ...node, inputs: inputs.map((input) => withoutBroadcast(nodes, input, inputs, shape)) };
  }
  return undefined;
}

function isElementwiseBroadcast({ op, inputs, shape }: Node, nodes: readonly Node[]): boolean {
  return (
    op.elementwise !== undefined &&
    inputs.length > 1 &&
    inputs.some((input) => withoutBroadcast(nodes, input, inputs, shape) !== input)
  );
}

/** An elementwise op broadcasts by itself: a broadcastTo before it falls away where another operand has the full shape. */
function withoutBroadcast(
  nodes: readonly Node[],
  id: number,
  siblings: readonly number[],
  shape: readonly number[],
): number {
  if (nodes[id].op !== broadcastToOp) return id;
  const full = siblings.some(
    (other) => nodes[other].op !== broadcastToOp && sameShape(nodes[other].shape, shape),
  );
  return full ? nodes[id].inputs[0] : id;
}

/**
 * The same program with fewer nodes: common subexpressions merged, constants folded, neutral operations and dead code removed.
 * Values change by no more than the reassociation-free rewrites allow: x + 0, x · 1, x / 1, −(−x), x + (−y) → x − y.
 */
export function simplify(source: Graph): Graph {
  const graph = inlineCheckpoints(source);
  const nodes: Node[] = [];
  const keys = new Map<string, number>();
  const opIds = new Map<object, number>();
  const arrays = new Map<object, number>();
  const renamed = new Int32Array(graph.nodes.length);
  const add = (node: Node): number => {
    const key = nodeKey(node, opIds, arrays);
    const known = keys.get(key);
    if (known !== undefined && node.op !== inputOp) return known;
    nodes.push(node);
    keys.set(key, nodes.length - 1);
    return nodes.length - 1;
  };
  graph.nodes.forEach((original, id) => {
    let node: Node = { ...original, inputs: original.inputs.map((input) => renamed[input]) };
    for (;;) {
      const value = fold(node, nodes);
      if (value !== undefined) {
        node = { op: constantOp, inputs: [], attributes: { value }, shape: node.shape, dtype: node.dtype };
      }
      const better = rewrite(node, nodes);
      if (typeof better === 'number') {
        renamed[id] = better;
        return;
      }
      if (better === undefined) break;
      node = better;
    }
    renamed[id] = add(node);
  });
  const result = pruneGraph({
    nodes,
    inputs: graph.inputs.map((id) => renamed[id]),
    outputs: graph.outputs.map((id) => renamed[id]),
  });
  return pruneScans(result, simplifyBody);
}

const bodies = new WeakMap<Graph, Graph>();

/** The body of a loop, simplified; always the same graph for the same graph. */
function simplifyBody(body: Graph): Graph {
  const known = bodies.get(body);
  if (known !== undefined) return known;
  const simple = simplify(body);
  bodies.set(body, simple);
  bodies.set(simple, simple);
  return simple;
}
