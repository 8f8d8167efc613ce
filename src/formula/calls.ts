import { isCondition, type Condition, type Expression, type FormulaNode } from './ast.js';
import { FormulaError } from './errors.js';
import { functions, usageOf } from './functions.js';

/** A part of a formula that was read, and where it begins. */
export interface Operand {
  readonly node: FormulaNode;
  readonly at: number;
}

export function asNumber(text: string, { node, at }: Operand): Expression {
  if (!isCondition(node)) return node;
  throw new FormulaError(
    'this holds or not, and a number is needed here; write if(condition, 1, 0)',
    text,
    at,
  );
}

export function asCondition(text: string, { node, at }: Operand): Condition {
  if (isCondition(node)) return node;
  throw new FormulaError('this is a number, and a condition such as x > 0 is needed here', text, at);
}

function reduction(
  text: string,
  operation: 'sum' | 'prod',
  operands: readonly Operand[],
  at: number,
): Expression {
  if (operands.length !== 4) {
    throw new FormulaError(`${operation} needs four operands: ${operation}(x[i]^2, i, 1, n)`, text, at);
  }
  const [body, index, from, to] = operands;
  if (index.node.kind !== 'name') {
    throw new FormulaError(
      `the second operand of ${operation} must be the name of its index`,
      text,
      index.at,
    );
  }
  return {
    kind: 'reduction',
    operation,
    body: asNumber(text, body),
    index: index.node.name,
    from: asNumber(text, from),
    to: asNumber(text, to),
    at,
  };
}

function piecewise(
  text: string,
  name: 'if' | 'piecewise',
  operands: readonly Operand[],
  at: number,
): Expression {
  if (name === 'if' && operands.length !== 3) {
    throw new FormulaError('if needs three operands: if(x > 0, x, -x)', text, at);
  }
  if (operands.length % 2 === 0 || operands.length < 3) {
    const example = 'piecewise(x < 0, 0, x < 1, x, 1)';
    throw new FormulaError(
      `piecewise needs conditions with their values and a last value: ${example}`,
      text,
      at,
    );
  }
  const branches = [];
  for (let i = 0; i + 1 < operands.length; i += 2) {
    branches.push({ condition: asCondition(text, operands[i]), value: asNumber(text, operands[i + 1]) });
  }
  return { kind: 'piecewise', branches, otherwise: asNumber(text, operands[operands.length - 1]) };
}

function checkCount(
  text: string,
  name: string,
  count: number,
  least: number,
  most: number,
  at: number,
): void {
  if (count >= least && count <= most) return;
  throw new FormulaError(
    `${usageOf(name)} is given ${count === 1 ? '1 operand' : `${count} operands`}`,
    text,
    at,
  );
}

/**
 * The node that a call makes.
 * @param name a function of the table, or a word of the grammar that is called like one
 * @throws FormulaError where the operands do not fit
 */
export function callNode(text: string, name: string, operands: readonly Operand[], at: number): Expression {
  if (name === 'sum' || name === 'prod') return reduction(text, name, operands, at);
  if (name === 'if' || name === 'piecewise') return piecewise(text, name, operands, at);
  const numbers = operands.map((operand) => asNumber(text, operand));
  if (name === 'pow') {
    checkCount(text, name, numbers.length, 2, 2, at);
    return { kind: 'binary', operator: '^', left: numbers[0], right: numbers[1] };
  }
  const known = name === 'ln' ? 'log' : name;
  checkCount(text, known, numbers.length, functions[known].least, functions[known].most, at);
  return { kind: 'call', name: known, operands: numbers };
}
