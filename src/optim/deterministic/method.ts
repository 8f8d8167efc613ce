import type { z } from 'zod';
import { ScreeError } from '../../graph/errors.js';
import type { Generator as Random } from '../../random/generator.js';
import { define, type Definition, type OptionValues } from '../options.js';
import type { Problem } from './problem.js';

/** Where a walk stands after an iteration. The arrays are the method's own and change with the next step: copy what is to stay. */
export interface Iterate {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** What the method did that its name does not say: followed negative curvature, kicked, restarted. */
  readonly note?: string;
}

/** Why a walk ended: `criterion` was measured as `value`, against `threshold`. */
export interface Stop {
  /**
   * `gradient`: it counts as zero, and the point may be a minimum, a saddle or neither. `step`, `function`: nothing moves or falls
   * any more, be it for the tolerances or for rounding. `domain`: a value that is not a number, `unbounded`: one below all bounds.
   */
  readonly reason: 'gradient' | 'step' | 'function' | 'unbounded' | 'domain' | 'stepLimit';
  readonly criterion: string;
  readonly value: number;
  readonly threshold: number;
}

/** What a method is told of the walk. */
export interface WalkContext {
  /** A gradient whose largest component is at most this counts as zero. */
  readonly tol: number;
  /** The only source of chance. */
  readonly generator: Random;
  /** Where the methods that look around draw their points: lower and upper [n]. */
  readonly box?: Box;
}

/** lowerᵢ ≤ xᵢ ≤ upperᵢ. */
export interface Box {
  readonly lower: ArrayLike<number>;
  readonly upper: ArrayLike<number>;
}

/**
 * A deterministic method, or one whose chance is seeded: it drives compiled functions from a loop. `steps` gives the start first
 * and then each point it accepts; it returns only when it cannot or need not go on. Who drives it tests for convergence
 * after each step (see `walk`).
 */
export interface Method {
  readonly name: string;
  readonly options: OptionValues;
  /** It goes on where the gradient is zero and says itself when there is no way down left. */
  readonly passesStationary: boolean;
  /** @throws ScreeError when the problem lacks a derivative that the method needs. */
  steps(problem: Problem, start: Float64Array, context: WalkContext): Generator<Iterate, Stop, undefined>;
}

/** Makes a method with its options. */
export interface MethodFactory<S extends z.ZodRawShape> {
  (options?: z.input<z.ZodObject<S, z.core.$strict>>): Method;
  readonly definition: Definition<Method>;
}

/** A method under a name, with options described by zod. */
export function defineMethod<S extends z.ZodRawShape>(
  name: string,
  summary: string,
  shape: S,
  build: (
    options: z.output<z.ZodObject<S, z.core.$strict>>,
  ) => Pick<Method, 'steps'> & Partial<Pick<Method, 'passesStationary'>>,
): MethodFactory<S> {
  const definition = define(name, summary, shape, (options): Method => {
    return { name, options: options as OptionValues, passesStationary: false, ...build(options) };
  });
  const make = (options: Readonly<Record<string, unknown>> = {}): Method => definition.create(options);
  return Object.assign(make, { definition });
}

const described = {
  hessian: 'Hessian',
  hessianVector: 'product of its Hessian with a vector',
  thirdDerivative: 'third derivative',
  residuals: 'residuals, whose sum of squares it is (leastSquaresOf makes such a problem)',
} as const;

/** @throws ScreeError unless the problem has what the method needs. */
export function needs<K extends keyof typeof described>(
  method: string,
  problem: Problem,
  ...keys: readonly K[]
): asserts problem is Problem & Required<Pick<Problem, K>> {
  for (const key of keys) {
    if (problem[key] === undefined) {
      throw new ScreeError(
        `${method}: the problem does not give the ${described[key]}, which this method needs`,
      );
    }
  }
}

/** An iterate that its method moves. */
export interface Position extends Iterate {
  x: Float64Array;
  value: number;
  gradient: Float64Array;
  note?: string;
}

/** The start as a method's first position. */
export function startAt(problem: Problem, start: Float64Array): Position {
  const gradient = new Float64Array(start.length);
  const x = start.slice();
  return { x, value: problem.valueAndGradient(x, gradient), gradient };
}
