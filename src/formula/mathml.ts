import type { BinaryNode, Expression, FormulaNode, PiecewiseNode } from './ast.js';
import { needsParentheses, operandStrengths, separated, write, type Piece } from './print.js';
import { greekLetters } from './tokens.js';

const operatorSigns: Readonly<Record<string, string>> = {
  '+': '+',
  '-': '−',
  '<': '&lt;',
  '<=': '≤',
  '>': '&gt;',
  '>=': '≥',
  '==': '=',
  '!=': '≠',
};

/** Each node is rendered as one element, so that it can be a child of a fraction or power as it is. */
const sign = (text: string) => `<mo>${text}</mo>`;
const element = (tag: string, ...inside: readonly Piece[]): Piece[] => [`<${tag}>`, ...inside, `</${tag}>`];
const row = (...inside: readonly Piece[]) => element('mrow', ...inside);
const parenthesized = (...inside: readonly Piece[]) => row(sign('('), ...inside, sign(')'));
const fenced = (left: string, inside: Piece, right: string) =>
  row(`<mo stretchy="true">${left}</mo>`, inside, `<mo stretchy="true">${right}</mo>`);
const enclosedUnless = (bare: boolean, node: FormulaNode) => (bare ? [node] : parenthesized(node));

/** alpha is α, x1 and x_1 are x with an index. */
function identifier(name: string): string {
  const parts = /^(\p{L}+?)_?(\p{Nd}+)$|^(\p{L}+)_([\p{L}\p{Nd}]+)$/u.exec(name);
  const [stem, index] = parts === null ? [name, undefined] : [parts[1] ?? parts[3], parts[2] ?? parts[4]];
  const base = `<mi>${Object.hasOwn(greekLetters, stem) ? greekLetters[stem] : stem}</mi>`;
  if (index === undefined) return base;
  return `<msub>${base}${/^\p{Nd}+$/u.test(index) ? `<mn>${index}</mn>` : `<mi>${index}</mi>`}</msub>`;
}

/** 1e-7 is written 10⁻⁷. */
function numeral(value: number): string {
  const [digits, exponent] = String(value).split('e');
  if (exponent === undefined) return `<mn>${digits}</mn>`;
  const size = `<mn>${exponent.replace(/^[+-]/, '')}</mn>`;
  const raised = exponent.startsWith('-') ? `<mrow>${sign('−')}${size}</mrow>` : size;
  const scale = `<msup><mn>10</mn>${raised}</msup>`;
  return digits === '1' ? scale : `<mrow><mn>${digits}</mn>${sign('·')}${scale}</mrow>`;
}

function call(name: string, operands: readonly Expression[]): readonly Piece[] {
  const [first] = operands;
  switch (name) {
    case 'sqrt':
      return element('msqrt', first);
    case 'cbrt':
      return element('mroot', first, '<mn>3</mn>');
    case 'abs':
      return fenced('|', first, '|');
    case 'floor':
      return fenced('⌊', first, '⌋');
    case 'ceil':
      return fenced('⌈', first, '⌉');
    case 'exp':
      return element('msup', '<mi>e</mi>', first);
  }
  const heads: Readonly<Record<string, string>> = {
    log: '<mi>ln</mi>',
    log2: '<msub><mi>log</mi><mn>2</mn></msub>',
    log10: '<msub><mi>log</mi><mn>10</mn></msub>',
  };
  const head = Object.hasOwn(heads, name) ? heads[name] : `<mi>${name}</mi>`;
  return row(head, sign('&#x2061;'), ...parenthesized(...separated(operands, sign(','))));
}

const isFraction = (node: FormulaNode) => node.kind === 'binary' && node.operator === '/';
/** What has no visible end: a sum, a product, cases. */
const isOpen = (node: FormulaNode) => node.kind === 'reduction' || node.kind === 'piecewise';
const isExponential = (node: FormulaNode) => node.kind === 'call' && node.name === 'exp';

/** Whether a factor can follow another without a sign: one that begins with a numeral would be read otherwise. */
function juxtaposes(factor: FormulaNode): boolean {
  let first = factor;
  while (first.kind === 'binary' && first.operator !== '/') first = first.left;
  return first.kind !== 'number' && !(isFraction(first) && first !== factor);
}

function binary(node: BinaryNode): readonly Piece[] {
  const { operator, left, right } = node;
  if (operator === '/') return element('mfrac', left, right);
  const [leftLeast, rightLeast] = operandStrengths(node);
  if (operator === '^') {
    const bare = !needsParentheses(left, leftLeast) && !isOpen(left) && !isExponential(left);
    return element('msup', ...enclosedUnless(bare, left), right);
  }
  const leftBare = (isFraction(left) || !needsParentheses(left, leftLeast)) && !isOpen(left);
  const rightBare = isFraction(right) || (right.kind !== 'negate' && !needsParentheses(right, rightLeast));
  const silent = !rightBare || juxtaposes(right);
  const middle = operator === '*' ? sign(silent ? '&#x2062;' : '·') : sign(operatorSigns[operator]);
  return row(...enclosedUnless(leftBare, left), middle, ...enclosedUnless(rightBare, right));
}

function cases({ branches, otherwise }: PiecewiseNode): readonly Piece[] {
  const line = (value: Piece, ...when: readonly Piece[]) =>
    element('mtr', ...element('mtd', value), ...element('mtd', ...when));
  const lines = branches.flatMap(({ condition, value }) =>
    line(value, ...row('<mtext>if&#xa0;</mtext>', condition)),
  );
  const last = line(otherwise, '<mtext>otherwise</mtext>');
  return row(sign('{'), '<mtable columnalign="left">', ...lines, ...last, '</mtable>');
}

function rendered(node: FormulaNode): readonly Piece[] {
  switch (node.kind) {
    case 'number':
      return [numeral(node.value)];
    case 'name':
      return [identifier(node.name)];
    case 'element':
      return element('msub', identifier(node.name), node.index);
    case 'negate':
      return row(
        sign('−'),
        ...enclosedUnless(node.operand.kind !== 'negate' && !needsParentheses(node.operand, 6), node.operand),
      );
    case 'not':
      return row(sign('¬'), ...parenthesized(node.operand));
    case 'binary':
      return binary(node);
    case 'logic': {
      const [leftLeast, rightLeast] = operandStrengths(node);
      return row(
        ...enclosedUnless(!needsParentheses(node.left, leftLeast), node.left),
        `<mtext>&#xa0;${node.operator}&#xa0;</mtext>`,
        ...enclosedUnless(!needsParentheses(node.right, rightLeast), node.right),
      );
    }
    case 'comparison':
      return row(node.left, sign(operatorSigns[node.operator]), node.right);
    case 'call':
      return call(node.name, node.operands);
    case 'reduction': {
      const under = row(identifier(node.index), sign('='), node.from);
      const large = sign(node.operation === 'sum' ? '∑' : '∏');
      return row(
        ...element('munderover', large, ...under, node.to),
        ...enclosedUnless(!needsParentheses(node.body, 6), node.body),
      );
    }
    case 'piecewise':
      return cases(node);
  }
}

/** The formula as one native MathML element: fractions, roots, powers, sums with their bounds, greek letters, cases. */
export function mathml(node: Expression): string {
  return `<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">${write(node, rendered)}</math>`;
}
