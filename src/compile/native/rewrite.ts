import type { Graph, Node } from '../../graph/graph.js';
import { sizeOf, type Shape } from '../../graph/shape.js';
import type { Tensor } from '../../graph/tensor.js';
import { addOp } from '../../ops/arithmetic.js';
import { matmulOp } from '../../ops/matmul.js';
import { sumPoolGradientOp } from '../../ops/pool.js';
import { sumOp } from '../../ops/reduce.js';
import { transposeOp } from '../../ops/shape-ops.js';
import { concat, padOp } from '../../ops/slices.js';
import { maskPositiveOp } from '../../ops/unary.js';
import { rebuild, simplify } from '../../transform/index.js';
import { Patterns } from './patterns.js';

/** A part of a tensor, and where it begins along the axis that is divided. */
interface Part {
  readonly node: number;
  readonly start: number;
}

/** Finds what the library does quicker in another form. Each search gives what a node is to be made of, in terms of others. */
class Rewriter extends Patterns {
  private readonly isOutput: ReadonlySet<number>;

  constructor(graph: Graph) {
    super(graph);
    this.isOutput = new Set(graph.outputs);
  }

  private isOnlyFor(id: number, user: number): boolean {
    return !this.isOutput.has(id) && this.users[id].length === 1 && this.users[id][0] === user;
  }

  /**
   * Σ over a batch of xᵀ·y, which is what a weight's gradient is: one product over the rows of all together, without a result for
   * each of the batch.
   */
  productOfRows(id: number): { readonly x: number; readonly y: number } | undefined {
    const { op, inputs, attributes, shape } = this.nodes[id];
    if (op !== sumOp) return undefined;
    const product = this.nodes[inputs[0]];
    const axes = attributes.axes as readonly number[];
    const batch = product.shape.length - 2;
    const isBatch = axes.length === batch && axes.every((axis, place) => axis === place);
    if (product.op !== matmulOp || !isBatch || batch === 0 || shape.length !== 2) return undefined;
    const [left, y] = product.inputs;
    const { op: turn, attributes: turned, inputs: operands } = this.nodes[left];
    if (turn !== transposeOp || !this.isOnlyFor(inputs[0], id)) return undefined;
    const permutation = turned.permutation as readonly number[];
    const swapped = permutation.map((_, axis) => (axis < batch ? axis : axis === batch ? batch + 1 : batch));
    if (permutation.join() !== swapped.join()) return undefined;
    const [x] = operands;
    const outer = (node: number) => this.nodes[node].shape.slice(0, -2).join();
    return outer(x) === outer(y) ? { x, y } : undefined;
  }

  /** A sum of tensors that are zero but in parts that lie side by side: the parts put together. */
  partsOf(id: number): { readonly axis: number; readonly parts: readonly number[] } | undefined {
    if (this.nodes[id].op !== addOp) return undefined;
    const pads = this.addends(id);
    if (pads === undefined) return undefined;
    const { shape } = this.nodes[id];
    const axes = new Set(pads.flatMap((pad) => this.paddedAxes(this.nodes[pad])));
    const [axis] = axes;
    if (axes.size !== 1) return undefined;
    const parts = pads
      .map((pad): Part => {
        const low = this.nodes[pad].attributes.low as readonly number[];
        return { node: this.nodes[pad].inputs[0], start: low[axis] };
      })
      .sort((a, b) => a.start - b.start);
    let end = 0;
    for (const { node, start } of parts) {
      if (start !== end) return undefined;
      end += this.nodes[node].shape[axis];
    }
    return end === shape[axis] ? { axis, parts: parts.map(({ node }) => node) } : undefined;
  }

  /**
   * Where a ReLU's cotangent is one number for each image and channel, as before a global mean: the extents over which it is to be
   * spread, which pooling's gradient does, where the ReLU's wants all numbers.
   */
  spreadOf(id: number): Shape | undefined {
    const { op, inputs, shape, dtype } = this.nodes[id];
    if (op !== maskPositiveOp || dtype !== 'float32' || shape.length !== 4) return undefined;
    const [cotangent, output] = inputs.map((input) => this.nodes[input].shape);
    const spatial = shape.slice(2);
    const isNarrow = cotangent.join() === [...shape.slice(0, 2), 1, 1].join();
    return isNarrow && sizeOf(spatial) > 1 && output.join() === shape.join() ? spatial : undefined;
  }

  /** The pads that a sum adds, where it adds nothing else. */
  private addends(id: number): number[] | undefined {
    const { shape } = this.nodes[id];
    const found: number[] = [];
    for (const input of this.nodes[id].inputs) {
      const { op, shape: own } = this.nodes[input];
      if (own.join() !== shape.join()) return undefined;
      if (op === padOp) found.push(input);
      else if (op === addOp && this.isOnlyFor(input, id)) {
        const inner = this.addends(input);
        if (inner === undefined) return undefined;
        found.push(...inner);
      } else return undefined;
    }
    return found;
  }

  private paddedAxes({ shape, attributes }: Node): number[] {
    const { low, high, interior } = attributes as Record<string, readonly number[]>;
    return shape.flatMap((_, axis) =>
      low[axis] !== 0 || high[axis] !== 0 || interior[axis] !== 0 ? axis : [],
    );
  }
}

/** All rows of a batch of matrices, one below the other. */
function rowsOf(x: Tensor): Tensor {
  const columns = x.shape[x.shape.length - 1];
  return x.reshape([sizeOf(x.shape) / columns, columns]);
}

/** The graph with sums of products and of parts in the forms that the library is quick at. */
export function rewriteForLibrary(graph: Graph): Graph {
  const rewriter = new Rewriter(graph);
  const products = graph.nodes.map((_, id) => rewriter.productOfRows(id));
  const sums = graph.nodes.map((_, id) => rewriter.partsOf(id));
  const spreads = graph.nodes.map((_, id) => rewriter.spreadOf(id));
  if ([...products, ...sums, ...spreads].every((found) => found === undefined)) return graph;
  const rewritten = rebuild(graph, ({ node: { op, attributes }, id, operands, images, builder }) => {
    const [product, sum, spatial] = [products[id], sums[id], spreads[id]];
    if (product !== undefined) {
      return rowsOf(images[product.x]).transpose([1, 0]).matmul(rowsOf(images[product.y]));
    }
    if (sum !== undefined) {
      const parts = sum.parts.map((part) => images[part]);
      return concat(parts, sum.axis);
    }
    if (spatial === undefined) return undefined;
    const [cotangent, output] = operands;
    const window = { kernel: spatial, strides: spatial, low: [0, 0], high: [0, 0], dilation: [1, 1] };
    const spread = builder.apply(sumPoolGradientOp, [cotangent], { ...window, spatial });
    return builder.apply(op, [spread, output], attributes);
  });
  return simplify(rewritten);
}
