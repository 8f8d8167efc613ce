import {
  childrenOf,
  fold,
  type ArithmeticOperator,
  type ComparisonOperator,
  type Expression,
  type FormulaNode,
} from './ast.js';
import { errorAt } from './errors.js';
import { constants, functions } from './functions.js';
import { sinc, sincQuotient } from './sinc.js';

/** Numbers and lists of numbers by name. The first element of a list is `x[1]`. */
export type Values = Readonly<Record<string, number | ArrayLike<number>>>;

/** The most terms that the sums and products of one evaluation may have in all. */
const maximumTerms = 1_000_000;

/** The indices that have a value where an expression stands, the innermost first. */
export interface Scope {
  readonly index: string;
  readonly value: number;
  readonly outer: Scope | undefined;
}

export const compare: Readonly<Record<ComparisonOperator, (x: number, y: number) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
};

export function arithmetic(operator: ArithmeticOperator, x: number, y: number): number {
  switch (operator) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      return x / y;
    case '^':
      return x ** y;
  }
}

/** What is evaluated before its parent: not a reduction's body nor a piecewise's branches, which their parent chooses. */
function eager(node: FormulaNode): readonly FormulaNode[] {
  if (node.kind === 'reduction') return [node.from, node.to];
  const quotient = sincQuotient(node);
  if (quotient !== undefined)
    return quotient.factor === undefined ? [quotient.operand] : [quotient.operand, quotient.factor];
  return node.kind === 'piecewise' ? [] : childrenOf(node);
}

/** Evaluates parts of one formula; counts the terms of all of them together. */
export class Evaluator {
  private terms = 0;

  constructor(
    private readonly values: Values,
    private readonly text: string,
  ) {}

  /** The value of an expression; a condition's is 1 or 0. */
  evaluate(node: FormulaNode, scope?: Scope): number {
    return fold(node, (child, operands: number[]) => this.combine(child, operands, scope), eager);
  }

  private combine(node: FormulaNode, operands: number[], scope: Scope | undefined): number {
    const [x, y] = operands;
    switch (node.kind) {
      case 'number':
        return node.value;
      case 'name':
        return this.lookUp(node.name, node.at, scope);
      case 'element':
        return this.element(node.name, x, node.at);
      case 'negate':
        return -x;
      case 'binary':
        return sincQuotient(node) === undefined ? arithmetic(node.operator, x, y) : sinc(x) * (y ?? 1);
      case 'call':
        return functions[node.name].evaluate(...operands);
      case 'comparison':
        return compare[node.operator](x, y) ? 1 : 0;
      case 'logic':
        return node.operator === 'and' ? Math.min(x, y) : Math.max(x, y);
      case 'not':
        return 1 - x;
      case 'piecewise': {
        const branch = node.branches.find(({ condition }) => this.evaluate(condition, scope) === 1);
        return this.evaluate(branch?.value ?? node.otherwise, scope);
      }
      case 'reduction': {
        checkBounds(node.operation, x, y, this.text, node.at);
        const isSum = node.operation === 'sum';
        let result = isSum ? 0 : 1;
        for (let value = x; value <= y; value++) {
          if (++this.terms > maximumTerms) {
            const limit = maximumTerms.toLocaleString('en');
            throw errorAt(
              `the sums and products of a formula may have ${limit} terms in all, these have more`,
              this.text,
              node.at,
            );
          }
          const term = this.evaluate(node.body, { index: node.index, value, outer: scope });
          result = isSum ? result + term : result * term;
        }
        return result;
      }
    }
  }

  private lookUp(name: string, at: number | undefined, scope: Scope | undefined): number {
    for (let inner = scope; inner !== undefined; inner = inner.outer)
      if (inner.index === name) return inner.value;
    const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    if (typeof value === 'number') return value;
    if (value !== undefined)
      throw errorAt(`${name} is a list; write ${name}[1] for an element of it`, this.text, at);
    if (Object.hasOwn(constants, name)) return constants[name];
    throw errorAt(`${name} has no value`, this.text, at);
  }

  private element(name: string, index: number, at: number | undefined): number {
    const list = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    if (list === undefined) throw errorAt(`${name} has no value`, this.text, at);
    if (typeof list === 'number') throw errorAt(`${name} is a number, not a list`, this.text, at);
    if (!Number.isInteger(index) || index < 1 || index > list.length) {
      throw errorAt(
        `${name}[${index}] does not exist; ${name} has the elements 1 to ${list.length}`,
        this.text,
        at,
      );
    }
    return list[index - 1];
  }
}

/** Throws unless both bounds of a reduction are integers that a double counts exactly. */
export function checkBounds(operation: string, from: number, to: number, text: string, at?: number): void {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to)) return;
  throw errorAt(`${operation} counts from an integer to an integer, not from ${from} to ${to}`, text, at);
}

/**
 * The value of a formula in plain numbers: the readable twin of the traced one. Comparisons with NaN do not hold. A sum of
 * nothing is 0, a product of nothing 1. sin(u)/u is 1 where u is 0.
 * @param values what every variable and parameter is
 * @param text the formula's text, for error messages
 * @throws FormulaError where a name has no value, an element does not exist or bounds are no integers
 */
export function evaluate(node: Expression, values: Values, text = ''): number {
  return new Evaluator(values, text).evaluate(node);
}
