import { factorize, solveFactorized } from '../../linalg/index.js';
import type { Bounds, Tape } from '../interval/tape.js';
import { pointBounds, widthOf } from './bounds.js';

const mostSteps = 24;

/** The middles of registers, in plain numbers. */
function middles({ registers }: Tape, slots: Int32Array): Float64Array {
  return Float64Array.from(slots, (slot) => (registers.lo[slot] + registers.hi[slot]) / 2);
}

/**
 * Where Newton's method comes to rest from a start, in plain numbers; undefined where it leaves the neighbourhood of the box or
 * does not come to rest.
 */
export function newtonFrom(tape: Tape, start: Float64Array, near: Bounds): Float64Array | undefined {
  const n = tape.size;
  const x = Float64Array.from(start);
  const order = new Int32Array(n);
  for (let step = 0; step < mostSteps; step++) {
    tape.evaluate(pointBounds(x), 2);
    const gradient = middles(tape, tape.gradient);
    const factors = middles(tape, tape.hessian);
    if (!gradient.every(Number.isFinite) || !factors.every(Number.isFinite)) return undefined;
    if (factorize(factors, n, order) === 0) return undefined;
    const move = Float64Array.from(order, (row) => gradient[row]);
    solveFactorized(factors, n, move);
    let isResting = true;
    for (let axis = 0; axis < n; axis++) {
      const before = x[axis];
      x[axis] -= move[axis];
      const width = widthOf(near, axis);
      // Also for NaN.
      if (!(x[axis] >= near.lo[axis] - width && x[axis] <= near.hi[axis] + width)) return undefined;
      if (Math.abs(x[axis] - before) > 4 * Number.EPSILON * Math.max(Math.abs(before), width * 1e-3))
        isResting = false;
    }
    if (isResting) return x;
  }
  return undefined;
}
