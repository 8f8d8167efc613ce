/** Interval arithmetic with outward rounding: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009). */
import { flag, type Registers, type Rule } from './registers.js';
import { addDown, addUp, divDown, divUp, down, mulDown, mulUp, up } from './rounding.js';

export const add: Rule = (r, out, a, b) =>
  r.set(out, addDown(r.lo[a], r.lo[b]), addUp(r.hi[a], r.hi[b]), r.flags[a] | r.flags[b]);

export const sub: Rule = (r, out, a, b) =>
  r.set(out, addDown(r.lo[a], -r.hi[b]), addUp(r.hi[a], -r.lo[b]), r.flags[a] | r.flags[b]);

export const mul: Rule = (r, out, a, b) => {
  const al = r.lo[a];
  const ah = r.hi[a];
  const bl = r.lo[b];
  const bh = r.hi[b];
  const flags = r.flags[a] | r.flags[b];
  if (al >= 0) {
    if (bl >= 0) r.set(out, mulDown(al, bl), mulUp(ah, bh), flags);
    else if (bh <= 0) r.set(out, mulDown(ah, bl), mulUp(al, bh), flags);
    else r.set(out, mulDown(ah, bl), mulUp(ah, bh), flags);
  } else if (ah <= 0) {
    if (bl >= 0) r.set(out, mulDown(al, bh), mulUp(ah, bl), flags);
    else if (bh <= 0) r.set(out, mulDown(ah, bh), mulUp(al, bl), flags);
    else r.set(out, mulDown(al, bh), mulUp(al, bl), flags);
  } else if (bl >= 0) r.set(out, mulDown(al, bh), mulUp(ah, bh), flags);
  else if (bh <= 0) r.set(out, mulDown(ah, bl), mulUp(al, bl), flags);
  else {
    const lo = Math.min(mulDown(al, bh), mulDown(ah, bl));
    r.set(out, lo, Math.max(mulUp(al, bl), mulUp(ah, bh)), flags);
  }
};

export const reciprocal: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a];
  if (lo > 0 || hi < 0) r.set(out, divDown(1, hi), divUp(1, lo), flags);
  else if (lo === 0 && hi === 0) r.setEmpty(out, flags | flag.pole);
  else if (lo === 0) r.set(out, divDown(1, hi), Infinity, flags | flag.pole);
  else if (hi === 0) r.set(out, -Infinity, divUp(1, lo), flags | flag.pole);
  else r.set(out, -Infinity, Infinity, flags | flag.pole);
};

/** Bounds of x to a whole power of at least 1, by repeated squaring, for x ≥ 0. */
function powerDown(x: number, exponent: number): number {
  let square = x;
  let rest = exponent;
  for (; rest % 2 === 0; rest /= 2) square = mulDown(square, square);
  let result = square;
  for (rest = (rest - 1) / 2; rest > 0; rest = Math.floor(rest / 2)) {
    square = mulDown(square, square);
    if (rest % 2 === 1) result = mulDown(result, square);
  }
  return result > 0 ? result : 0;
}

function powerUp(x: number, exponent: number): number {
  let square = x;
  let rest = exponent;
  for (; rest % 2 === 0; rest /= 2) square = mulUp(square, square);
  let result = square;
  for (rest = (rest - 1) / 2; rest > 0; rest = Math.floor(rest / 2)) {
    square = mulUp(square, square);
    if (rest % 2 === 1) result = mulUp(result, square);
  }
  return result;
}

/** A whole power of at least 1; the exponent is the number in the place of the second operand. */
export const power: Rule = (r, out, a, exponent) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a];
  if (lo >= 0) r.set(out, powerDown(lo, exponent), powerUp(hi, exponent), flags);
  else if (exponent % 2 === 1) {
    const upper = hi >= 0 ? powerUp(hi, exponent) : -powerDown(-hi, exponent);
    r.set(out, -powerUp(-lo, exponent), upper, flags);
  } else if (hi <= 0) r.set(out, powerDown(-hi, exponent), powerUp(-lo, exponent), flags);
  else r.set(out, 0, powerUp(Math.max(-lo, hi), exponent), flags);
};

const rootDown = (x: number) => (x === 0 ? 0 : down(Math.sqrt(x)));
const rootUp = (x: number) => (x === 0 ? 0 : up(Math.sqrt(x)));

export const sqrt: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a];
  if (hi < 0) r.setEmpty(out, flags);
  else r.set(out, lo > 0 ? rootDown(lo) : 0, rootUp(hi), lo < 0 ? flags | flag.edge : flags);
};

export const rsqrt: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a];
  if (hi <= 0) r.setEmpty(out, flags);
  else if (lo > 0) r.set(out, divDown(1, rootUp(hi)), divUp(1, rootDown(lo)), flags);
  else r.set(out, divDown(1, rootUp(hi)), Infinity, flags | flag.pole | (lo < 0 ? flag.edge : 0));
};

/** √(x² + y²). */
export const hypot: Rule = (r, out, a, b) => {
  const squares = (at: number) => {
    const [least, most] = magnitudes(r, at);
    return [mulDown(least, least), mulUp(most, most)];
  };
  const [x, y] = [squares(a), squares(b)];
  r.set(out, rootDown(Math.max(0, addDown(x[0], y[0]))), rootUp(addUp(x[1], y[1])), r.flags[a] | r.flags[b]);
};

function magnitudes(r: Registers, at: number): [least: number, most: number] {
  const [lo, hi] = [r.lo[at], r.hi[at]];
  if (lo >= 0) return [lo, hi];
  return hi <= 0 ? [-hi, -lo] : [0, Math.max(-lo, hi)];
}

export const abs: Rule = (r, out, a) => r.set(out, ...magnitudes(r, a), r.flags[a]);

export const maximum: Rule = (r, out, a, b) =>
  r.set(out, Math.max(r.lo[a], r.lo[b]), Math.max(r.hi[a], r.hi[b]), r.flags[a] | r.flags[b]);

export const minimum: Rule = (r, out, a, b) =>
  r.set(out, Math.min(r.lo[a], r.lo[b]), Math.min(r.hi[a], r.hi[b]), r.flags[a] | r.flags[b]);

export const relu: Rule = (r, out, a) => r.set(out, Math.max(0, r.lo[a]), Math.max(0, r.hi[a]), r.flags[a]);
