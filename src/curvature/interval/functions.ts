/**
 * Enclosures of the elementary functions. JavaScript does not say how exact Math.exp and its like are; every engine's are within
 * one or two units in the last place, and twice that much is allowed for here (test/curvature compares them with values of
 * fifty digits).
 */
import { erf as erfNumber, sigmoid as sigmoidNumber, softplus as softplusNumber } from '../../ops/special.js';
import { flag, type Registers, type Rule } from './registers.js';
import { downBy, upBy } from './rounding.js';
import { power } from './arithmetic.js';

/** Units in the last place by which Math's functions may be off, and those made of several of them. */
const [elementary, composed] = [4, 16];

interface Monotone {
  readonly evaluate: (x: number) => number;
  readonly ulps?: number;
  readonly falls?: boolean;
  /** Bounds of all values. */
  readonly range?: readonly [number, number];
  readonly domain?: readonly [number, number];
  /** The function goes to infinity at the ends of its domain, which do not belong to it. */
  readonly open?: boolean;
}

function monotone({
  evaluate,
  ulps = elementary,
  falls = false,
  range: [least, most] = [-Infinity, Infinity],
  domain: [from, to] = [-Infinity, Infinity],
  open = false,
}: Monotone): Rule {
  // A zero at 0 is exact.
  const below = (x: number, y: number) => (x === 0 && y === 0 ? 0 : Math.max(least, downBy(y, ulps)));
  const above = (x: number, y: number) => (x === 0 && y === 0 ? 0 : Math.min(most, upBy(y, ulps)));
  return (r, out, a) => {
    let flags = r.flags[a];
    const [first, last] = [Math.max(r.lo[a], from), Math.min(r.hi[a], to)];
    if (first > last || (open && (last <= from || first >= to))) {
      r.setEmpty(out, flags);
      return;
    }
    if (r.lo[a] < from || r.hi[a] > to) flags |= flag.edge;
    if (open && (first === from || last === to) && Number.isFinite(first === from ? from : to)) {
      flags |= flag.pole;
    }
    const [low, high] = falls ? [last, first] : [first, last];
    r.set(out, below(low, evaluate(low)), above(high, evaluate(high)), flags);
  };
}

export const exp = monotone({ evaluate: Math.exp, range: [0, Infinity] });
export const expm1 = monotone({ evaluate: Math.expm1, range: [-1, Infinity] });
export const log = monotone({ evaluate: Math.log, domain: [0, Infinity], open: true });
export const log1p = monotone({ evaluate: Math.log1p, domain: [-1, Infinity], open: true });
export const cbrt = monotone({ evaluate: Math.cbrt });
export const asin = monotone({ evaluate: Math.asin, domain: [-1, 1] });
export const acos = monotone({ evaluate: Math.acos, domain: [-1, 1], falls: true, range: [0, Infinity] });
export const atan = monotone({ evaluate: Math.atan });
export const sinh = monotone({ evaluate: Math.sinh });
export const tanh = monotone({ evaluate: Math.tanh, range: [-1, 1] });
export const asinh = monotone({ evaluate: Math.asinh });
export const acosh = monotone({ evaluate: Math.acosh, domain: [1, Infinity], range: [0, Infinity] });
export const atanh = monotone({ evaluate: Math.atanh, domain: [-1, 1], open: true });
export const sigmoid = monotone({ evaluate: sigmoidNumber, ulps: composed, range: [0, 1] });
export const softplus = monotone({ evaluate: softplusNumber, ulps: composed, range: [0, Infinity] });
export const erf = monotone({ evaluate: erfNumber, ulps: composed, range: [-1, 1] });

export const cosh: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const least = lo > 0 ? Math.cosh(lo) : hi < 0 ? Math.cosh(hi) : 1;
  const most = Math.cosh(Math.max(Math.abs(lo), Math.abs(hi)));
  r.set(out, Math.max(1, downBy(least, elementary)), upBy(most, elementary), r.flags[a]);
};

/** Beyond this an angle's turns cannot be counted to a thousandth. */
const largestAngle = 1e12;

/**
 * Whether `from + k·period` may lie in [lo, hi] for a whole k; it may be said to where it lies just beside. Four roundings of
 * numbers as large as the quotients part them from the real ones.
 */
function contains(lo: number, hi: number, from: number, period: number): boolean {
  const slack = (8 * Number.EPSILON * (Math.max(Math.abs(lo), Math.abs(hi)) + period)) / period;
  return Math.floor((hi - from) / period + slack) >= Math.ceil((lo - from) / period - slack);
}

/** sin or cos, largest at `peak` and smallest half a turn later. */
function wave(evaluate: (x: number) => number, peak: number): Rule {
  return (r, out, a) => {
    const lo = r.lo[a];
    const hi = r.hi[a];
    const flags = r.flags[a];
    if (!(Math.max(-lo, hi) < largestAngle) || hi - lo >= 7) {
      r.set(out, -1, 1, flags);
      return;
    }
    const first = evaluate(lo);
    const last = evaluate(hi);
    const least = contains(lo, hi, peak + Math.PI, 2 * Math.PI) ? -1 : Math.min(first, last);
    const most = contains(lo, hi, peak, 2 * Math.PI) ? 1 : Math.max(first, last);
    const isZero = first === 0 && last === 0;
    if (isZero) r.set(out, 0, 0, flags);
    else r.set(out, Math.max(-1, downBy(least, elementary)), Math.min(1, upBy(most, elementary)), flags);
  };
}

export const sin = wave(Math.sin, Math.PI / 2);
export const cos = wave(Math.cos, 0);

export const tan: Rule = (r, out, a) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a];
  if (!(Math.max(-lo, hi) < largestAngle) || hi - lo >= 3.2 || contains(lo, hi, Math.PI / 2, Math.PI)) {
    r.set(out, -Infinity, Infinity, flags | flag.pole);
    return;
  }
  const [first, last] = [Math.tan(lo), Math.tan(hi)];
  r.set(out, downBy(first, elementary), upBy(last, elementary), flags);
};

/** x^y for x ≥ 0: monotone along both, so that its bounds stand at corners. */
function realPower(r: Registers, out: number, [from, to]: readonly number[], b: number, flags: number): void {
  const values = [from, to].flatMap((x) => [Math.pow(x, r.lo[b]), Math.pow(x, r.hi[b])]);
  const [lo, hi] = [Math.min(...values), Math.max(...values)];
  const above = hi === 0 && to === 0 ? 0 : upBy(hi, elementary);
  const isOpen = from === 0 && r.lo[b] < 0;
  r.set(out, lo === 0 ? 0 : Math.max(0, downBy(lo, elementary)), above, isOpen ? flags | flag.pole : flags);
}

/** x to a whole power, for x that reaches below 0. */
function signedPower(r: Registers, out: number, a: number, exponent: number, flags: number): void {
  const lo = r.lo[a];
  const hi = r.hi[a];
  if (exponent === 0) r.set(out, 1, 1, flags);
  else if (exponent > 0) power(r, out, a, exponent, 0);
  else if (hi < 0) {
    const values = [Math.pow(lo, exponent), Math.pow(hi, exponent)];
    r.set(out, downBy(Math.min(...values), elementary), upBy(Math.max(...values), elementary), flags);
  } else r.set(out, exponent % 2 === 0 ? 0 : -Infinity, Infinity, flags | flag.pole);
}

export const pow: Rule = (r, out, a, b) => {
  const lo = r.lo[a];
  const hi = r.hi[a];
  const flags = r.flags[a] | r.flags[b];
  const isThin = r.lo[b] === r.hi[b];
  if (lo >= 0) realPower(r, out, [lo, hi], b, flags);
  else if (isThin && Number.isInteger(r.lo[b])) signedPower(r, out, a, r.lo[b], flags);
  // A negative number has real powers for whole exponents alone, and of both signs.
  else if (!isThin) r.set(out, -Infinity, Infinity, flags | flag.edge);
  else if (hi < 0) r.setEmpty(out, flags);
  else realPower(r, out, [0, hi], b, flags | flag.edge);
};

/** The angle of (x, y): its bounds stand at corners, unless the box meets the cut along the negative axis. */
export const atan2: Rule = (r, out, b, a) => {
  const flags = r.flags[a] | r.flags[b];
  const xl = r.lo[a];
  const xh = r.hi[a];
  const yl = r.lo[b];
  const yh = r.hi[b];
  if (xl <= 0 && yl <= 0 && yh >= 0) {
    r.set(out, -upBy(Math.PI, 1), upBy(Math.PI, 1), flags | flag.kink);
    return;
  }
  const angles = [yl, yh].flatMap((y) => [Math.atan2(y, xl), Math.atan2(y, xh)]);
  r.set(out, downBy(Math.min(...angles), elementary), upBy(Math.max(...angles), elementary), flags);
};
