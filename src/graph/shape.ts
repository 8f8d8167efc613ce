import { ScreeError } from './errors.js';

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** NumPy's broadcasting: aligned at the last axis, extents equal or one of them 1. Throws naming `operation`. */
export function broadcastShapes(operation: string, ...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let axis = 0; axis < shape.length; axis++) {
      const target = rank - shape.length + axis;
      const extent = shape[axis];
      if (extent === 1 || extent === result[target]) continue;
      if (result[target] !== 1) {
        throw new ScreeError(
          `${operation}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast; extents must be equal or 1, counted from the last axis`,
        );
      }
      result[target] = extent;
    }
  }
  return result;
}

/** Offsets, in row-major order of `shape`, into an operand that broadcasts to it; undefined where each is its own place. */
export function broadcastOffsets(operand: Shape, shape: Shape): Int32Array | undefined {
  if (sizeOf(operand) === sizeOf(shape)) return undefined;
  const strides = stridesOf(operand);
  const extra = shape.length - operand.length;
  const offsets = new Int32Array(sizeOf(shape));
  let count = 1;
  // Axis by axis from the last: the offsets so far are repeated, each time one stride further.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = axis < extra || operand[axis - extra] === 1 ? 0 : strides[axis - extra];
    for (let k = shape[axis] - 1; k >= 0; k--) {
      for (let i = 0; i < count; i++) offsets[k * count + i] = offsets[i] + k * stride;
    }
    count *= shape[axis];
  }
  return offsets;
}

/** An axis in 0..rank−1 from one that may count from the end. Throws naming `operation`. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normal) || normal < 0 || normal >= rank) {
    throw new ScreeError(`${operation}: axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return normal;
}

/** Sorted, distinct, non-negative axes; all of them when `axes` is undefined. */
export function normalizeAxes(
  operation: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  const normal = [...new Set(list.map((axis) => normalizeAxis(operation, axis, rank)))].sort((a, b) => a - b);
  if (normal.length !== list.length)
    throw new ScreeError(`${operation}: axes [${list.join(',')}] name an axis twice`);
  return normal;
}
