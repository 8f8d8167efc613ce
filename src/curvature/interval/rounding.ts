/**
 * Bounds of real numbers by doubles. JavaScript rounds to nearest only; the neighbour of a rounded result bounds the real one.
 * `down` and `up` are the neighbours, or at a power of two the ones after them, from one multiplication and two additions: S. M.
 * Rump, P. Zimmermann, S. Boldo and G. Melquiond, Computing predecessor and successor in rounding to nearest, BIT 49
 * (2009), algorithm 1.
 */

const unit = 2 ** -53 * (1 + 2 ** -52);
const tiny = Number.MIN_VALUE;

/** A number below every real number that rounds to x; the largest one where x has overflowed. */
export function down(x: number): number {
  return x === Infinity ? Number.MAX_VALUE : x - (Math.abs(x) * unit + tiny);
}

/** A number above every real number that rounds to x. */
export function up(x: number): number {
  return x === -Infinity ? -Number.MAX_VALUE : x + (Math.abs(x) * unit + tiny);
}

/** A number below every real number whose computed value x is off by up to `ulps` units in the last place. */
export function downBy(x: number, ulps: number): number {
  if (x === Infinity) return Number.MAX_VALUE;
  return x - (Math.abs(x) * (ulps + 1) * Number.EPSILON + (ulps + 1) * tiny);
}

export function upBy(x: number, ulps: number): number {
  if (x === -Infinity) return -Number.MAX_VALUE;
  return x + (Math.abs(x) * (ulps + 1) * Number.EPSILON + (ulps + 1) * tiny);
}

// A sum of doubles that is 0 is so exactly (Sterbenz), which keeps zeros zero.

export function addDown(x: number, y: number): number {
  const sum = x + y;
  return sum === 0 ? 0 : down(sum);
}

export function addUp(x: number, y: number): number {
  const sum = x + y;
  return sum === 0 ? 0 : up(sum);
}

/** Zero times an unbounded end is 0: the end stands for real numbers beyond all bounds, not for infinity. */
export function mulDown(x: number, y: number): number {
  return x === 0 || y === 0 ? 0 : down(x * y);
}

export function mulUp(x: number, y: number): number {
  return x === 0 || y === 0 ? 0 : up(x * y);
}

export function divDown(x: number, y: number): number {
  return x === 0 ? 0 : down(x / y);
}

export function divUp(x: number, y: number): number {
  return x === 0 ? 0 : up(x / y);
}
