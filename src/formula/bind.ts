import { ScreeError } from '../graph/errors.js';
import { suggest } from '../graph/suggest.js';
import {
  childrenOf,
  fold,
  type Condition,
  type ElementNode,
  type Expression,
  type FormulaNode,
  type ReductionNode,
} from './ast.js';
import { FormulaError } from './errors.js';
import { checkBounds, Evaluator, maximumTerms, type Scope, type Values } from './evaluate.js';
import { constants, isFunctionName } from './functions.js';
import { isName } from './tokens.js';

/** A variable of a formula: a number, or a list of numbers that begins at `offset` in the vector of all variables. */
export interface Variable {
  readonly name: string;
  readonly offset: number;
  /** Undefined for a number. */
  readonly length: number | undefined;
}

/** A formula whose names are all known. */
export interface Binding {
  readonly text: string;
  readonly root: Expression;
  readonly parameters: Values;
  readonly variables: readonly Variable[];
  /** The count of numbers in all variables. */
  readonly size: number;
  /** The nodes whose value depends on a variable. */
  readonly dynamic: ReadonlySet<FormulaNode>;
}

/** What a node stands in: a sum or product over an index, or a branch that is taken where a condition holds or fails. */
type Enclosure = { readonly outer: Enclosure | undefined } & (
  { readonly reduction: ReductionNode } | { readonly condition: Condition; readonly holds: boolean }
);

/** Why a node must not depend on variables. */
type Use = 'value' | 'bound' | 'index';

interface Visit {
  readonly node: FormulaNode;
  readonly within: Enclosure | undefined;
  readonly use: Use;
}

function indexed(name: string, within: Enclosure | undefined): boolean {
  for (let enclosure = within; enclosure !== undefined; enclosure = enclosure.outer) {
    if ('reduction' in enclosure && enclosure.reduction.index === name) return true;
  }
  return false;
}

/** A node's children with what they stand in. */
function visitsUnder({ node, within, use }: Visit): Visit[] {
  switch (node.kind) {
    case 'element':
      return [{ node: node.index, within, use: 'index' }];
    case 'reduction': {
      const bounds = [node.from, node.to].map((bound): Visit => ({ node: bound, within, use: 'bound' }));
      return [...bounds, { node: node.body, within: { outer: within, reduction: node }, use }];
    }
    case 'piecewise': {
      const visits: Visit[] = [];
      let rest = within;
      for (const { condition, value } of node.branches) {
        visits.push({ node: condition, within: rest, use });
        visits.push({ node: value, within: { outer: rest, condition, holds: true }, use });
        rest = { outer: rest, condition, holds: false };
      }
      return [...visits, { node: node.otherwise, within: rest, use }];
    }
    default:
      return childrenOf(node).map((child) => ({ node: child, within, use }));
  }
}

/** alpha < x < x2 < x10: digits are compared as numbers. */
function naturalOrder(a: string, b: string): number {
  const parts = /\p{Nd}+|\P{Nd}+/gu;
  const [left, right] = [a.match(parts) ?? [], b.match(parts) ?? []];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] === right[i]) continue;
    const difference = Number(left[i]) - Number(right[i]);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
    return left[i] < right[i] ? -1 : 1;
  }
  return left.length - right.length;
}

/** 0 where no index occurs, 1 where the value is affine in the indices for certain, Infinity otherwise. */
function degreeInIndices(node: Expression, indices: ReadonlySet<string>): number {
  return fold(node, (child, degrees: number[]) => {
    const most = Math.max(0, ...degrees);
    if (child.kind === 'name') return indices.has(child.name) ? 1 : 0;
    if (most === 0) return 0;
    if (child.kind === 'negate') return most;
    if (child.kind !== 'binary') return Infinity;
    if (child.operator === '+' || child.operator === '-') return most;
    if (child.operator === '*') return degrees[0] + degrees[1] > 1 ? Infinity : most;
    return child.operator === '/' && degrees[1] === 0 ? most : Infinity;
  });
}

interface Found {
  /** Names that are variables, with the first place where each stands. */
  readonly scalars: Map<string, FormulaNode & { kind: 'name' }>;
  readonly lists: Map<string, { readonly node: ElementNode; readonly within: Enclosure | undefined }[]>;
  readonly indices: Set<string>;
  readonly used: Set<string>;
}

/** Tells the names of a formula apart and finds out how long its lists are. */
class Binder {
  private readonly found: Found = {
    scalars: new Map(),
    lists: new Map(),
    indices: new Set(),
    used: new Set(),
  };
  private readonly evaluator: Evaluator;

  constructor(
    private readonly text: string,
    private readonly root: Expression,
    private readonly parameters: Values,
    private readonly order: readonly string[] | undefined,
  ) {
    this.evaluator = new Evaluator(parameters, text);
  }

  bind(): Binding {
    this.find();
    this.checkNames();
    const dynamic = this.dynamicNodes();
    const lengths = new Map([...this.found.lists.keys()].map((name) => [name, this.lengthOf(name, dynamic)]));
    const variables: Variable[] = [];
    let offset = 0;
    for (const name of this.names()) {
      const length = lengths.get(name);
      variables.push({ name, offset, length });
      offset += length ?? 1;
    }
    return {
      text: this.text,
      root: this.root,
      parameters: this.parameters,
      variables,
      size: offset,
      dynamic,
    };
  }

  private error(problem: string, at = 0): FormulaError {
    return new FormulaError(problem, this.text, at);
  }

  private isParameter(name: string): boolean {
    return Object.hasOwn(this.parameters, name);
  }

  private find(): void {
    const { scalars, lists, indices, used } = this.found;
    const stack: Visit[] = [{ node: this.root, within: undefined, use: 'value' }];
    for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
      const { node, within, use } = visit;
      if (node.kind === 'reduction') indices.add(node.index);
      if (node.kind === 'name' && !indexed(node.name, within)) {
        if (this.isParameter(node.name)) this.useParameter(node.name, 'number', node.at);
        else if (!Object.hasOwn(constants, node.name) || this.order?.includes(node.name)) {
          this.checkUse(node.name, use, node.at);
          scalars.set(node.name, node);
        }
      }
      if (node.kind === 'element') {
        if (this.isParameter(node.name)) this.useParameter(node.name, 'object', node.at);
        else this.checkUse(node.name, use, node.at);
        const places = lists.get(node.name) ?? [];
        places.push({ node, within });
        lists.set(node.name, places);
      }
      const under = visitsUnder(visit);
      for (let i = under.length - 1; i >= 0; i--) stack.push(under[i]);
    }
    for (const name of Object.keys(this.parameters)) {
      if (used.has(name)) continue;
      const guess = suggest(name, [...scalars.keys(), ...lists.keys()]);
      throw this.error(
        `the parameter ${name} does not occur in the formula${guess === undefined ? '' : `; did you mean ${guess}?`}`,
      );
    }
  }

  private useParameter(name: string, type: 'number' | 'object', at: number | undefined): void {
    this.found.used.add(name);
    const value = this.parameters[name];
    if (typeof value === type) return;
    const advice =
      type === 'number' ? `is a list; write ${name}[1] for an element of it` : 'is a number, not a list';
    throw this.error(`the parameter ${name} ${advice}`, at);
  }

  private checkUse(name: string, use: Use, at: number | undefined): void {
    if (use === 'value') return;
    const where = use === 'bound' ? 'the bounds of a sum or product' : 'an index';
    throw this.error(`${where} must be known beforehand; give ${name} a value as a parameter`, at);
  }

  private checkNames(): void {
    const { scalars, lists, indices } = this.found;
    for (const [name, node] of scalars) {
      if (indices.has(name))
        throw this.error(`${name} is the index of a sum or product and has no value outside it`, node.at);
      if (lists.has(name))
        throw this.error(
          `${name} is a list elsewhere in the formula; write ${name}[1] for an element of it`,
          node.at,
        );
      if (this.order === undefined || this.order.includes(name)) continue;
      const letters = Array.from(name);
      const isProduct = letters.length > 1 && letters.every((letter) => this.order?.includes(letter));
      const guess = isProduct
        ? letters.join('*')
        : suggest(name, [...this.order, ...Object.keys(this.parameters)]);
      const known =
        guess === undefined ? `the variables are ${this.order.join(', ')}` : `did you mean ${guess}?`;
      throw this.error(`${name} is neither a variable nor a parameter; ${known}`, node.at);
    }
  }

  /** The variables' names in the order in which the vector of all variables holds them. */
  private names(): string[] {
    const lists = [...this.found.lists.keys()].filter((name) => !this.isParameter(name));
    if (this.order === undefined) return [...this.found.scalars.keys(), ...lists].sort(naturalOrder);
    const missing = lists.find((name) => !this.order?.includes(name));
    if (missing === undefined) return [...this.order];
    throw this.error(
      `${missing} is neither a variable nor a parameter`,
      this.found.lists.get(missing)?.[0].node.at,
    );
  }

  private dynamicNodes(): Set<FormulaNode> {
    const { scalars, lists } = this.found;
    const dynamic = new Set<FormulaNode>();
    fold(this.root, (node, children: boolean[]) => {
      const isVariable =
        (node.kind === 'name' && scalars.has(node.name)) ||
        (node.kind === 'element' && lists.has(node.name) && !this.isParameter(node.name));
      const depends = isVariable || children.includes(true);
      if (depends) dynamic.add(node);
      return depends;
    });
    return dynamic;
  }

  /** The largest index at which a list is read. Throws where one is no positive integer, or beyond a parameter's end. */
  private lengthOf(name: string, dynamic: ReadonlySet<FormulaNode>): number {
    const given = this.isParameter(name) ? this.parameters[name] : undefined;
    let length = 0;
    for (const { node, within } of this.found.lists.get(name) ?? []) {
      this.indexValues(node, within, dynamic, (index) => {
        if (!Number.isInteger(index) || index < 1) {
          throw this.error(`${name}[${index}] does not exist; elements are counted from 1`, node.at);
        }
        if (typeof given === 'object' && index > given.length) {
          throw this.error(
            `${name}[${index}] does not exist; the parameter ${name} has ${given.length} elements`,
            node.at,
          );
        }
        length = Math.max(length, index);
      });
    }
    return length;
  }

  /** Calls `visit` with the values that an index takes: of an affine one only with its extremes. */
  private indexValues(
    { index, at }: ElementNode,
    within: Enclosure | undefined,
    dynamic: ReadonlySet<FormulaNode>,
    visit: (index: number) => void,
  ): void {
    const enclosures: Enclosure[] = [];
    for (let one = within; one !== undefined; one = one.outer) enclosures.unshift(one);
    const reductions = enclosures.flatMap((one) => ('reduction' in one ? [one.reduction] : []));
    const names = new Set(reductions.map((reduction) => reduction.index));
    const isFree = (node: Expression) => degreeInIndices(node, names) === 0;
    const isAffine =
      degreeInIndices(index, names) <= 1 &&
      reductions.length === enclosures.length &&
      names.size === reductions.length &&
      reductions.every(({ from, to }) => isFree(from) && isFree(to));
    let visits = 0;
    const walk = (place: number, scope: Scope | undefined): void => {
      if (place === enclosures.length) return visit(this.evaluator.evaluate(index, scope));
      const enclosure = enclosures[place];
      if ('condition' in enclosure) {
        const { condition, holds } = enclosure;
        if (dynamic.has(condition) || (this.evaluator.evaluate(condition, scope) === 1) === holds)
          walk(place + 1, scope);
        return;
      }
      const { reduction } = enclosure;
      const [from, to] = [reduction.from, reduction.to].map((bound) => this.evaluator.evaluate(bound, scope));
      checkBounds(reduction.operation, from, to, this.text, reduction.at);
      const step = isAffine ? Math.max(1, to - from) : 1;
      for (let value = from; value <= to; value += step) {
        if (++visits > maximumTerms / 4)
          throw this.error('this index takes too many values to be checked', at);
        walk(place + 1, { index: reduction.index, value, outer: scope });
      }
    };
    walk(0, undefined);
  }
}

function checkOptions(parameters: Values, order: readonly string[]): void {
  for (const [name, value] of Object.entries(parameters)) {
    const numbers = typeof value === 'number' ? [value] : Array.from(value);
    const wrong = numbers.find((number) => typeof number !== 'number' || Number.isNaN(number));
    if (wrong !== undefined)
      throw new ScreeError(`formula: the parameter ${name} must be a number, not ${String(wrong)}`);
  }
  const names = [...Object.keys(parameters), ...order];
  for (const [place, name] of names.entries()) {
    if (!isName(name))
      throw new ScreeError(`formula: "${name}" cannot be the name of a variable or parameter`);
    if (isFunctionName(name))
      throw new ScreeError(`formula: ${name} is a function and cannot name a variable or parameter`);
    if (names.indexOf(name) !== place)
      throw new ScreeError(`formula: ${name} is given twice among variables and parameters`);
  }
}

/**
 * Tells which names of a formula are variables, how long its lists are, and where each stands in the vector of all variables.
 * @param order the variables in the order wanted; by default those that occur, sorted, digits as numbers (x2 before x10)
 * @throws FormulaError where the formula contradicts itself or the options, ScreeError where the options are no names or numbers
 */
export function bind(text: string, root: Expression, parameters: Values, order?: readonly string[]): Binding {
  checkOptions(parameters, order ?? []);
  return new Binder(text, root, parameters, order).bind();
}
