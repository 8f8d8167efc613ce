import { erf, roundHalfEven, sigmoid, softplus } from '../ops/special.js';

/** A function that formulas may call. */
export interface FormulaFunction {
  /** The least and the largest count of operands. */
  readonly least: number;
  readonly most: number;
  readonly evaluate: (...operands: number[]) => number;
}

function unary(evaluate: (x: number) => number): FormulaFunction {
  return { least: 1, most: 1, evaluate };
}

function binary(evaluate: (x: number, y: number) => number): FormulaFunction {
  return { least: 2, most: 2, evaluate };
}

function several(evaluate: (...operands: number[]) => number): FormulaFunction {
  return { least: 1, most: Infinity, evaluate };
}

/**
 * The functions by name. `log` is the natural logarithm; `step` is 1 from 0 on and 0 below; `round` takes halves to the even
 * neighbour. The parser knows three more spellings: `ln(x)` is `log(x)`, `pow(x, y)` is `x^y` and `|x|` is `abs(x)`.
 */
export const functions: Readonly<Record<string, FormulaFunction>> = {
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tan: unary(Math.tan),
  asin: unary(Math.asin),
  acos: unary(Math.acos),
  atan: unary(Math.atan),
  atan2: binary(Math.atan2),
  sinh: unary(Math.sinh),
  cosh: unary(Math.cosh),
  tanh: unary(Math.tanh),
  asinh: unary(Math.asinh),
  acosh: unary(Math.acosh),
  atanh: unary(Math.atanh),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  log10: unary(Math.log10),
  log2: unary(Math.log2),
  sqrt: unary(Math.sqrt),
  cbrt: unary(Math.cbrt),
  hypot: several(Math.hypot),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  round: unary(roundHalfEven),
  min: several(Math.min),
  max: several(Math.max),
  sigmoid: unary(sigmoid),
  softplus: unary(softplus),
  relu: unary((x) => Math.max(x, 0)),
  step: unary((x) => (x >= 0 ? 1 : 0)),
  erf: unary(erf),
};

/** How a function is called, for messages. */
export function usageOf(name: string): string {
  if (name === 'atan2') return 'atan2(y, x)';
  if (name === 'pow') return 'pow(x, y)';
  return functions[name].most > 1 ? `${name}(x, y, …)` : `${name}(x)`;
}

/** Constants by name. A parameter or an index of the same name hides one. */
export const constants: Readonly<Record<string, number>> = {
  pi: Math.PI,
  e: Math.E,
  tau: 2 * Math.PI,
  phi: (1 + Math.sqrt(5)) / 2,
};

/** Names that mean something in the grammar itself. */
export const keywords: readonly string[] = [
  'sum',
  'prod',
  'if',
  'piecewise',
  'and',
  'or',
  'not',
  'ln',
  'pow',
];

export function isFunctionName(name: string): boolean {
  return Object.hasOwn(functions, name) || keywords.includes(name);
}
