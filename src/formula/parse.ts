import { suggest } from '../graph/suggest.js';
import type { ArithmeticOperator, ComparisonOperator, Condition, Expression, FormulaNode } from './ast.js';
import { asCondition, asNumber, callNode, type Operand } from './calls.js';
import { FormulaError } from './errors.js';
import { constants, functions, isFunctionName, keywords } from './functions.js';
import { greekLetters, tokenize, type Token } from './tokens.js';

/** How many sums, products and piecewise functions may stand inside one another. */
const maximumNesting = 200;

/** Binding powers, loosest first. */
const power = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  add: 5,
  multiply: 6,
  implicit: 7,
  fraction: 8,
  sign: 9,
  power: 10,
};

const comparisons: readonly string[] = ['<', '<=', '>', '>=', '==', '!='];

/** x, x1, x_1, x_max, a greek letter or a constant: before "(" such a name is a factor, a longer one is a misspelt function. */
function looksLikeVariable(name: string): boolean {
  return (
    /^\p{L}(?:\p{Nd}+|_[\p{L}\p{Nd}]+)?$/u.test(name) ||
    Object.hasOwn(greekLetters, name) ||
    Object.hasOwn(constants, name)
  );
}

/** What waits for the expression that is being read: the rest of an operator, of parentheses or of a call. */
interface Frame {
  /** How tightly operators must bind after this frame. */
  readonly minimum: number;
  /** Where the expression begins that the frame makes. */
  readonly at: number;
  /** Takes the expression that was read; gives the whole, or undefined where another operand is due first. */
  readonly finish: (node: FormulaNode, at: number) => FormulaNode | undefined;
}

/** A Pratt parser whose recursion is a stack of its own: no nesting is too deep for it. */
class Parser {
  private readonly tokens: readonly Token[];
  private place = 0;
  private readonly frames: Frame[] = [];
  private minimum = power.or;
  /** How many "|" are open inside the innermost parentheses. */
  private bars = 0;
  private nesting = 0;

  constructor(
    private readonly text: string,
    private readonly names: ReadonlySet<string>,
  ) {
    this.tokens = tokenize(text);
  }

  formula(): Expression {
    const node = this.read();
    const { kind, text } = this.token;
    if (kind !== 'end') {
      if (text === ')') throw this.error('this ")" closes nothing');
      if (text === ',')
        throw this.error('a comma separates only what stands in the parentheses of a function');
      if (text === '[') throw this.error('only a name has an element, and only one index: x[1]');
      throw this.expected('an operator or the end of the formula');
    }
    return this.asNumber(node, 0);
  }

  private read(): FormulaNode {
    for (;;) {
      let { at } = this.token;
      let node = this.operand();
      while (node !== undefined) {
        const longer: FormulaNode | 'operand' | undefined = this.infix(node, at);
        if (longer === 'operand') break;
        if (longer !== undefined) {
          node = longer;
          continue;
        }
        const frame = this.frames.pop();
        if (frame === undefined) return node;
        this.minimum = frame.minimum;
        node = frame.finish(node, at);
        at = frame.at;
      }
    }
  }

  /** Lets `finish` wait for an expression of operators that bind at least as tightly as `minimum`. */
  private wait(minimum: number, at: number, finish: Frame['finish']): undefined {
    this.frames.push({ minimum: this.minimum, at, finish });
    this.minimum = minimum;
  }

  private get token(): Token {
    return this.tokens[this.place];
  }

  private error(problem: string, at = this.token.at): FormulaError {
    return new FormulaError(problem, this.text, at);
  }

  private expected(what: string): FormulaError {
    const { kind, at, end } = this.token;
    if (kind === 'end') return this.error(`expected ${what}, but the formula ends here`);
    const found = this.text.slice(at, Math.min(end, at + 20));
    return this.error(`expected ${what}, found "${found}"`);
  }

  private take(symbol: string, after: string): void {
    if (this.token.text !== symbol || this.token.kind !== 'symbol')
      throw this.expected(`"${symbol}" ${after}`);
    this.place++;
  }

  private asNumber(node: FormulaNode, at: number): Expression {
    return asNumber(this.text, { node, at });
  }

  private asCondition(node: FormulaNode, at: number): Condition {
    return asCondition(this.text, { node, at });
  }

  /**
   * Goes on after an operand: gives the longer expression, or 'operand' where an operator was read that waits for one, or
   * undefined where no operator here binds tightly enough.
   */
  private infix(left: FormulaNode, at: number): FormulaNode | 'operand' | undefined {
    const { kind, text } = this.token;
    if (kind === 'superscript') {
      this.place++;
      const right: Expression = { kind: 'number', value: Number(text) };
      return { kind: 'binary', operator: '^', left: this.asNumber(left, at), right };
    }
    if (kind === 'symbol') {
      switch (text) {
        case '+':
        case '-':
          return this.binary(text, power.add, power.add + 1, left, at);
        case '*':
          return this.binary(text, power.multiply, power.multiply + 1, left, at);
        case '/': {
          const binding = this.isFraction(left) ? power.fraction : power.multiply;
          return this.binary(text, binding, binding + 1, left, at);
        }
        case '^':
          return this.binary(text, power.power, power.sign, left, at);
      }
      if (comparisons.includes(text)) {
        return this.minimum <= power.comparison ? this.comparison(left, at, undefined) : undefined;
      }
    }
    if (kind === 'name' && (text === 'and' || text === 'or')) return this.logic(text, left, at);
    if (!this.startsFactor() || this.minimum > power.implicit) return undefined;
    this.place--;
    return this.binary('*', power.implicit, power.fraction, left, at);
  }

  private binary(
    operator: ArithmeticOperator,
    binding: number,
    rightMinimum: number,
    leftNode: FormulaNode,
    at: number,
  ): 'operand' | undefined {
    if (this.minimum > binding) return undefined;
    this.place++;
    const left = this.asNumber(leftNode, at);
    this.wait(rightMinimum, at, (right, rightAt) => ({
      kind: 'binary',
      operator,
      left,
      right: this.asNumber(right, rightAt),
    }));
    return 'operand';
  }

  private logic(operator: 'and' | 'or', leftNode: FormulaNode, at: number): 'operand' | undefined {
    if (this.minimum > power[operator]) return undefined;
    this.place++;
    const left = this.asCondition(leftNode, at);
    this.wait(power[operator] + 1, at, (right, rightAt) => ({
      kind: 'logic',
      operator,
      left,
      right: this.asCondition(right, rightAt),
    }));
    return 'operand';
  }

  /** `a < b` or a chain `a < b <= c`, which stands for `a < b and b <= c`; `before` is the chain's part that was read. */
  private comparison(leftNode: FormulaNode, at: number, before: Condition | undefined): 'operand' {
    const operator = this.token.text as ComparisonOperator;
    this.place++;
    const left = this.asNumber(leftNode, at);
    this.wait(power.add, at, (rightNode, rightAt) => {
      const right = this.asNumber(rightNode, rightAt);
      const link: Condition = { kind: 'comparison', operator, left, right };
      const chain: Condition =
        before === undefined ? link : { kind: 'logic', operator: 'and', left: before, right: link };
      if (this.token.kind !== 'symbol' || !comparisons.includes(this.token.text)) return chain;
      this.comparison(right, rightAt, chain);
      return undefined;
    });
    return 'operand';
  }

  /** Whether the "/" here stands in `number / number factor`: there it binds tighter than the omitted sign, as in ½ x. */
  private isFraction(left: FormulaNode): boolean {
    const unsigned = left.kind === 'negate' ? left.operand : left;
    if (unsigned.kind !== 'number' || this.tokens[this.place - 1].kind !== 'number') return false;
    if (this.tokens[this.place + 1].kind !== 'number') return false;
    const factor = this.tokens[this.place + 2];
    return factor.kind === 'name' ? factor.text !== 'and' && factor.text !== 'or' : factor.text === '(';
  }

  /** Whether a factor begins here, multiplied without a sign. A number does only after a name or a closing parenthesis. */
  private startsFactor(): boolean {
    const { kind, text } = this.token;
    if (kind === 'name') return text !== 'not';
    if (kind === 'symbol') return text === '(' || (text === '|' && this.bars === 0);
    const previous = this.tokens[this.place - 1];
    return kind === 'number' && (previous.kind === 'name' || [')', ']', '|'].includes(previous.text));
  }

  /** Reads an operand, or its beginning: then something waits for the rest, and undefined is given. */
  private operand(): FormulaNode | undefined {
    const { kind, text, at } = this.token;
    if (kind === 'name') return this.named();
    this.place++;
    if (kind === 'number') return { kind: 'number', value: Number(text) };
    if (kind === 'symbol') {
      switch (text) {
        case '-':
          return this.wait(power.sign, at, (node, place) => ({
            kind: 'negate',
            operand: this.asNumber(node, place),
          }));
        case '+':
          return this.wait(power.sign, at, (node, place) => this.asNumber(node, place));
        case '(':
          return this.enclose(')', 0, power.or, at, (inside) => inside);
        case '|':
          return this.enclose('|', this.bars + 1, power.add, at, (inside, place) => {
            return { kind: 'call', name: 'abs', operands: [this.asNumber(inside, place)] };
          });
      }
    }
    this.place--;
    throw this.expected('a number, a variable, a function or "("');
  }

  /** Waits for what stands before `closing`; the opening sign, at `at`, was read. */
  private enclose(
    closing: ')' | ']' | '|',
    bars: number,
    minimum: number,
    at: number,
    finish: (inside: FormulaNode, at: number) => FormulaNode,
  ): undefined {
    const outside = this.bars;
    const opening = this.tokens[this.place - 1];
    this.bars = bars;
    this.wait(minimum, at, (inside, place) => {
      this.take(closing, `for the "${opening.text}" at character ${opening.at + 1}`);
      this.bars = outside;
      return finish(inside, place);
    });
  }

  private named(): FormulaNode | undefined {
    const { text: name, at } = this.token;
    const next = this.tokens[this.place + 1];
    if (name === 'and' || name === 'or') throw this.expected('a condition');
    if (name === 'not') {
      this.place++;
      return this.wait(power.not, at, (node, place) => ({
        kind: 'not',
        operand: this.asCondition(node, place),
      }));
    }
    if (isFunctionName(name)) {
      if (next.text === '(') return this.call(name, at);
      if (next.text === '^')
        throw this.error(`${name} is a function; write the power behind it: ${name}(x)^2`);
      throw this.error(`${name} is a function; write what it is of in parentheses`);
    }
    this.place++;
    if (next.text === '[') {
      this.place++;
      return this.enclose(']', 0, power.or, at, (index, place) => {
        return { kind: 'element', name, index: this.asNumber(index, place), at };
      });
    }
    if (next.text === '(' && !this.names.has(name) && !looksLikeVariable(name)) {
      const guess = suggest(name, [...Object.keys(functions), ...keywords]);
      const hint = guess === undefined ? `for a product write ${name}*(…)` : `did you mean ${guess}?`;
      throw this.error(`there is no function ${name}; ${hint}`, at);
    }
    return { kind: 'name', name, at };
  }

  private call(name: string, at: number): FormulaNode | undefined {
    const { bars } = this;
    const operands: Operand[] = [];
    const nests = name === 'sum' || name === 'prod' || name === 'if' || name === 'piecewise';
    if (nests && ++this.nesting > maximumNesting) {
      throw this.error(
        `more than ${maximumNesting} sums, products and piecewise functions stand inside one another here`,
      );
    }
    const close = () => {
      this.take(')', `or "," in ${name}(…)`);
      this.bars = bars;
      if (nests) this.nesting--;
      return callNode(this.text, name, operands, at);
    };
    const next = () => {
      this.wait(power.or, at, (node, place) => {
        operands.push({ node, at: place });
        if (this.token.text !== ',') return close();
        this.place++;
        next();
        return undefined;
      });
    };
    this.bars = 0;
    this.place += 2;
    if (this.token.text === ')') return close();
    next();
    return undefined;
  }
}

/**
 * Reads a formula.
 *
 * Operators, loosest first: `or`, `and`, `not`, comparisons (`a < b < c` means both), `+ -`, `* /`, the omitted sign of
 * multiplication, signs, powers (right-associative). So `-x^2` is −(x²), `2^-x` is 2⁻ˣ, `a / b c` is a/(bc), and, as in mathjs,
 * `1/2 x` of two numbers and a factor is (1/2)x. A name before "(" is a factor if it is one letter, with digits or an index
 * after it, greek, a constant or one of `names`; any other must be a function.
 *
 * @param names variables and parameters that are known to be no functions
 * @throws FormulaError
 * @example
 * ```ts
 * import { evaluate, parse, print } from 'scree/formula';
 *
 * const node = parse('1/2 x^2 + sin(x)');
 * console.log(print(node), evaluate(node, { x: 0 }));
 * ```
 * ```text
 * 1/2*x^2 + sin(x) 0
 * ```
 */
export function parse(text: string, names: Iterable<string> = []): Expression {
  return new Parser(text, new Set(names)).formula();
}
