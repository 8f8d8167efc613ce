import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { TensorLike } from '../ops/index.js';
import { erf, roundHalfEven, sigmoid, softplus } from '../ops/special.js';

/** A function that formulas may call. */
export interface FormulaFunction {
  /** The least and the largest count of operands. */
  readonly least: number;
  readonly most: number;
  readonly evaluate: (...operands: number[]) => number;
  /** The same on tensors; at least one operand is one. */
  readonly trace: (...operands: TensorLike[]) => Tensor;
  /**
   * An operand at which the function and all its derivatives are finite, for a function that has others. In the branch of a
   * piecewise function that is not taken it stands in for the operand: 0 times an infinite derivative would be NaN.
   */
  readonly safe?: number;
}

type Definition = Pick<FormulaFunction, 'evaluate' | 'trace' | 'safe'>;

function unary(
  evaluate: (x: number) => number,
  trace: (x: TensorLike) => Tensor,
  safe?: number,
): FormulaFunction {
  return { least: 1, most: 1, evaluate, trace, safe };
}

function several({ evaluate, trace, safe }: Definition): FormulaFunction {
  return { least: 1, most: Infinity, evaluate, trace, safe };
}

/** A function of two operands applied to any number of them. */
function chained(combine: (x: TensorLike, y: TensorLike) => Tensor, alone: (x: Tensor) => Tensor) {
  return (...operands: TensorLike[]): Tensor => {
    const [first, ...rest] = operands;
    const start = rest.length === 0 ? alone(ops.toTensor('formula', first)) : first;
    return ops.toTensor('formula', rest.reduce(combine, start));
  };
}

const itself = (x: Tensor) => x;

/**
 * The functions by name. `log` is the natural logarithm; `step` is 1 from 0 on and 0 below; `round` takes halves to the even
 * neighbour. The parser knows three more spellings: `ln(x)` is `log(x)`, `pow(x, y)` is `x^y` and `|x|` is `abs(x)`.
 */
export const functions: Readonly<Record<string, FormulaFunction>> = {
  sin: unary(Math.sin, ops.sin),
  cos: unary(Math.cos, ops.cos),
  tan: unary(Math.tan, ops.tan),
  asin: unary(Math.asin, ops.asin, 0),
  acos: unary(Math.acos, ops.acos, 0),
  atan: unary(Math.atan, ops.atan),
  atan2: { least: 2, most: 2, evaluate: Math.atan2, trace: ops.atan2, safe: 1 },
  sinh: unary(Math.sinh, ops.sinh, 0),
  cosh: unary(Math.cosh, ops.cosh, 0),
  tanh: unary(Math.tanh, ops.tanh),
  asinh: unary(Math.asinh, ops.asinh),
  acosh: unary(Math.acosh, ops.acosh, 2),
  atanh: unary(Math.atanh, ops.atanh, 0),
  exp: unary(Math.exp, ops.exp, 0),
  expm1: unary(Math.expm1, ops.expm1, 0),
  log: unary(Math.log, ops.log, 1),
  log1p: unary(Math.log1p, ops.log1p, 0),
  log10: unary(Math.log10, (x) => ops.log(x).mul(Math.LOG10E), 1),
  log2: unary(Math.log2, (x) => ops.log(x).mul(Math.LOG2E), 1),
  sqrt: unary(Math.sqrt, ops.sqrt, 1),
  cbrt: unary(Math.cbrt, ops.cbrt, 1),
  hypot: several({ evaluate: Math.hypot, trace: chained(ops.hypot, ops.abs), safe: 1 }),
  abs: unary(Math.abs, ops.abs),
  sign: unary(Math.sign, ops.sign),
  floor: unary(Math.floor, ops.floor),
  ceil: unary(Math.ceil, ops.ceil),
  round: unary(roundHalfEven, ops.round),
  min: several({ evaluate: Math.min, trace: chained(ops.minimum, itself) }),
  max: several({ evaluate: Math.max, trace: chained(ops.maximum, itself) }),
  sigmoid: unary(sigmoid, ops.sigmoid),
  softplus: unary(softplus, ops.softplus),
  relu: unary((x) => Math.max(x, 0), ops.relu),
  step: unary(
    (x) => (x >= 0 ? 1 : 0),
    (x) => {
      const tensor = ops.toTensor('step', x);
      return tensor.greaterEqual(0).cast(tensor.dtype);
    },
  ),
  erf: unary(erf, ops.erf),
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
