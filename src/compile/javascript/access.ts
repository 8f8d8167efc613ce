import type { Node } from '../../graph/graph.js';
import { sizeOf, stridesOf, type Shape } from '../../graph/shape.js';
import { broadcastToOp, reshapeOp, transposeOp } from '../../ops/shape-ops.js';
import { flipOp, sliceOp } from '../../ops/slices.js';

/** base + Σ factors[k] · (index of loop k); factors left out at the end are 0. */
export interface Affine {
  readonly base: number;
  readonly factors: readonly number[];
}

/**
 * Which element of an array the loops are at: an index along each axis, or, where a reshape has mixed the axes up, only the
 * place in memory.
 */
export type Access = { readonly axes: readonly Affine[] } | { readonly linear: Affine };

function combine(terms: readonly Affine[], weights: readonly number[], loops: number): Affine {
  const factors = new Array<number>(loops).fill(0);
  let base = 0;
  terms.forEach((term, index) => {
    base += term.base * weights[index];
    term.factors.forEach((factor, loop) => (factors[loop] += factor * weights[index]));
  });
  return { base, factors };
}

/** Loops over the axes of `shape` that have more or less than one index; the others need no loop. */
export function loopShape(shape: Shape): Shape {
  return shape.filter((extent) => extent !== 1);
}

/** The element that loops over `shape` itself are at. */
export function identityAccess(shape: Shape): { readonly axes: readonly Affine[] } {
  const loops = loopShape(shape).length;
  let next = 0;
  return {
    axes: shape.map((extent) => {
      const factors = new Array<number>(loops).fill(0);
      if (extent !== 1) factors[next++] = 1;
      return { base: 0, factors };
    }),
  };
}

/** One element, named by its place in memory, outside all loops. */
export function constantAccess(shape: Shape, place: number): Access {
  let rest = place;
  const axes = stridesOf(shape).map((stride) => {
    const base = Math.floor(rest / stride);
    rest -= base * stride;
    return { base, factors: [] };
  });
  return { axes };
}

function loopsOf(access: Access): number {
  if ('linear' in access) return access.linear.factors.length;
  return access.axes.length === 0 ? 0 : access.axes[0].factors.length;
}

/** The place in memory of the element. */
export function linearize(access: Access, shape: Shape): Affine {
  if ('linear' in access) return access.linear;
  return combine(access.axes, stridesOf(shape), loopsOf(access));
}

/** Whether every loop index means the element at the same place in an array of the loops' own extents. */
export function isIdentity({ base, factors }: Affine, loops: Shape): boolean {
  const strides = stridesOf(loops);
  return base === 0 && strides.every((stride, loop) => (factors[loop] ?? 0) === stride);
}

export function isConstant({ factors }: Affine): boolean {
  return factors.every((factor) => factor === 0);
}

const nowhere = (loops: number): Affine => ({ base: 0, factors: new Array<number>(loops).fill(0) });

/** The operand's element from that of the array it broadcasts to; undefined where only a division could tell. */
export function throughBroadcast(access: Access, operand: Shape, shape: Shape): Access | undefined {
  const loops = loopsOf(access);
  if (sizeOf(operand) === 1) return { axes: operand.map(() => nowhere(loops)) };
  if ('linear' in access) return sizeOf(operand) === sizeOf(shape) ? access : undefined;
  const extra = shape.length - operand.length;
  return {
    axes: operand.map((extent, axis) => (extent === 1 ? nowhere(loops) : access.axes[axis + extra])),
  };
}

/** Matches runs of axes with equal products; gives an index along each of the operand's axes where that is affine. */
function throughReshape(access: Access, operand: Shape, shape: Shape): Access {
  const linear = { linear: linearize(access, shape) };
  const loops = loopsOf(access);
  if ('linear' in access || sizeOf(shape) === 0) return linear;
  const axes = operand.map(() => nowhere(loops));
  let from = 0;
  let to = 0;
  for (;;) {
    while (shape[from] === 1) from++;
    while (operand[to] === 1) to++;
    if (from >= shape.length || to >= operand.length) return { axes };
    // Several axes may become one; one that becomes several has no affine index.
    let product = 1;
    const start = from;
    while (from < shape.length && product < operand[to]) product *= shape[from++];
    if (product !== operand[to]) return linear;
    axes[to++] = combine(access.axes.slice(start, from), stridesOf(shape.slice(start, from)), loops);
  }
}

const viewOps = new Set<object>([reshapeOp, broadcastToOp, transposeOp, sliceOp, flipOp]);

/** Whether a node only names elements of its operand in another arrangement. */
export function isView({ op }: Node): boolean {
  return viewOps.has(op);
}

/** The operand's element that a view's element is; undefined where only a division could tell. */
export function throughView(node: Node, access: Access, operand: Shape): Access | undefined {
  const { op, attributes, shape } = node;
  if (op === broadcastToOp) return throughBroadcast(access, operand, shape);
  if (op === reshapeOp) return throughReshape(access, operand, shape);
  if ('linear' in access) return undefined;
  const { axes } = access;
  const along = (name: string) => attributes[name] as readonly number[];
  if (op === transposeOp) {
    const permutation = along('permutation');
    return { axes: operand.map((_, axis) => axes[permutation.indexOf(axis)]) };
  }
  const loops = loopsOf(access);
  const moved = (axis: number, factor: number, offset: number): Affine => {
    const scaled = combine([axes[axis]], [factor], loops);
    return { ...scaled, base: scaled.base + offset };
  };
  if (op === sliceOp) {
    const [starts, steps] = [along('starts'), along('steps')];
    return { axes: axes.map((_, axis) => moved(axis, steps[axis], starts[axis])) };
  }
  const flipped = along('axes');
  return {
    axes: axes.map((index, axis) => (flipped.includes(axis) ? moved(axis, -1, operand[axis] - 1) : index)),
  };
}
