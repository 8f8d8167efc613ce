import type { Tensor } from '../graph/tensor.js';
import { where } from '../ops/index.js';
import { childrenOf, type CallNode, type Expression, type FormulaNode } from './ast.js';

/** 1/(2k + 1)! with alternating signs, the highest first: sin x / x as a polynomial in x², to the last bit where |x| < 1. */
const coefficients = Array.from({ length: 12 }, (_, k) => {
  let coefficient = k % 2 === 0 ? 1 : -1;
  for (let factor = 2; factor <= 2 * k + 1; factor++) coefficient /= factor;
  return coefficient;
}).reverse();

/**
 * sin x / x, and 1 at 0. The quotient loses there: its derivatives are differences of ever larger numbers, and at 0 all of them
 * are NaN although the function is as smooth as any.
 */
export function sinc(x: number): number {
  if (!(Math.abs(x) < 1)) return Math.sin(x) / x;
  return coefficients.reduce((sum, coefficient) => sum * (x * x) + coefficient, 0);
}

/** The same on a tensor, with derivatives of every order. */
export function traceSinc(x: Tensor): Tensor {
  const near = x.abs().less(1);
  const small = where(near, x, 0).square();
  const large = where(near, 1, x);
  const series = coefficients
    .slice(1)
    .reduce((sum, coefficient) => sum.mul(small).add(coefficient), small.zerosLike().add(coefficients[0]));
  return where(near, series, large.sin().div(large));
}

function sameNode(a: FormulaNode, b: FormulaNode): boolean {
  switch (a.kind) {
    case 'number':
      return b.kind === 'number' && a.value === b.value;
    case 'name':
    case 'element':
    case 'call':
      return a.kind === b.kind && a.name === b.name;
    case 'binary':
    case 'comparison':
    case 'logic':
      return a.kind === b.kind && a.operator === b.operator;
    case 'reduction':
      return b.kind === 'reduction' && a.operation === b.operation && a.index === b.index;
    default:
      return a.kind === b.kind;
  }
}

function sameTree(a: FormulaNode, b: FormulaNode): boolean {
  const pairs: [FormulaNode, FormulaNode][] = [[a, b]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (!sameNode(left, right)) return false;
    const [leftChildren, rightChildren] = [childrenOf(left), childrenOf(right)];
    if (leftChildren.length !== rightChildren.length) return false;
    leftChildren.forEach((child, place) => pairs.push([child, rightChildren[place]]));
  }
  return true;
}

function isSineOf(node: Expression, operand: Expression): node is CallNode {
  return node.kind === 'call' && node.name === 'sin' && sameTree(node.operands[0], operand);
}

/** A quotient that contains sin u / u, taken apart. */
export interface SincQuotient {
  /** u. */
  readonly operand: Expression;
  /** What else the numerator is multiplied by, if anything. */
  readonly factor: Expression | undefined;
}

/** Takes sin(u)/u, a*sin(u)/u and sin(u)*a/u apart; undefined for any other node. */
export function sincQuotient(node: FormulaNode): SincQuotient | undefined {
  if (node.kind !== 'binary' || node.operator !== '/') return undefined;
  const { left: numerator, right: operand } = node;
  if (isSineOf(numerator, operand)) return { operand, factor: undefined };
  if (numerator.kind !== 'binary' || numerator.operator !== '*') return undefined;
  const { left, right } = numerator;
  if (isSineOf(right, operand)) return { operand, factor: left };
  return isSineOf(left, operand) ? { operand, factor: right } : undefined;
}
