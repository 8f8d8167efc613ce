import { sizeOf, type Shape } from '../graph/shape.js';

/**
 * A walk over every index of `shape` in row-major order, giving the offset that `strides` and `start` make of it. Made once,
 * it allocates nothing when called.
 */
export function stridedWalk(
  shape: Shape,
  strides: readonly number[],
  start = 0,
): (visit: (position: number, offset: number) => void) => void {
  const rank = shape.length;
  const size = sizeOf(shape);
  if (rank === 0) return (visit) => visit(0, start);
  const inner = shape[rank - 1];
  const innerStride = strides[rank - 1];
  const index = new Int32Array(rank);
  return (visit) => {
    index.fill(0);
    let offset = start;
    for (let position = 0; position < size;) {
      for (let k = 0; k < inner; k++) visit(position++, offset + k * innerStride);
      for (let axis = rank - 2; axis >= 0; axis--) {
        offset += strides[axis];
        if (++index[axis] < shape[axis]) break;
        offset -= strides[axis] * shape[axis];
        index[axis] = 0;
      }
    }
  };
}
