import {
  childrenOf,
  type Condition,
  type ElementNode,
  type Expression,
  type FormulaNode,
  type NameNode,
  type ReductionNode,
} from './ast.js';
import { errorAt } from './errors.js';

/** A text and what the parser made of it. */
export interface Source {
  readonly text: string;
  readonly root: Expression;
}

/** What a node stands in: a sum or product over an index, or a branch that is taken where a condition holds or fails. */
export type Enclosure = { readonly outer: Enclosure | undefined } & (
  { readonly reduction: ReductionNode } | { readonly condition: Condition; readonly holds: boolean }
);

/** Where a node's value is needed: for the result, or for a bound or an index, which must be known beforehand. */
export type Use = 'value' | 'bound' | 'index';

/** Where a name stands. */
export interface Place<N extends FormulaNode = FormulaNode> {
  readonly node: N;
  readonly text: string;
  readonly within: Enclosure | undefined;
  readonly use: Use;
}

/** A node's children with what they stand in. */
function placesUnder({ node, text, within, use }: Place): Place[] {
  switch (node.kind) {
    case 'element':
      return [{ node: node.index, text, within, use: 'index' }];
    case 'reduction': {
      const body: Place = { node: node.body, text, within: { outer: within, reduction: node }, use };
      return [
        ...[node.from, node.to].map((bound): Place => ({ node: bound, text, within, use: 'bound' })),
        body,
      ];
    }
    case 'piecewise': {
      const places: Place[] = [];
      let rest = within;
      for (const { condition, value } of node.branches) {
        places.push({ node: condition, text, within: rest, use });
        places.push({ node: value, text, within: { outer: rest, condition, holds: true }, use });
        rest = { outer: rest, condition, holds: false };
      }
      return [...places, { node: node.otherwise, text, within: rest, use }];
    }
    default:
      return childrenOf(node).map((child) => ({ node: child, text, within, use }));
  }
}

function isIndex(name: string, within: Enclosure | undefined): boolean {
  for (let enclosure = within; enclosure !== undefined; enclosure = enclosure.outer) {
    if ('reduction' in enclosure && enclosure.reduction.index === name) return true;
  }
  return false;
}

/** Where the names of formulas stand that are no indices there, and which names are indices somewhere. */
export interface Names {
  readonly names: readonly Place<NameNode>[];
  readonly elements: readonly Place<ElementNode>[];
  readonly indices: ReadonlySet<string>;
}

/**
 * Finds the names in formulas, in the order of the text.
 * @throws FormulaError where a sum inside another has the same index
 */
export function findNames(sources: readonly Source[]): Names {
  const names: Place<NameNode>[] = [];
  const elements: Place<ElementNode>[] = [];
  const indices = new Set<string>();
  const stack = sources.map(({ root, text }): Place => ({
    node: root,
    text,
    within: undefined,
    use: 'value',
  }));
  stack.reverse();
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { node, text, within } = place;
    if (node.kind === 'reduction') {
      if (isIndex(node.index, within)) {
        throw errorAt(
          `${node.index} is already the index of the sum or product around this one`,
          text,
          node.at,
        );
      }
      indices.add(node.index);
    }
    if (node.kind === 'name' && !isIndex(node.name, within)) names.push({ ...place, node });
    if (node.kind === 'element') elements.push({ ...place, node });
    const under = placesUnder(place);
    for (let i = under.length - 1; i >= 0; i--) stack.push(under[i]);
  }
  return { names, elements, indices };
}
