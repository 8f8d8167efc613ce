/** How each elementwise op acts on power series. */
import { erf, roundHalfEven, sigmoid, softplus } from '../ops/special.js';
import {
  add,
  affine,
  agree,
  circular,
  combine,
  constantSeries,
  integrate,
  isNear,
  kinked,
  multiply,
  power,
  reciprocal,
  solveRiccati,
  wholePower,
  type Series,
} from './jet-series.js';

/** The series of an op's result from those of its operands. A truth is 0 or 1, or ½ of a comparison that changes at the very point. */
export type SeriesRule = (...operands: Series[]) => Series;

/** The largest whole exponent of a series with a constant part that is taken by squaring. */
const largestSquared = 64;

function isConstant({ degree, value }: Series): boolean {
  return degree === 0 || value.every((coefficient, place) => place === 0 || coefficient === 0);
}

/** What JavaScript says of a number, without its sign where it is zero. */
const at = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(6))));

/** The rule's result, or the value alone where the function has one and its derivatives are not finite. */
function smooth(name: string, rule: SeriesRule): SeriesRule {
  return (...operands) => {
    const result = rule(...operands);
    if (result.kink !== undefined || result.degree === 0 || !Number.isFinite(result.value[0])) return result;
    if (result.value.every(Number.isFinite)) return result;
    const [a] = operands;
    return kinked(constantSeries(a.space, a.value[0]), result.value[0], `${name} at ${at(a.value[0])}`);
  };
}

/** φ(a) with φ's derivative as a series of a. */
function byDerivative(
  name: string,
  evaluate: (x: number) => number,
  slope: (a: Series) => Series,
): SeriesRule {
  return smooth(name, (a) => {
    const value = evaluate(a.value[0]);
    return integrate(a, value, Number.isFinite(value) ? slope(a) : constantSeries(a.space, value));
  });
}

function byRiccati(
  name: string,
  evaluate: (x: number) => number,
  coefficients: readonly number[],
): SeriesRule {
  return smooth(name, (a) => solveRiccati(a, evaluate(a.value[0]), coefficients));
}

function raise(name: string, a: Series, exponent: number, value: number): Series {
  const base = a.value[0];
  if (isConstant(a)) return power({ ...a, degree: 0 }, base === 0 ? 0 : exponent, value);
  const isWhole = Number.isInteger(exponent);
  if (isWhole && exponent >= 0 && (exponent <= largestSquared || isNear(a, 0)))
    return wholePower(a, exponent);
  if (isNear(a, 0) && value === value && Number.isFinite(value)) return kinked(a, value, `${name} at 0`);
  return power(a, exponent, value);
}

function pow(a: Series, b: Series): Series {
  const [base, exponent] = [a.value[0], b.value[0]];
  const value = base === 1 ? 1 : Math.pow(base, exponent);
  if (isConstant(b)) return raise(`x^${at(exponent)}`, a, exponent, value);
  if (isNear(a, 0) && Number.isFinite(value)) return kinked(a, value, `x^y at x = ${at(base)}`);
  const logarithm = integrate(a, Math.log(base), reciprocal(a));
  const product = multiply(b, logarithm);
  return solveRiccati(product, value, [0, 1, 0]);
}

function absolute(a: Series): Series {
  if (isConstant(a)) return constantSeries(a.space, Math.abs(a.value[0]), a.error[0]);
  if (isNear(a, 0)) return kinked(a, Math.abs(a.value[0]), `|x| at ${at(a.value[0])}`);
  return a.value[0] < 0 ? affine(a, -1, 0) : a;
}

/** The larger (sign 1) or smaller (−1) of two. */
function choose(name: string, sign: 1 | -1): SeriesRule {
  return (a, b) => {
    const difference = combine(a, sign, b, -sign);
    if (Number.isNaN(difference.value[0])) return constantSeries(a.space, NaN);
    if (isNear(difference, 0) && !isConstant(difference)) {
      return agree(a, b) ? a : kinked(a, a.value[0], `${name} where both are ${at(a.value[0])}`);
    }
    return difference.value[0] >= 0 ? a : b;
  };
}

/** An op whose values are steps; `jumps` gives the nearest place where it jumps. */
function step(name: string, evaluate: (x: number) => number, jump: (x: number) => number): SeriesRule {
  return (a) => {
    const value = evaluate(a.value[0]);
    if (isConstant(a)) return constantSeries(a.space, value);
    const place = jump(a.value[0]);
    return isNear(a, place)
      ? kinked(a, value, `${name} at ${at(place)}`)
      : { ...constantSeries(a.space, value), kink: a.kink };
  };
}

function remainder(a: Series, b: Series): Series {
  const quotient = multiply(a, reciprocal(b));
  const whole = step('the remainder', Math.floor, Math.round)(quotient);
  return combine(a, 1, multiply(b, whole), -1);
}

function hypot(a: Series, b: Series): Series {
  const squares = add(multiply(a, a), multiply(b, b));
  const value = Math.hypot(a.value[0], b.value[0]);
  if (isNear(a, 0) && isNear(b, 0) && !isConstant(squares)) return kinked(a, value, 'hypot at (0, 0)');
  return power(squares, 0.5, value);
}

function atan2(y: Series, x: Series): Series {
  const value = Math.atan2(y.value[0], x.value[0]);
  const changes = !isConstant(x) || !isConstant(y);
  if (!changes) return constantSeries(x.space, value, 4 * Number.EPSILON * Math.abs(value));
  if (isNear(x, 0) && isNear(y, 0)) return kinked(x, value, 'atan2 at (0, 0)');
  if (isNear(y, 0) && x.value[0] < 0) return kinked(x, value, 'atan2 where it jumps from π to −π');
  const inverse = reciprocal(add(multiply(x, x), multiply(y, y)));
  const along = integrate(y, value, multiply(x, inverse));
  return combine(along, 1, integrate(x, 0, multiply(y, inverse)), -1);
}

function comparison(evaluate: (x: number, y: number) => boolean, isEquality: boolean): SeriesRule {
  return (a, b) => {
    const difference = combine(a, 1, b, -1);
    const truth = evaluate(a.value[0], b.value[0]) ? 1 : 0;
    if (isConstant(difference) || !isNear(difference, 0)) return constantSeries(a.space, truth);
    // Equality holds on a thin set only: around the point it does not.
    return constantSeries(a.space, isEquality ? (evaluate(0, 1) ? 1 : 0) : 0.5);
  };
}

function where(condition: Series, a: Series, b: Series): Series {
  return condition.value[0] !== 0 ? a : b;
}

function maskPositive(cotangent: Series, y: Series): Series {
  if (isNear(y, 0) && !isConstant(y)) return kinked(cotangent, 0, 'relu at 0');
  return y.value[0] <= 0 ? constantSeries(y.space, 0) : cotangent;
}

const square = (a: Series): Series => multiply(a, a);
/** (shift + factor·a²)^exponent. */
const ofSquare = (a: Series, factor: number, shift: number, exponent: number): Series => {
  const base = affine(square(a), factor, shift);
  return power(base, exponent, Math.pow(base.value[0], exponent));
};
const logistic: SeriesRule = byRiccati('sigmoid', sigmoid, [0, 1, -1]);
const exponential: SeriesRule = byRiccati('exp', Math.exp, [0, 1, 0]);
const sine = (a: Series) => circular(a, Math.sin(a.value[0]), Math.cos(a.value[0]), -1);
const hyperbolic = (a: Series) => circular(a, Math.sinh(a.value[0]), Math.cosh(a.value[0]), 1);
const itself: SeriesRule = (a) => a;
const same: SeriesRule = (a) => constantSeries(a.space, a.value[0], a.error[0]);

/** By the op's name. */
export const seriesRules: Readonly<Record<string, SeriesRule>> = {
  add,
  sub: (a, b) => combine(a, 1, b, -1),
  mul: multiply,
  div: (a, b) => multiply(a, reciprocal(b)),
  neg: (a) => affine(a, -1, 0),
  reciprocal,
  pow,
  maximum: choose('max', 1),
  minimum: choose('min', -1),
  relu: (a) => choose('relu', 1)(a, constantSeries(a.space, 0)),
  remainder,
  hypot,
  atan2,
  exp: exponential,
  expm1: byRiccati('expm1', Math.expm1, [1, 1, 0]),
  log: byDerivative('log', Math.log, reciprocal),
  log1p: byDerivative('log1p', Math.log1p, (a) => reciprocal(affine(a, 1, 1))),
  sqrt: (a) => raise('√x', a, 0.5, Math.sqrt(a.value[0])),
  rsqrt: (a) => raise('1/√x', a, -0.5, 1 / Math.sqrt(a.value[0])),
  cbrt: (a) => raise('∛x', a, 1 / 3, Math.cbrt(a.value[0])),
  sin: (a) => sine(a).s,
  cos: (a) => sine(a).c,
  tan: byRiccati('tan', Math.tan, [1, 0, 1]),
  asin: byDerivative('asin', Math.asin, (a) => ofSquare(a, -1, 1, -0.5)),
  acos: byDerivative('acos', Math.acos, (a) => affine(ofSquare(a, -1, 1, -0.5), -1, 0)),
  atan: byDerivative('atan', Math.atan, (a) => ofSquare(a, 1, 1, -1)),
  sinh: (a) => hyperbolic(a).s,
  cosh: (a) => hyperbolic(a).c,
  tanh: byRiccati('tanh', Math.tanh, [1, 0, -1]),
  asinh: byDerivative('asinh', Math.asinh, (a) => ofSquare(a, 1, 1, -0.5)),
  acosh: byDerivative('acosh', Math.acosh, (a) => ofSquare(a, 1, -1, -0.5)),
  atanh: byDerivative('atanh', Math.atanh, (a) => ofSquare(a, -1, 1, -1)),
  sigmoid: logistic,
  softplus: byDerivative('softplus', softplus, logistic),
  erf: byDerivative('erf', erf, (a) => {
    return affine(exponential(affine(square(a), -1, 0)), 2 / Math.sqrt(Math.PI), 0);
  }),
  abs: absolute,
  sign: step('sign', Math.sign, () => 0),
  floor: step('floor', Math.floor, Math.round),
  ceil: step('ceil', Math.ceil, Math.round),
  round: step('round', roundHalfEven, (x) => Math.floor(x) + 0.5),
  maskPositive,
  equal: comparison((x, y) => x === y, true),
  notEqual: comparison((x, y) => x !== y, true),
  less: comparison((x, y) => x < y, false),
  lessEqual: comparison((x, y) => x <= y, false),
  greater: comparison((x, y) => x > y, false),
  greaterEqual: comparison((x, y) => x >= y, false),
  and: (a, b) => constantSeries(a.space, Math.min(a.value[0], b.value[0])),
  or: (a, b) => constantSeries(a.space, Math.max(a.value[0], b.value[0])),
  not: (a) => constantSeries(a.space, 1 - a.value[0]),
  where,
  identity: itself,
  stopGradient: same,
  to_float64: itself,
  to_float32: itself,
  to_int32: step('truncation', Math.trunc, Math.round),
  to_bool: (a) => constantSeries(a.space, a.value[0] !== 0 ? 1 : 0),
};
