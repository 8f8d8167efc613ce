import { showShape, sizeOf, type Shape } from '../../graph/shape.js';
import { maxOp, minOp } from '../../ops/reduce.js';
import { logSoftmaxOp } from '../../ops/softmax.js';
import { algorithm, argument, propagation } from './binding/constants.js';
import { isReference, type Description, type Layout } from './binding/engine.js';
import type { Place } from './layout.js';
import { postOps } from './lower-elementwise.js';
import { sumWindows } from './lower-pool.js';
import type { Lowering } from './lowering.js';
import type { Unit } from './units.js';

/** An operand with as many axes as the result, where it lies in a layout that strides describe. */
function operandOf(lowering: Lowering, id: number, rank: number): Place {
  const shape = lowering.shape(id);
  if (shape.length === rank) return lowering.preferred(id, shape, ({ blocked }) => !blocked);
  return lowering.plain(id, [...new Array<number>(rank - shape.length).fill(1), ...shape]);
}

export function lowerMatmul(lowering: Lowering, unit: Unit): boolean {
  const { engine, nodes } = lowering;
  const { node, result, bias, tail } = unit;
  const [a, b] = nodes[node].inputs;
  // Weights that a whole batch shares see all its rows as one matrix.
  const isShared = lowering.shape(b).length === 2;
  const whole = lowering.shape(node);
  const last = whole[whole.length - 1];
  const shape = isShared ? [sizeOf(whole) / last, last] : whole;
  const rank = shape.length;
  const destination = engine.plain(shape);
  const columns = shape.map((extent, axis) => (axis === rank - 1 ? extent : 1));
  const beside = bias === undefined ? undefined : lowering.plain(bias, columns);
  const { postOps: list, args } = postOps(tail, ({ operand, spread }) => {
    if (spread === 'full') return lowering.plain(operand, shape);
    return lowering.plain(operand, spread === 'scalar' ? shape.map(() => 1) : columns);
  });
  const what = `${showShape(lowering.shape(a))} · ${showShape(lowering.shape(b))}`;
  const describe = (left: Layout, right: Layout): Description | undefined =>
    engine.attempt(() =>
      engine.describe(
        'matmul',
        `matmul ${what}`,
        ...([left.pointer, right.pointer, beside?.layout.pointer ?? null, destination.pointer] as const),
        engine.attribute(list),
      ),
    );
  const depth = lowering.shape(a)[lowering.shape(a).length - 1];
  let left =
    isShared && whole.length > 2 ? lowering.plain(a, [shape[0], depth]) : operandOf(lowering, a, rank);
  let right = operandOf(lowering, b, rank);
  let description = describe(left.layout, right.layout);
  if (description === undefined || isReference(description.implementation)) {
    [left, right] = [lowering.plain(a, left.layout.dims), lowering.plain(b, right.layout.dims)];
    description = describe(left.layout, right.layout) ?? description;
  }
  if (description === undefined) return matmulApart(lowering, unit);
  const to = lowering.place(destination);
  lowering.call(
    'matmul',
    description,
    [
      [argument.source, left],
      [argument.weights, right],
      [argument.bias, beside],
      [argument.destination, to],
      ...args,
    ],
    { what, flops: 2 * sizeOf(shape) * depth },
  );
  lowering.define(result, to);
  return true;
}

function matmulApart(lowering: Lowering, unit: Unit): boolean {
  const { node, nodes } = unit;
  if (nodes.length === 1) return false;
  const { bias: _bias, ...rest } = unit;
  lowerMatmul(lowering, { ...rest, result: node, outputs: [node], tail: [], nodes: [node] });
  lowering.runApart(nodes.slice(1));
  return true;
}

export function lowerSoftmax(lowering: Lowering, { node, result }: Unit): boolean {
  const { engine, nodes } = lowering;
  const { op, inputs, attributes } = nodes[node];
  const axis = attributes.axis as number;
  const from = lowering.preferred(inputs[0], lowering.shape(node), ({ dense }) => dense);
  const { layout } = from;
  const what = showShape(layout.dims);
  const kind = (op as object) === logSoftmaxOp ? algorithm.logSoftmax : algorithm.softmax;
  const description = engine.attempt(() =>
    engine.describe(
      'softmax_forward',
      `softmax of ${what}`,
      ...([propagation.inference, kind, layout.pointer, layout.pointer, axis, engine.attribute()] as const),
    ),
  );
  if (description === undefined) return false;
  const to = lowering.place(layout);
  lowering.call(
    'softmax',
    description,
    [
      [argument.source, from],
      [argument.destination, to],
    ],
    { what, flops: 5 * sizeOf(layout.dims), inPlace: [from] },
  );
  lowering.define(result, to);
  return true;
}

/** A reduction: as a pooling, as a product with ones, or by the reduction primitive. */
export function lowerReduce(lowering: Lowering, { node, result }: Unit): boolean {
  const { nodes } = lowering;
  const { op, inputs, attributes } = nodes[node];
  const [x] = inputs;
  const axes = attributes.axes as readonly number[];
  const shape = lowering.shape(x);
  if (axes.length === 0) return false;
  if ((op as object) === maxOp) return reducePrimitive(lowering, x, result, axes, algorithm.reductionMax);
  if ((op as object) === minOp) return reducePrimitive(lowering, x, result, axes, algorithm.reductionMin);
  const isBlocked = lowering.value(x).places.some(({ layout }) => layout.dims.join() === shape.join());
  if (isBlocked && shape.length === 4 && axes.join() === '2,3') {
    const spatial = shape.slice(2);
    const window = {
      kernel: spatial,
      strides: spatial,
      low: [0, 0],
      high: [0, 0],
      dilation: [1, 1],
    };
    const destination = [...shape.slice(0, 2), 1, 1];
    if (sumWindows(lowering, { x, window, result, destination, name: 'sum' })) return true;
  }
  if (!isBlocked && axes[0] === 0 && sumByProduct(lowering, x, result, axes)) return true;
  if (reducePrimitive(lowering, x, result, axes, algorithm.reductionSum)) return true;
  return !isBlocked && sumByProduct(lowering, x, result, axes);
}

/** Terms of a sum that is made as a product: as many ones are kept for it. */
const mostTerms = 2 ** 16;

/** Sums over the first or the last axes are products with a vector of ones. */
function sumByProduct(lowering: Lowering, x: number, result: number, axes: readonly number[]): boolean {
  const { engine } = lowering;
  const shape = lowering.shape(x);
  const first = axes.every((axis, index) => axis === index);
  const last = axes.every((axis, index) => axis === shape.length - axes.length + index);
  if (!first && !last) return false;
  const count = axes.reduce((product, axis) => product * shape[axis], 1);
  if (count > mostTerms) return false;
  const rest = sizeOf(shape) / count;
  const matrix = lowering.plain(x, first ? [count, rest] : [rest, count]);
  const vector: Shape = first ? [1, count] : [count, 1];
  const ones = { buffer: lowering.number(1, count).buffer, layout: engine.plain(vector) };
  const to = lowering.place(engine.plain(first ? [1, rest] : [rest, 1]));
  const [left, right] = first ? [ones, matrix] : [matrix, ones];
  const what = `${showShape(shape)} over ${axes.join()}`;
  const description = engine.attempt(() =>
    engine.describe(
      'matmul',
      `sum of ${what}`,
      ...([left.layout.pointer, right.layout.pointer, null, to.layout.pointer, engine.attribute()] as const),
    ),
  );
  if (description === undefined || isReference(description.implementation)) return false;
  lowering.call(
    'sum',
    description,
    [
      [argument.source, left],
      [argument.weights, right],
      [argument.destination, to],
    ],
    { what, flops: sizeOf(shape) },
  );
  lowering.define(result, to);
  return true;
}

function reducePrimitive(
  lowering: Lowering,
  x: number,
  result: number,
  axes: readonly number[],
  kind: number,
): boolean {
  const { engine } = lowering;
  const from = lowering.preferred(x, lowering.shape(x), ({ dense }) => dense);
  const { dims } = from.layout;
  const to = lowering.place(engine.plain(dims.map((extent, axis) => (axes.includes(axis) ? 1 : extent))));
  const what = `${showShape(dims)} over ${axes.join()}`;
  const description = engine.attempt(() =>
    engine.describe(
      'reduction',
      `reduction of ${what}`,
      ...([kind, from.layout.pointer, to.layout.pointer, 0, 0, engine.attribute()] as const),
    ),
  );
  if (description === undefined || isReference(description.implementation)) return false;
  lowering.call(
    'reduce',
    description,
    [
      [argument.source, from],
      [argument.destination, to],
    ],
    { what, flops: sizeOf(dims) },
  );
  lowering.define(result, to);
  return true;
}
