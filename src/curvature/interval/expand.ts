import type { Graph, Node } from '../../graph/graph.js';
import { constantValue, inputOp } from '../../graph/graph.js';
import { sizeOf, stridesOf, type Shape } from '../../graph/shape.js';
import { type Expressions, NoIntervalRule } from './expressions.js';

/** Ops that move elements and compute nothing: their kernels move the numbers of expressions as well. */
const moving = new Set(['reshape', 'broadcastTo', 'transpose', 'slice', 'pad', 'concat', 'flip']);

/** For each element of `output`, the element of an operand that it is computed from, with NumPy's broadcasting. */
function broadcastPlaces(input: Shape, output: Shape): Int32Array {
  const extra = output.length - input.length;
  const strides = stridesOf(input);
  const outer = stridesOf(output);
  return Int32Array.from({ length: sizeOf(output) }, (_, position) =>
    output.reduce((place, extent, axis) => {
      if (axis < extra || input[axis - extra] === 1) return place;
      return place + (Math.floor(position / outer[axis]) % extent) * strides[axis - extra];
    }, 0),
  );
}

function elementwise(pool: Expressions, node: Node, operands: readonly number[], isTruth: boolean): number {
  const [a, b] = operands;
  switch (node.op.name) {
    case 'add':
      return pool.add(a, b);
    case 'sub':
      return pool.add(a, pool.neg(b));
    case 'neg':
      return pool.neg(a);
    case 'mul':
      return pool.mul(a, b);
    case 'div':
      return divide(pool, a, b);
    case 'identity':
    case 'stopGradient':
      return a;
    case 'pow': {
      const exponent = pool.constantOf(b);
      return exponent !== undefined && Number.isInteger(exponent) && Math.abs(exponent) <= 1024
        ? pool.power(a, exponent)
        : pool.apply('pow', operands);
    }
    case 'to_float64':
      return isTruth && pool.constantOf(a) === undefined ? pool.apply('indicator', operands) : a;
    default:
      return pool.apply(node.op.name, operands);
  }
}

function divide(pool: Expressions, a: number, b: number): number {
  const divisor = pool.constantOf(b);
  const inverse = divisor === undefined ? NaN : 1 / divisor;
  // By a power of two the inverse is exact.
  const isExact = Math.abs(Math.log2(Math.abs(inverse))) % 1 === 0;
  return pool.mul(a, isExact ? pool.constant(inverse) : pool.apply('reciprocal', [b]));
}

/** Sums and extremes along axes, one element after the other. */
function reduce(pool: Expressions, { op, attributes }: Node, input: Node, ids: Float64Array): Float64Array {
  const axes = attributes.axes as readonly number[];
  const kept = input.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const places = broadcastPlaces(kept, input.shape);
  const combined = new Map<number, number>();
  const combine = (x: number, y: number) =>
    op.name === 'sum' ? pool.add(x, y) : pool.apply(op.name === 'max' ? 'maximum' : 'minimum', [x, y]);
  ids.forEach((id, position) => {
    const before = combined.get(places[position]);
    combined.set(places[position], before === undefined ? id : combine(before, id));
  });
  return Float64Array.from({ length: sizeOf(kept) }, (_, place) => combined.get(place) ?? 0);
}

function expandNode(pool: Expressions, node: Node, nodes: readonly Node[], known: readonly Float64Array[]) {
  const inputs = node.inputs.map((id) => known[id]);
  const { op } = node;
  const constant = constantValue(node);
  if (constant !== undefined) return Float64Array.from(constant.data, (value) => pool.constant(value));
  if (op === inputOp)
    return Float64Array.from({ length: sizeOf(node.shape) }, (_, index) => pool.input(index));
  if (moving.has(op.name)) {
    const output = new Float64Array(sizeOf(node.shape));
    const types = node.inputs.map((id) => nodes[id]);
    op.kernel?.({ inputs: types, output: node, attributes: node.attributes })(output, ...inputs);
    return output;
  }
  if (op.name === 'sum' || op.name === 'max' || op.name === 'min')
    return reduce(pool, node, nodes[node.inputs[0]], inputs[0]);
  if (op.elementwise === undefined)
    throw new NoIntervalRule(`there is no interval rule for the operation ${op.name}`);
  const places = node.inputs.map((id) => broadcastPlaces(nodes[id].shape, node.shape));
  const isTruth = nodes[node.inputs[0]].dtype === 'bool';
  return Float64Array.from({ length: sizeOf(node.shape) }, (_, position) =>
    elementwise(
      pool,
      node,
      inputs.map((ids, operand) => ids[places[operand][position]]),
      isTruth,
    ),
  );
}

/**
 * A graph of one input, number by number.
 * @returns for each output its elements, as expressions of `pool`
 * @throws NoIntervalRule for an op without a rule, and for graphs of too many operations
 */
export function expandGraph(graph: Graph, pool: Expressions): Float64Array[] {
  const known: Float64Array[] = [];
  for (const node of graph.nodes) known.push(expandNode(pool, node, graph.nodes, known));
  return graph.outputs.map((id) => known[id]);
}
