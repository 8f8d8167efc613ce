/**
 * Sums of products, kept in order while a graph is written out number by number: like terms are added, powers of the same
 * value are gathered and what is multiplied by 0 falls away. An interval that occurs twice is taken for two values that vary
 * apart; x·x² − x³ would be as wide as if it were not 0.
 *
 * Only what is exact in doubles is done beforehand. A factor 0 takes its partner's domain with it: 0·log x is 0 everywhere,
 * as derivatives need it, whose zeros are those of rules.
 */
import { ScreeError } from '../../graph/errors.js';
import { rules } from './rules.js';
import type { Rule } from './registers.js';

/** One operation on earlier steps; an input or a constant has no rule. */
export interface Step {
  readonly name: string;
  readonly rule?: Rule;
  /** Numbers of steps; the exponent in the second place for a power. */
  readonly operands: readonly number[];
  readonly value?: number;
  readonly input?: number;
}

/** A product of powers: pairs of a step and its exponent, by the number of the step. */
type Product = readonly (readonly [step: number, exponent: number])[];

/** A sum: coefficients by the numbers of products. */
type Sum = ReadonlyMap<number, number>;

/** An op for which there is no interval rule. */
export class NoIntervalRule extends ScreeError {}

/** Longer formulas are not taken apart: one evaluation would take milliseconds. */
const mostSteps = 100_000;

/** The sum of two doubles if it is one. */
function exactSum(x: number, y: number): number | undefined {
  const sum = x + y;
  const part = sum - x;
  return Number.isFinite(sum) && x - (sum - part) + (y - part) === 0 ? sum : undefined;
}

function isPowerOfTwo(x: number): boolean {
  const exponent = Math.log2(Math.abs(x));
  return Number.isInteger(exponent) && 2 ** exponent === Math.abs(x) && Math.abs(exponent) < 500;
}

/** The product of two doubles if it is one, as far as that is easily seen. */
function exactProduct(x: number, y: number): number | undefined {
  const product = x * y;
  if (x === 0 || y === 0) return 0;
  const isWhole = Number.isInteger(x) && Number.isInteger(y) && Math.abs(product) <= Number.MAX_SAFE_INTEGER;
  const isScaled =
    (isPowerOfTwo(x) || isPowerOfTwo(y)) && Math.abs(product) > 1e-200 && Math.abs(product) < 1e200;
  return isWhole || isScaled ? product : undefined;
}

/** Values under construction, each by a number; 0 is the number of zero, so that kernels that pad with 0 pad with it. */
export class Expressions {
  readonly steps: Step[] = [];
  readonly #stepByKey = new Map<string, number>();
  readonly #products: Product[] = [[]];
  readonly #productByKey = new Map<string, number>([['', 0]]);
  readonly #sums: Sum[] = [new Map()];
  readonly #sumByKey = new Map<string, number>([['', 0]]);
  readonly #stepOfSum = new Map<number, number>();

  constant(value: number): number {
    if (Object.is(value, 0) || Object.is(value, -0)) return 0;
    return Number.isFinite(value) ? this.#sum(new Map([[0, value]])) : this.#atom(this.#constantStep(value));
  }

  input(index: number): number {
    return this.#atom(this.#step({ name: `input ${index}`, operands: [], input: index }));
  }

  /** The value of an expression that is a constant. */
  constantOf(expression: number): number | undefined {
    const sum = this.#sums[expression];
    if (sum.size === 0) return 0;
    return sum.size === 1 ? sum.get(0) : undefined;
  }

  add(a: number, b: number): number {
    const terms = new Map(this.#sums[a]);
    for (const [product, coefficient] of this.#sums[b]) {
      const before = terms.get(product);
      const total = before === undefined ? coefficient : exactSum(before, coefficient);
      if (total === 0) terms.delete(product);
      else if (total !== undefined) terms.set(product, total);
      else {
        // The coefficient as a factor of its own: the sum of both would have to be rounded.
        const apart = this.#times(product, this.#product([[this.#constantStep(coefficient), 1]]));
        terms.set(apart, (terms.get(apart) ?? 0) + 1);
      }
    }
    return this.#sum(terms);
  }

  neg(a: number): number {
    return this.#sum(new Map([...this.#sums[a]].map(([product, coefficient]) => [product, -coefficient])));
  }

  mul(a: number, b: number): number {
    const [x, y] = [this.constantOf(a), this.constantOf(b)];
    if (x !== undefined) return this.#scale(b, x);
    if (y !== undefined) return this.#scale(a, y);
    const [first, second] = [this.#asTerm(a), this.#asTerm(b)];
    const product = this.#times(first.product, second.product);
    return this.#term(product, first.coefficient, second.coefficient);
  }

  /** A whole power. */
  power(a: number, exponent: number): number {
    if (exponent === 0) return this.constant(1);
    if (exponent < 0) return this.power(this.apply('reciprocal', [a]), -exponent);
    const { product, coefficient } = this.#asTerm(a);
    if (coefficient !== 1) return this.#atomPower(this.step(a), exponent);
    return this.#sum(
      new Map([[this.#product(this.#products[product].map(([s, e]) => [s, e * exponent])), 1]]),
    );
  }

  /**
   * The result of any other operation.
   * @throws NoIntervalRule for one that has no rule
   */
  apply(name: string, operands: readonly number[]): number {
    const rule = rules.get(name);
    if (rule === undefined) throw new NoIntervalRule(`there is no interval rule for the operation ${name}`);
    if (name === 'where') {
      const condition = this.constantOf(operands[0]);
      if (condition !== undefined) return operands[condition === 0 ? 2 : 1];
      if (operands[1] === operands[2]) return operands[1];
      const chosen = this.step(operands[0]);
      const [x, y] = [this.#assume(operands[1], chosen, true), this.#assume(operands[2], chosen, false)];
      return this.#atom(this.#step({ name, rule, operands: [chosen, x, y] }));
    }
    return this.#atom(this.#step({ name, rule, operands: operands.map((operand) => this.step(operand)) }));
  }

  /** The terms of a sum, each as an expression. */
  termsOf(expression: number): number[] {
    return [...this.#sums[expression]].map(([product, coefficient]) =>
      this.#sum(new Map([[product, coefficient]])),
    );
  }

  /** The step that computes an expression. */
  step(expression: number): number {
    const known = this.#stepOfSum.get(expression);
    if (known !== undefined) return known;
    const { choices, rest } = this.#pairedChoices(this.#sums[expression]);
    let total: number | undefined;
    for (const choice of choices) total = total === undefined ? choice : this.#ruled('add', total, choice);
    for (const [product, coefficient] of rest) {
      const name = total !== undefined && coefficient === -1 ? 'sub' : 'add';
      const term = name === 'sub' ? this.#productStep(product) : this.#scaledStep(product, coefficient);
      total = total === undefined ? term : this.#ruled(name, total, term);
    }
    total ??= this.#constantStep(0);
    this.#stepOfSum.set(expression, total);
    return total;
  }

  /**
   * Terms that a truth is a factor of beside terms that its opposite is a factor of: they are a choice between two sums. Masked
   * apart, both would vary between 0 and their values where the truth is open, as if neither or both could hold.
   */
  #pairedChoices(sum: Sum): { choices: number[]; rest: Sum } {
    const groups = new Map<number, { yes: Map<number, number>; no: Map<number, number> }>();
    const rest = new Map<number, number>();
    for (const [product, coefficient] of sum) {
      const factor = this.#products[product].find(([step]) => this.#isTruth(step));
      if (factor === undefined) rest.set(product, coefficient);
      else {
        const { condition, holds } = this.#conditionOf(factor[0]);
        const group = groups.get(condition) ?? {
          yes: new Map<number, number>(),
          no: new Map<number, number>(),
        };
        groups.set(condition, group);
        group[holds ? 'yes' : 'no'].set(product, coefficient);
      }
    }
    const choices: number[] = [];
    for (const [condition, { yes, no }] of groups) {
      if (yes.size === 0 || no.size === 0) for (const term of [...yes, ...no]) rest.set(...term);
      else {
        const [x, y] = ([yes, no] as const).map((terms, place) =>
          this.#assume(this.#sum(this.#without(condition, place === 0, terms)), condition, place === 0),
        );
        choices.push(this.#ruled('where', condition, x, y));
      }
    }
    return { choices, rest };
  }

  /** Terms without the factors that say that a condition holds, or does not; terms of which one says the opposite are 0. */
  #without(condition: number, holds: boolean, terms: Sum): Sum {
    const bare = new Map<number, number>();
    for (const [product, coefficient] of terms) {
      const truths = this.#products[product].map(([step]) =>
        this.#isTruth(step) && this.#conditionOf(step).condition === condition
          ? this.#conditionOf(step).holds
          : undefined,
      );
      if (truths.includes(!holds)) continue;
      bare.set(
        this.#product(this.#products[product].filter((_, at) => truths[at] === undefined)),
        coefficient,
      );
    }
    return bare;
  }

  /** What a truth says of which condition. */
  #conditionOf(truth: number): { condition: number; holds: boolean } {
    const [condition] = this.steps[truth].operands;
    const { name, operands } = this.steps[condition];
    return name === 'not' ? { condition: operands[0], holds: false } : { condition, holds: true };
  }

  #scale(a: number, factor: number): number {
    if (factor === 0) return 0;
    if (factor === 1) return a;
    return [...this.#sums[a]].reduce(
      (total, [product, coefficient]) => this.add(total, this.#term(product, coefficient, factor)),
      0,
    );
  }

  /** coefficient · factor · product. */
  #term(product: number, coefficient: number, factor: number): number {
    const scale = exactProduct(coefficient, factor);
    if (scale !== undefined) return this.#sum(new Map([[product, scale]]));
    const constant = this.#product([[this.#constantStep(factor), 1]]);
    return this.#sum(new Map([[this.#times(product, constant), coefficient]]));
  }

  #asTerm(expression: number): { product: number; coefficient: number } {
    const sum = this.#sums[expression];
    if (sum.size === 1) {
      const [[product, coefficient]] = sum;
      return { product, coefficient };
    }
    return { product: this.#product([[this.step(expression), 1]]), coefficient: 1 };
  }

  #atomPower(step: number, exponent: number): number {
    return this.#sum(new Map([[this.#product([[step, exponent]]), 1]]));
  }

  #atom(step: number): number {
    return this.#atomPower(step, 1);
  }

  #times(a: number, b: number): number {
    const exponents = new Map(this.#products[a]);
    for (const [step, exponent] of this.#products[b])
      exponents.set(step, (exponents.get(step) ?? 0) + exponent);
    // A truth is its own square.
    for (const step of exponents.keys()) if (this.#isTruth(step)) exponents.set(step, 1);
    return this.#product([...exponents]);
  }

  #isTruth(step: number): boolean {
    return this.steps[step].name === 'indicator';
  }

  #product(factors: Product): number {
    const sorted = [...factors].sort(([a], [b]) => a - b);
    return intern(this.#productByKey, this.#products, sorted.map((pair) => pair.join('^')).join('*'), sorted);
  }

  #sum(terms: Sum): number {
    const sorted = new Map([...terms].sort(([a], [b]) => a - b));
    const key = [...sorted].map((pair) => pair.join(':')).join('+');
    return intern(this.#sumByKey, this.#sums, key, sorted);
  }

  #step(step: Step): number {
    if (this.steps.length >= mostSteps) {
      throw new NoIntervalRule(`the formula and its derivatives take more than ${mostSteps} operations`);
    }
    const key = `${step.name}(${step.operands.join()})${step.value ?? ''}`;
    return intern(this.#stepByKey, this.steps, key, step);
  }

  #constantStep(value: number): number {
    return this.#step({ name: 'constant', operands: [], value });
  }

  #ruled(name: string, ...operands: number[]): number {
    return this.#step({ name, rule: rules.get(name), operands });
  }

  #scaledStep(product: number, coefficient: number): number {
    if (product === 0) return this.#constantStep(coefficient);
    const step = this.#productStep(product);
    return coefficient === 1 ? step : this.#ruled('mul', this.#constantStep(coefficient), step);
  }

  /** The step of an expression where it is known that a condition holds, or that it does not. */
  #assume(expression: number, condition: number, holds: boolean): number {
    return this.#assumeStep(this.step(expression), condition, holds, new Map());
  }

  /**
   * A choice by the condition is then made. Without this the values of both branches would meet in the branch of one: what is 1
   * inside of [−1, 1] and x outside would seem to be 0 somewhere around −1.
   */
  #assumeStep(step: number, condition: number, holds: boolean, known: Map<number, number>): number {
    if (step < condition) return step;
    if (step === condition) return this.#constantStep(Number(holds));
    const before = known.get(step);
    if (before !== undefined) return before;
    const { name, rule, operands } = this.steps[step];
    const again = (operand: number) => this.#assumeStep(operand, condition, holds, known);
    let result = step;
    if (name === 'where' && operands[0] === condition) result = again(operands[holds ? 1 : 2]);
    else if (name === 'power') result = this.#ruled(name, again(operands[0]), operands[1]);
    else if (rule !== undefined) result = this.#step({ name, rule, operands: operands.map(again) });
    known.set(step, result);
    return result;
  }

  /** A truth times a value, which matters only where the truth holds. */
  #masked(truth: number, value: number): number {
    const { condition, holds } = this.#conditionOf(truth);
    return this.#ruled('mask', truth, this.#assumeStep(value, condition, holds, new Map()));
  }

  #productStep(product: number): number {
    const factors = this.#products[product];
    const values = factors.filter(([step]) => !this.#isTruth(step));
    const steps = values.map(([step, exponent]) =>
      exponent === 1 ? step : this.#ruled('power', step, exponent),
    );
    const value =
      steps.length === 0
        ? this.#constantStep(1)
        : steps.reduce((total, step) => this.#ruled('mul', total, step));
    return factors
      .filter(([step]) => this.#isTruth(step))
      .reduce((total, [truth]) => this.#masked(truth, total), value);
  }
}

/** The number of what has this key in the list; appended where it is new. */
function intern<T>(numbers: Map<string, number>, list: T[], key: string, item: T): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  list.push(item);
  numbers.set(key, list.length - 1);
  return list.length - 1;
}
