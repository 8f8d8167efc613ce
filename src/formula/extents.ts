import { fold, type ElementNode, type Expression, type FormulaNode } from './ast.js';
import { errorAt } from './errors.js';
import { checkBounds, Evaluator, type Scope, type Values } from './evaluate.js';
import type { Enclosure, Place } from './places.js';

/** How many steps the indices of one formula may take while the lengths of its lists are found. */
const maximumSteps = 300_000;

/** The longest list of variables. */
const maximumLength = 1_000_000;

/** 0 where no index occurs, 1 where the value is affine in the indices for certain, Infinity otherwise. */
export function degreeInIndices(node: Expression, indices: ReadonlySet<string>): number {
  return fold(node, (child, degrees: number[]) => {
    const most = degrees.length === 0 ? 0 : Math.max(...degrees);
    if (child.kind === 'name') return indices.has(child.name) ? 1 : 0;
    if (most === 0) return 0;
    if (child.kind === 'negate') return most;
    if (child.kind !== 'binary') return Infinity;
    if (child.operator === '+' || child.operator === '-') return most;
    if (child.operator === '*') return degrees[0] + degrees[1] > 1 ? Infinity : most;
    return child.operator === '/' && degrees[1] === 0 ? most : Infinity;
  });
}

/** Finds out how long lists are by the indices at which they are read. */
export class Extents {
  private steps = 0;

  constructor(
    private readonly parameters: Values,
    private readonly dynamic: ReadonlySet<FormulaNode>,
  ) {}

  /**
   * The largest index at which a list is read.
   * @param elements the places where it is
   * @throws FormulaError where an index is no positive integer, or beyond the end of a list that is a parameter
   */
  length(name: string, elements: readonly Place<ElementNode>[]): number {
    const given = Object.hasOwn(this.parameters, name) ? this.parameters[name] : undefined;
    let length = 0;
    for (const place of elements) {
      this.indices(place, (index) => {
        if (!Number.isInteger(index) || index < 1) {
          throw errorAt(
            `${name}[${index}] does not exist; elements are counted from 1`,
            place.text,
            place.node.at,
          );
        }
        if (typeof given === 'object' && index > given.length) {
          const count = `the parameter ${name} has ${given.length} elements`;
          throw errorAt(`${name}[${index}] does not exist; ${count}`, place.text, place.node.at);
        }
        if (index > maximumLength) {
          const limit = maximumLength.toLocaleString('en');
          throw errorAt(
            `a list may have ${limit} elements; here ${name}[${index}] is read`,
            place.text,
            place.node.at,
          );
        }
        length = Math.max(length, index);
      });
    }
    return length;
  }

  /** Calls `visit` with the values that an index takes: of an affine one only with its extremes. */
  private indices({ node, text, within }: Place<ElementNode>, visit: (index: number) => void): void {
    const evaluator = new Evaluator(this.parameters, text);
    const enclosures: Enclosure[] = [];
    for (let one = within; one !== undefined; one = one.outer) enclosures.push(one);
    enclosures.reverse();
    this.count(enclosures.length, node, text);
    const reductions = enclosures.flatMap((one) => ('reduction' in one ? [one.reduction] : []));
    const names = new Set(reductions.map((reduction) => reduction.index));
    const onlyExtremes =
      reductions.length === enclosures.length &&
      degreeInIndices(node.index, names) <= 1 &&
      reductions.every(({ from, to }) => degreeInIndices(from, names) + degreeInIndices(to, names) === 0);
    const walk = (place: number, scope: Scope | undefined): void => {
      this.count(1, node, text);
      if (place === enclosures.length) return visit(evaluator.evaluate(node.index, scope));
      const enclosure = enclosures[place];
      if ('condition' in enclosure) {
        const { condition, holds } = enclosure;
        const unknown = this.dynamic.has(condition);
        if (unknown || (evaluator.evaluate(condition, scope) === 1) === holds) walk(place + 1, scope);
        return;
      }
      const { reduction } = enclosure;
      const [from, to] = [reduction.from, reduction.to].map((bound) => evaluator.evaluate(bound, scope));
      checkBounds(reduction.operation, from, to, text, reduction.at);
      const step = onlyExtremes ? Math.max(1, to - from) : 1;
      for (let value = from; value <= to; value += step) {
        walk(place + 1, { index: reduction.index, value, outer: scope });
      }
    };
    walk(0, undefined);
  }

  private count(steps: number, { at }: ElementNode, text: string): void {
    this.steps += steps;
    if (this.steps > maximumSteps)
      throw errorAt('the indices take too many values to be checked here', text, at);
  }
}
