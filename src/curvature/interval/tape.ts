import { trace, float64 } from '../../ops/index.js';
import type { Tensor } from '../../graph/tensor.js';
import { grad, hessian, simplify } from '../../transform/index.js';
import { expandGraph } from './expand.js';
import { Expressions } from './expressions.js';
import { Registers } from './registers.js';

/** Intervals of a box, one a variable: lo ≤ hi. */
export interface Bounds {
  readonly lo: Float64Array;
  readonly hi: Float64Array;
}

/** A scalar function of a vector. */
export type ScalarFunction = (x: Tensor) => Tensor;

/** How far an evaluation goes: the value alone, with the gradient, with the Hessian too. */
export type Depth = 0 | 1 | 2;

/**
 * Value, gradient and Hessian of a function over boxes. After `evaluate`, the registers hold an interval for each of them:
 * `value`, `gradient[i]`, `hessian[i·n + j]` say in which.
 */
export class Tape {
  readonly registers: Registers;
  readonly value: number;
  readonly gradient: Int32Array;
  readonly hessian: Int32Array;
  readonly #inputs: Int32Array;
  readonly #steps: {
    rule: NonNullable<Expressions['steps'][number]['rule']>;
    out: number;
    a: number;
    b: number;
    c: number;
  }[] = [];
  /** Where the steps of each depth end. */
  readonly #ends: number[] = [];

  /** @param variables which of the inputs the function is one of, in order */
  constructor(
    pool: Expressions,
    readonly variables: readonly number[],
    value: number,
    gradient: ArrayLike<number>,
    hessian: ArrayLike<number>,
  ) {
    const groups = [[value], Array.from(gradient), Array.from(hessian)].map((group) =>
      group.map((expression) => pool.step(expression)),
    );
    const { steps } = pool;
    const slots = new Map<number, number>();
    const constants: [number, number][] = [];
    const inputs = new Int32Array(variables.length).fill(-1);
    const visit = (root: number): void => {
      // Steps are made after their operands.
      const wanted = new Set([root]);
      const ordered: number[] = [];
      for (const step of wanted) {
        if (slots.has(step)) continue;
        ordered.push(step);
        operandsOf(steps[step]).forEach((operand) => wanted.add(operand));
      }
      for (const step of ordered.sort((a, b) => a - b)) {
        const out = slots.size;
        slots.set(step, out);
        const { rule, operands, value: constant, input, name } = steps[step];
        if (constant !== undefined) constants.push([out, constant]);
        else if (input !== undefined) inputs[variables.indexOf(input)] = out;
        else if (rule !== undefined) {
          const [a, b, c] = operands.map((operand, place) =>
            name === 'power' && place === 1 ? operand : (slots.get(operand) ?? 0),
          );
          this.#steps.push({ rule, out, a, b: b ?? 0, c: c ?? 0 });
        }
      }
    };
    for (const group of groups) {
      group.forEach(visit);
      this.#ends.push(this.#steps.length);
    }
    this.registers = new Registers(slots.size);
    for (const [slot, constant] of constants) this.registers.set(slot, constant, constant, 0);
    this.#inputs = inputs;
    const [[of], first, second] = groups.map((group) => group.map((step) => slots.get(step) ?? 0));
    this.value = of;
    this.gradient = Int32Array.from(first);
    this.hessian = Int32Array.from(second);
  }

  get size(): number {
    return this.variables.length;
  }

  evaluate({ lo, hi }: Bounds, depth: Depth): void {
    const { registers } = this;
    this.#inputs.forEach((slot, index) => {
      if (slot >= 0) registers.set(slot, lo[index], hi[index], 0);
    });
    const end = this.#ends[depth];
    for (let at = 0; at < end; at++) {
      const { rule, out, a, b, c } = this.#steps[at];
      rule(registers, out, a, b, c);
    }
  }

  /** The flags of several registers together. */
  flagsOf(slots: Int32Array): number {
    let flags = 0;
    for (const slot of slots) flags |= this.registers.flags[slot];
    return flags;
  }
}

function operandsOf({ name, operands }: Expressions['steps'][number]): readonly number[] {
  return name === 'power' ? operands.slice(0, 1) : operands;
}

/** The variables that each step depends on, as a set. */
function supports(pool: Expressions): Set<number>[] {
  const found: Set<number>[] = [];
  for (const step of pool.steps) {
    const support = new Set(step.input === undefined ? [] : [step.input]);
    for (const operand of operandsOf(step)) found[operand].forEach((variable) => support.add(variable));
    found.push(support);
  }
  return found;
}

/** Groups of variables no two of which share a term. */
function separate(size: number, terms: readonly ReadonlySet<number>[]): number[][] {
  const group = Array.from({ length: size }, (_, variable) => variable);
  for (const term of terms) {
    const joined = new Set([...term].map((variable) => group[variable]));
    const first = Math.min(...joined);
    group.forEach((of, variable) => {
      if (joined.has(of)) group[variable] = first;
    });
  }
  return [...new Set(group)].map((first) =>
    group.flatMap((of, variable) => (of === first ? [variable] : [])),
  );
}

/**
 * A function as a sum of functions of variables of their own, as many as its terms allow: their critical points are found
 * apart.
 * @throws NoIntervalRule for a function that cannot be evaluated over intervals
 */
export function tapesOf(f: ScalarFunction, size: number): Tape[] {
  const graph = simplify(trace((x: Tensor) => [f(x), grad(f)(x), hessian(f)(x)], [float64(size)]));
  const pool = new Expressions();
  const [[value], gradient, second] = expandGraph(graph, pool);
  const terms = pool.termsOf(value);
  const steps = terms.map((term) => pool.step(term));
  const slopes = Array.from(gradient, (expression) => pool.step(expression));
  const support = supports(pool);
  const groups = separate(size, [
    ...steps.map((step) => support[step]),
    ...slopes.map((step, variable) => new Set([...support[step], variable])),
  ]);
  return groups.map((variables, place) => {
    const own = terms.filter((_, term) => {
      const [first] = support[steps[term]];
      return first === undefined ? place === 0 : variables.includes(first);
    });
    const part = own.reduce((total, term) => pool.add(total, term), 0);
    const hessianPart = variables.flatMap((i) =>
      variables.map((j) => second[Math.min(i, j) * size + Math.max(i, j)]),
    );
    return new Tape(
      pool,
      variables,
      part,
      variables.map((i) => gradient[i]),
      hessianPart,
    );
  });
}
