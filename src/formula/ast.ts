/** The syntax tree of a formula. `at` is where in the text a node's name stands, for error messages; trees made by hand lack it. */
export interface NumberNode {
  readonly kind: 'number';
  /** Finite and not negative: a sign is a negate node. */
  readonly value: number;
}

/** A variable, parameter, constant or index: which of them is decided when the formula is bound. */
export interface NameNode {
  readonly kind: 'name';
  readonly name: string;
  readonly at?: number;
}

/** One element of a list, counted from 1: `x[i + 1]`. */
export interface ElementNode {
  readonly kind: 'element';
  readonly name: string;
  readonly index: Expression;
  readonly at?: number;
}

export interface NegateNode {
  readonly kind: 'negate';
  readonly operand: Expression;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '^';

export interface BinaryNode {
  readonly kind: 'binary';
  readonly operator: ArithmeticOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** A function of the table in functions.ts. `|x|` is a call of abs. */
export interface CallNode {
  readonly kind: 'call';
  readonly name: string;
  readonly operands: readonly Expression[];
}

/** `sum(body, index, from, to)` or `prod(…)`: both bounds count; nothing where `to` is below `from`. */
export interface ReductionNode {
  readonly kind: 'reduction';
  readonly operation: 'sum' | 'prod';
  readonly body: Expression;
  readonly index: string;
  readonly from: Expression;
  readonly to: Expression;
  readonly at?: number;
}

/** The value of the first branch whose condition holds, else `otherwise`. */
export interface PiecewiseNode {
  readonly kind: 'piecewise';
  readonly branches: readonly { readonly condition: Condition; readonly value: Expression }[];
  readonly otherwise: Expression;
}

/** What has a number for its value. */
export type Expression =
  NumberNode | NameNode | ElementNode | NegateNode | BinaryNode | CallNode | ReductionNode | PiecewiseNode;

export type ComparisonOperator = '<' | '<=' | '>' | '>=' | '==' | '!=';

export interface ComparisonNode {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface LogicNode {
  readonly kind: 'logic';
  readonly operator: 'and' | 'or';
  readonly left: Condition;
  readonly right: Condition;
}

export interface NotNode {
  readonly kind: 'not';
  readonly operand: Condition;
}

/** What holds or not. */
export type Condition = ComparisonNode | LogicNode | NotNode;

export type FormulaNode = Expression | Condition;

/** The nodes right under a node, in the order of the text; a reduction's bounds come before its body. */
export function childrenOf(node: FormulaNode): readonly FormulaNode[] {
  switch (node.kind) {
    case 'number':
    case 'name':
      return [];
    case 'element':
      return [node.index];
    case 'negate':
    case 'not':
      return [node.operand];
    case 'binary':
    case 'comparison':
    case 'logic':
      return [node.left, node.right];
    case 'call':
      return node.operands;
    case 'reduction':
      return [node.from, node.to, node.body];
    case 'piecewise':
      return [...node.branches.flatMap(({ condition, value }) => [condition, value]), node.otherwise];
  }
}

export function isCondition(node: FormulaNode): node is Condition {
  return node.kind === 'comparison' || node.kind === 'logic' || node.kind === 'not';
}

/**
 * Combines a tree from its leaves up, without recursion: `x + x + …` a million characters long is a tree as deep as it is long.
 * @param combine the value of a node from its children's values
 * @param descend which nodes count as children; those of {@link childrenOf} by default
 */
export function fold<T>(
  root: FormulaNode,
  combine: (node: FormulaNode, values: T[]) => T,
  descend: (node: FormulaNode) => readonly FormulaNode[] = childrenOf,
): T {
  let node = root;
  let children = descend(root);
  let values: T[] = [];
  const waiting: { node: FormulaNode; children: readonly FormulaNode[]; values: T[] }[] = [];
  for (;;) {
    if (values.length < children.length) {
      waiting.push({ node, children, values });
      node = children[values.length];
      children = descend(node);
      values = [];
      continue;
    }
    const value = combine(node, values);
    const parent = waiting.pop();
    if (parent === undefined) return value;
    ({ node, children, values } = parent);
    values.push(value);
  }
}
