/** Comparisons and what they decide, over intervals: a truth is an interval [0, 0], [1, 1], or [0, 1] where it is open. */
import { roundHalfEven } from '../../ops/special.js';
import { flag, type Registers, type Rule } from './registers.js';
import { addDown, addUp, divDown, divUp, mulDown, mulUp } from './rounding.js';

/** A truth that is decided does not jump, whatever its operands do. */
function setTruth(r: Registers, out: number, isTrue: boolean, isFalse: boolean, flags: number): void {
  if (isTrue || isFalse) r.set(out, Number(isTrue), Number(isTrue), flags & ~flag.kink);
  else r.set(out, 0, 1, flags | flag.kink);
}

type Decide = (al: number, ah: number, bl: number, bh: number) => boolean;

function comparison(isTrue: Decide, isFalse: Decide): Rule {
  return (r, out, a, b) => {
    const ends = [r.lo[a], r.hi[a], r.lo[b], r.hi[b]] as const;
    const flags = r.flags[a] | r.flags[b];
    // Outside of its domain a number is none, and nothing holds of that.
    if (flags & (flag.edge | flag.empty)) setTruth(r, out, false, false, (flags & ~flag.empty) | flag.edge);
    else setTruth(r, out, isTrue(...ends), isFalse(...ends), flags);
  };
}

const isLess: Decide = (_al, ah, bl) => ah < bl;
const isLessEqual: Decide = (_al, ah, bl) => ah <= bl;
const isGreater: Decide = (al, _ah, _bl, bh) => al > bh;
const isGreaterEqual: Decide = (al, _ah, _bl, bh) => al >= bh;
const isSame: Decide = (al, ah, bl, bh) => al === ah && bl === bh && al === bl;
const isApart: Decide = (al, ah, bl, bh) => ah < bl || al > bh;

export const less = comparison(isLess, isGreaterEqual);
export const lessEqual = comparison(isLessEqual, isGreater);
export const greater = comparison(isGreater, isLessEqual);
export const greaterEqual = comparison(isGreaterEqual, isLess);
export const equal = comparison(isSame, isApart);
export const notEqual = comparison(isApart, isSame);

export const and: Rule = (r, out, a, b) =>
  setTruth(r, out, r.lo[a] + r.lo[b] === 2, r.hi[a] * r.hi[b] === 0, r.flags[a] | r.flags[b]);

export const or: Rule = (r, out, a, b) =>
  setTruth(r, out, r.lo[a] + r.lo[b] > 0, r.hi[a] + r.hi[b] === 0, r.flags[a] | r.flags[b]);

export const not: Rule = (r, out, a) => r.set(out, 1 - r.hi[a], 1 - r.lo[a], r.flags[a]);

/** Whether a number is not 0. */
export const nonzero: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  setTruth(r, out, lo > 0 || hi < 0, lo === 0 && hi === 0, r.flags[a]);
};

export const copy: Rule = (r, out, a) => r.set(out, r.lo[a], r.hi[a], r.flags[a]);

/** The hull of two values, either of which may be it; one from outside of the domain adds nothing. */
function setHull(r: Registers, out: number, a: number, b: number, flags: number): void {
  const isEmpty = (at: number) => (r.flags[at] & flag.empty) !== 0;
  if (isEmpty(a) !== isEmpty(b)) {
    const other = isEmpty(a) ? b : a;
    r.set(out, r.lo[other], r.hi[other], flags | r.flags[other] | flag.edge);
    return;
  }
  const [lo, hi] = [Math.min(r.lo[a], r.lo[b]), Math.max(r.hi[a], r.hi[b])];
  r.set(out, lo, hi, flags | r.flags[a] | r.flags[b]);
}

export const where: Rule = (r, out, condition, x, y) => {
  if (r.lo[condition] !== r.hi[condition]) setHull(r, out, x, y, r.flags[condition]);
  else {
    const chosen = r.lo[condition] === 1 ? x : y;
    r.set(out, r.lo[chosen], r.hi[chosen], r.flags[chosen] | r.flags[condition]);
  }
};

/** A truth times a value: where it is false, nothing of the value matters. */
export const mask: Rule = (r, out, truth, x) => {
  if (r.hi[truth] === 0) r.set(out, 0, 0, r.flags[truth]);
  else if (r.lo[truth] === 1) r.set(out, r.lo[x], r.hi[x], r.flags[x] | r.flags[truth]);
  else if (r.flags[x] & flag.empty) r.set(out, 0, 0, (r.flags[x] & ~flag.empty) | r.flags[truth] | flag.edge);
  else r.set(out, Math.min(0, r.lo[x]), Math.max(0, r.hi[x]), r.flags[x] | r.flags[truth]);
};

export const maskPositive: Rule = (r, out, x, y) => {
  if (r.lo[y] > 0) r.set(out, r.lo[x], r.hi[x], r.flags[x] | r.flags[y]);
  else if (r.hi[y] < 0) r.set(out, 0, 0, r.flags[y]);
  else {
    const flags = r.flags[x] | r.flags[y] | flag.kink;
    r.set(out, Math.min(0, r.lo[x]), Math.max(0, r.hi[x]), flags);
  }
};

/** The slope of |x|: at 0 everything between −1 and 1 (Clarke's generalised gradient). */
export const sign: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  // It is 0 where its operand is no number, too.
  if (r.flags[a] & (flag.edge | flag.empty))
    r.set(out, -1, 1, (r.flags[a] & ~flag.empty) | flag.edge | flag.kink);
  else if (lo > 0 || hi < 0) r.set(out, Math.sign(lo), Math.sign(lo), r.flags[a]);
  else r.set(out, lo < 0 ? -1 : 0, hi > 0 ? 1 : 0, r.flags[a] | flag.kink);
};

function steps(evaluate: (x: number) => number): Rule {
  return (r, out, a) => {
    const [lo, hi] = [evaluate(r.lo[a]), evaluate(r.hi[a])];
    r.set(out, lo, hi, lo === hi ? r.flags[a] : r.flags[a] | flag.kink);
  };
}

export const floor = steps(Math.floor);
export const ceil = steps(Math.ceil);
export const truncate = steps(Math.trunc);
export const round = steps(roundHalfEven);

/** What is left of x after dividing by y and rounding the quotient down. */
export const remainder: Rule = (r, out, a, b) => {
  const al = r.lo[a];
  const ah = r.hi[a];
  const bl = r.lo[b];
  const bh = r.hi[b];
  const flags = r.flags[a] | r.flags[b];
  if (bl <= 0 && bh >= 0) {
    if (bl === 0 && bh === 0) r.setEmpty(out, flags);
    else r.set(out, Math.min(0, bl), Math.max(0, bh), flags | flag.kink | flag.edge);
    return;
  }
  const quotients = [al, ah].flatMap((x) => [bl, bh].flatMap((y) => [divDown(x, y), divUp(x, y)]));
  const [least, most] = [Math.floor(Math.min(...quotients)), Math.floor(Math.max(...quotients))];
  if (least !== most) r.set(out, Math.min(0, bl), Math.max(0, bh), flags | flag.kink);
  else {
    const products = [mulDown(bl, least), mulUp(bl, least), mulDown(bh, least), mulUp(bh, least)];
    r.set(out, addDown(al, -Math.max(...products)), addUp(ah, -Math.min(...products)), flags);
  }
};
