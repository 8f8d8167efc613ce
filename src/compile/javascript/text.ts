import type { DType } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { Node } from '../../graph/graph.js';

/** A number as it is written in generated code, safe beside any operator. */
export function literal(value: number): string {
  if (Object.is(value, -0)) return '(-0)';
  return value < 0 ? `(${value})` : String(value);
}

/** The expression rounded as a store into an array of the element type would round it. */
export function rounded(expression: string, dtype: DType): string {
  switch (dtype) {
    case 'float64':
      return bare(expression);
    case 'float32':
      return expression.startsWith('Math.fround(') && closes(expression, 11)
        ? expression
        : `Math.fround(${bare(expression)})`;
    case 'int32':
      return `${expression} | 0`;
    case 'bool':
      return expression.endsWith(' ? 1 : 0)') ? bare(expression) : `${expression} & 255`;
  }
}

/** Whether the bracket that opens at `at` closes at the end. */
function closes(expression: string, at: number): boolean {
  let depth = 0;
  for (let i = at; i < expression.length; i++) {
    if (expression[i] === '(') depth++;
    if (expression[i] === ')' && --depth === 0) return i === expression.length - 1;
  }
  return false;
}

/** Without the brackets around the whole. */
export function bare(expression: string): string {
  return expression.startsWith('(') && closes(expression, 0) ? expression.slice(1, -1) : expression;
}

/** Values that generated code refers to by name. */
export class Hoisted {
  readonly values = new Map<string, unknown>();
  private readonly names = new Map<unknown, string>();

  /** The name of a value: known values keep theirs. */
  name(prefix: string, value: unknown): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = `${prefix}${this.values.size}`;
    this.values.set(name, value);
    this.names.set(value, name);
    return name;
  }
}

/** The text of one application of an elementwise op to named operands, rounded to its element type. */
export function elementwiseText(node: Node, operands: readonly string[], hoisted: Hoisted): string {
  const { op, dtype } = node;
  if (op.elementwise === undefined) throw new ScreeError(`compile: ${op.name} is not elementwise`);
  const { code, evaluate } = op.elementwise;
  const text =
    code === undefined ? `${hoisted.name('f', evaluate)}(${operands.join(', ')})` : code(...operands);
  // A conversion to a wider type, or none: the operand as it is.
  if (operands.includes(text)) return text;
  return rounded(text, dtype);
}

/** A name or a number: text that needs no variable to stand for it. */
export function isAtom(text: string): boolean {
  return /^[\w$.]+$|^\(-[\w.]+\)$/.test(text);
}

/** Statements, which may have several lines each, two spaces further right. */
export function indent(statements: readonly string[]): string[] {
  return statements.map((statement) => statement.replace(/^/gm, '  '));
}
