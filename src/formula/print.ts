import { childrenOf, type Expression, type FormulaNode } from './ast.js';

/** Text, or a node whose text belongs there. */
export type Piece = string | FormulaNode;

/** How tightly the outermost sign of a node binds, on the parser's scale; higher for what is closed in itself. */
const strength = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  sign: 9,
  '^': 10,
  closed: 11,
};

function strengthOf(node: FormulaNode): number {
  switch (node.kind) {
    case 'binary':
    case 'logic':
      return strength[node.operator];
    case 'negate':
      return strength.sign;
    case 'comparison':
    case 'not':
      return strength[node.kind];
    default:
      return strength.closed;
  }
}

/** Whether the text of `child` needs parentheses where at least `minimum` is asked for. */
export function needsParentheses(child: FormulaNode, minimum: number): boolean {
  return strengthOf(child) < minimum;
}

/** What the left and right operands of a node with two must have to stand without parentheses. */
export function operandStrengths(node: FormulaNode): readonly [number, number] {
  switch (node.kind) {
    case 'binary':
      return node.operator === '^'
        ? [strength.closed, strength.sign]
        : [strength[node.operator], strength[node.operator] + 1];
    case 'logic':
      return [strength[node.operator], strength[node.operator] + 1];
    default:
      return [strength['+'], strength['+']];
  }
}

export function separated(nodes: readonly FormulaNode[], separator: string): Piece[] {
  return nodes.flatMap((node, place) => (place === 0 ? [node] : [separator, node]));
}

/** Writes a tree from the left to the right, without recursion. */
export function write(root: FormulaNode, pieces: (node: FormulaNode) => readonly Piece[]): string {
  const written: string[] = [];
  const stack: Piece[] = [root];
  for (let piece = stack.pop(); piece !== undefined; piece = stack.pop()) {
    if (typeof piece === 'string') written.push(piece);
    else {
      const parts = pieces(piece);
      for (let place = parts.length - 1; place >= 0; place--) stack.push(parts[place]);
    }
  }
  return written.join('');
}

const spaced = new Set<string>(['+', '-', 'and', 'or', '<', '<=', '>', '>=', '==', '!=']);

function printed(node: FormulaNode): readonly Piece[] {
  const enclose = (child: FormulaNode, minimum: number): readonly Piece[] =>
    needsParentheses(child, minimum) ? ['(', child, ')'] : [child];
  switch (node.kind) {
    case 'number':
      return [String(node.value)];
    case 'name':
      return [node.name];
    case 'element':
      return [node.name, '[', node.index, ']'];
    case 'negate':
      return ['-', ...enclose(node.operand, strength.sign)];
    case 'not':
      return ['not (', node.operand, ')'];
    case 'binary':
    case 'logic':
    case 'comparison': {
      const [left, right] = operandStrengths(node);
      const operator = spaced.has(node.operator) ? ` ${node.operator} ` : node.operator;
      return [...enclose(node.left, left), operator, ...enclose(node.right, right)];
    }
    case 'call':
      return [node.name, '(', ...separated(node.operands, ', '), ')'];
    case 'reduction':
      return [node.operation, '(', node.body, ', ', node.index, ', ', node.from, ', ', node.to, ')'];
    case 'piecewise':
      return [node.branches.length === 1 ? 'if(' : 'piecewise(', ...separated(childrenOf(node), ', '), ')'];
  }
}

/** The formula as text, with no more parentheses than its meaning needs. `parse` reads the same tree from it. */
export function print(node: Expression): string {
  return write(node, printed);
}
