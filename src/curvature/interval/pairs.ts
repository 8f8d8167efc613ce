import * as arithmetic from './arithmetic.js';
import { Registers, type Rule } from './registers.js';

/** A closed interval that is no part of a tape. */
export type Interval = readonly [lo: number, hi: number];

const scratch = new Registers(3);

function combine(rule: Rule): (x: Interval, y: Interval) => Interval {
  return (x, y) => {
    scratch.set(0, x[0], x[1], 0);
    scratch.set(1, y[0], y[1], 0);
    rule(scratch, 2, 0, 1, 0);
    return [scratch.lo[2], scratch.hi[2]];
  };
}

export const plus = combine(arithmetic.add);
export const minus = combine(arithmetic.sub);
export const times = combine(arithmetic.mul);

export function thin(x: number): Interval {
  return [x, x];
}

/** The largest absolute value. */
export function magnitude([lo, hi]: Interval): number {
  return Math.max(-lo, hi);
}
