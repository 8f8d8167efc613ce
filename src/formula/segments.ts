import { childrenOf, isCondition, type FormulaNode, type ReductionNode } from './ast.js';
import type { Evaluator, Scope } from './evaluate.js';
import { degreeInIndices } from './extents.js';

/** What decides whether the terms of a sum or product can be computed all at once, as a tensor with an axis for its index. */
export interface TermAnalysis {
  /** False where the body must be written out term by term. */
  readonly regular: boolean;
  /** Conditions on the index alone: where one changes, the sum is split. */
  readonly conditions: readonly FormulaNode[];
  /** Other indices in the same element's index or condition: they must not be axes themselves. */
  readonly companions: ReadonlySet<string>;
}

const irregular: TermAnalysis = { regular: false, conditions: [], companions: new Set() };

function namesIn(root: FormulaNode): Set<string> {
  const names = new Set<string>();
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.kind === 'name') names.add(node.name);
    stack.push(...childrenOf(node));
  }
  return names;
}

/** Whether the value of a node depends on an index. */
export function mentions(root: FormulaNode, index: string): boolean {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.kind === 'name' && node.name === index) return true;
    stack.push(...childrenOf(node));
  }
  return false;
}

/**
 * Looks through the body of a sum or product. Its terms are regular where every element of a variable list stands at an affine
 * index (its values are then a slice of the list), inner bounds do not depend on the index, and no power of a variable has the
 * index in its exponent (the derivative of x^i at 0 needs i as a number).
 */
export function analyzeTerms(reduction: ReductionNode, dynamic: ReadonlySet<FormulaNode>): TermAnalysis {
  const { index } = reduction;
  const conditions: FormulaNode[] = [];
  const companions = new Set<string>();
  const inner = new Set<string>();
  const stack: FormulaNode[] = [reduction.body];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (!dynamic.has(node)) {
      // A known value is computed term by term; only a condition decides what else is.
      if (!isCondition(node) || !mentions(node, index)) continue;
      conditions.push(node);
      for (const name of namesIn(node)) companions.add(name);
      continue;
    }
    if (node.kind === 'reduction') {
      if (mentions(node.from, index) || mentions(node.to, index)) return irregular;
      inner.add(node.index);
      stack.push(node.body);
      continue;
    }
    if (node.kind === 'element') {
      if (!mentions(node.index, index)) continue;
      const names = namesIn(node.index);
      if (degreeInIndices(node.index, names) > 1) return irregular;
      for (const name of names) companions.add(name);
      continue;
    }
    if (node.kind === 'binary' && node.operator === '^' && dynamic.has(node.left)) {
      if (!dynamic.has(node.right) && mentions(node.right, index)) return irregular;
    }
    stack.push(...childrenOf(node));
  }
  companions.delete(index);
  const regular = conditions.every((condition) => [...namesIn(condition)].every((name) => !inner.has(name)));
  return regular ? { regular, conditions, companions } : irregular;
}

/** The ranges from..to of an index in which none of the conditions changes. */
export function splitByConditions(
  index: string,
  from: number,
  to: number,
  conditions: readonly FormulaNode[],
  evaluator: Evaluator,
  scope: Scope | undefined,
): (readonly [number, number])[] {
  if (conditions.length === 0) return [[from, to]];
  const ranges: (readonly [number, number])[] = [];
  let start = from;
  let last: string | undefined;
  for (let value = from; value <= to; value++) {
    const outcome = conditions
      .map((condition) => evaluator.evaluate(condition, { index, value, outer: scope }))
      .join('');
    if (last !== undefined && outcome !== last) {
      ranges.push([start, value - 1]);
      start = value;
    }
    last = outcome;
  }
  return [...ranges, [start, to]];
}
