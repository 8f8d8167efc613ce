import { ScreeError } from '../graph/errors.js';
import { suggest } from '../graph/suggest.js';
import { fold, type ElementNode, type FormulaNode, type NameNode } from './ast.js';
import { errorAt } from './errors.js';
import type { Values } from './evaluate.js';
import { Extents } from './extents.js';
import { constants, isFunctionName } from './functions.js';
import { findNames, type Place, type Source } from './places.js';
import { isName } from './tokens.js';

/** A variable of a formula: a number, or a list of numbers that begins at `offset` in the vector of all variables. */
export interface Variable {
  readonly name: string;
  readonly offset: number;
  /** Undefined for a number. */
  readonly length: number | undefined;
}

/** Formulas of the same variables whose names are all known. */
export interface Binding {
  readonly sources: readonly Source[];
  readonly parameters: Values;
  readonly variables: readonly Variable[];
  /** The count of numbers in all variables. */
  readonly size: number;
  /** The nodes whose value depends on a variable. */
  readonly dynamic: ReadonlySet<FormulaNode>;
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

function checkOptions(parameters: Values, order: readonly string[]): void {
  for (const [name, value] of Object.entries(parameters)) {
    const numbers = typeof value === 'number' ? [value] : Array.from(value);
    const wrong = numbers.find((number) => typeof number !== 'number' || Number.isNaN(number));
    if (wrong !== undefined) {
      throw new ScreeError(`formula: the parameter ${name} must be a number, not ${String(wrong)}`);
    }
  }
  const seen = new Set<string>();
  for (const name of [...Object.keys(parameters), ...order]) {
    if (!isName(name))
      throw new ScreeError(`formula: "${name}" cannot be the name of a variable or parameter`);
    if (isFunctionName(name)) {
      throw new ScreeError(`formula: ${name} is a function and cannot name a variable or parameter`);
    }
    if (seen.has(name))
      throw new ScreeError(`formula: ${name} is given twice among variables and parameters`);
    seen.add(name);
  }
}

/** Tells the names of formulas apart. */
class Binder {
  private readonly scalars = new Map<string, Place<NameNode>>();
  private readonly lists = new Map<string, Place<ElementNode>[]>();
  private readonly used = new Set<string>();

  constructor(
    private readonly sources: readonly Source[],
    private readonly parameters: Values,
    private readonly order: readonly string[] | undefined,
  ) {}

  bind(): Binding {
    const { names, elements, indices } = findNames(this.sources);
    names.forEach((place) => this.addName(place));
    elements.forEach((place) => this.addElement(place));
    this.checkParameters();
    this.scalars.forEach((place) => this.checkScalar(place, indices));
    const dynamic = this.dynamicNodes();
    const extents = new Extents(this.parameters, dynamic);
    const lengths = new Map([...this.lists].map(([name, places]) => [name, extents.length(name, places)]));
    let size = 0;
    const variables = this.variableNames().map((name): Variable => {
      const variable = { name, offset: size, length: lengths.get(name) };
      size += variable.length ?? 1;
      return variable;
    });
    return { sources: this.sources, parameters: this.parameters, variables, size, dynamic };
  }

  private isParameter(name: string): boolean {
    return Object.hasOwn(this.parameters, name);
  }

  private addName(place: Place<NameNode>): void {
    const { name } = place.node;
    if (this.isParameter(name)) return this.useParameter(place, 'number');
    if (Object.hasOwn(constants, name) && !this.order?.includes(name)) return;
    checkUse(place);
    if (!this.scalars.has(name)) this.scalars.set(name, place);
  }

  private addElement(place: Place<ElementNode>): void {
    const { name } = place.node;
    if (this.isParameter(name)) this.useParameter(place, 'object');
    else checkUse(place);
    const places = this.lists.get(name);
    if (places === undefined) this.lists.set(name, [place]);
    else places.push(place);
  }

  private useParameter(
    { node: { name, at }, text }: Place<NameNode | ElementNode>,
    type: 'number' | 'object',
  ): void {
    this.used.add(name);
    if (typeof this.parameters[name] === type) return;
    const advice =
      type === 'number' ? `is a list; write ${name}[1] for an element of it` : 'is a number, not a list';
    throw errorAt(`the parameter ${name} ${advice}`, text, at);
  }

  private checkParameters(): void {
    const unused = Object.keys(this.parameters).find((name) => !this.used.has(name));
    if (unused === undefined) return;
    const guess = suggest(unused, [...this.scalars.keys(), ...this.lists.keys()]);
    const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
    throw new ScreeError(`formula: the parameter ${unused} does not occur in it${hint}`);
  }

  private checkScalar({ node: { name, at }, text }: Place<NameNode>, indices: ReadonlySet<string>): void {
    if (indices.has(name)) {
      throw errorAt(`${name} is the index of a sum or product and has no value outside it`, text, at);
    }
    if (this.lists.has(name)) {
      throw errorAt(`${name} is a list elsewhere; write ${name}[1] for an element of it`, text, at);
    }
    this.checkWanted(name, text, at);
  }

  private checkWanted(name: string, text: string, at: number | undefined): void {
    const { order } = this;
    if (order === undefined || order.includes(name)) return;
    const letters = Array.from(name);
    const isProduct = letters.length > 1 && letters.every((letter) => order.includes(letter));
    const guess = isProduct ? letters.join('*') : suggest(name, [...order, ...Object.keys(this.parameters)]);
    const hint = guess === undefined ? `the variables are ${order.join(', ')}` : `did you mean ${guess}?`;
    throw errorAt(`${name} is neither a variable nor a parameter; ${hint}`, text, at);
  }

  /** The variables' names in the order in which the vector of all variables holds them. */
  private variableNames(): string[] {
    const lists = [...this.lists.keys()].filter((name) => !this.isParameter(name));
    for (const name of lists) {
      const [{ node, text }] = this.lists.get(name) ?? [];
      this.checkWanted(name, text, node.at);
    }
    return [...(this.order ?? [...this.scalars.keys(), ...lists].sort(naturalOrder))];
  }

  private dynamicNodes(): Set<FormulaNode> {
    const dynamic = new Set<FormulaNode>();
    for (const { root } of this.sources) {
      fold(root, (node, children: boolean[]) => {
        const isVariable =
          (node.kind === 'name' && this.scalars.has(node.name)) ||
          (node.kind === 'element' && this.lists.has(node.name) && !this.isParameter(node.name));
        const depends = isVariable || children.includes(true);
        if (depends) dynamic.add(node);
        return depends;
      });
    }
    return dynamic;
  }
}

function checkUse({ node: { name, at }, text, use }: Place<NameNode | ElementNode>): void {
  if (use === 'value') return;
  const where = use === 'bound' ? 'the bounds of a sum or product' : 'an index';
  throw errorAt(`${where} must be known beforehand; give ${name} a value as a parameter`, text, at);
}

/**
 * Tells which names of formulas are variables, how long their lists are, and where each stands in the vector of all variables.
 * @param order the variables in the order wanted; by default those that occur, sorted, digits as numbers (x2 before x10)
 * @throws FormulaError where the formulas contradict themselves or the options, ScreeError for unfit options
 */
export function bind(sources: readonly Source[], parameters: Values, order?: readonly string[]): Binding {
  checkOptions(parameters, order ?? []);
  return new Binder(sources, parameters, order).bind();
}
