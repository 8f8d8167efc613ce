import { residuals, type Residuals, type ResidualText, type Values } from '../../formula/index.js';
import type { ParameterRange, Point } from './surface.js';

/** A minimum of a sum of squares as published, with its point where one is known. */
export interface Optimum {
  /** The sum of squares there, to the digits published (six). */
  readonly value: number;
  readonly point?: Point;
}

/** A least-squares problem: f(x) = Σ rᵢ(x)². */
export interface LeastSquaresProblem {
  /** In Moré, Garbow and Hillstrom's list. */
  readonly number: number;
  readonly name: string;
  readonly title: string;
  /** Count of variables and of residuals. */
  readonly n: number;
  readonly m: number;
  /** The residuals as formulas of x[1] … x[n]. */
  readonly residuals: readonly ResidualText[];
  readonly parameters: Values;
  /** The standard start. */
  readonly start: Point;
  /** The published minima of f; the first is the lowest. */
  readonly optima: readonly Optimum[];
  readonly source: string;
}

/** Sizes that a problem was asked for. */
export interface Size {
  readonly n: number;
  readonly m: number;
}

/** A problem as it is written down. */
export interface ProblemDefinition {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly source: string;
  /** The counts of variables that it has. */
  readonly n: ParameterRange;
  /** The count of residuals that it has or, as a range, may be asked for. */
  readonly m: (n: number) => number | ParameterRange;
  /** Which of n and m the formulas use as parameters. */
  readonly uses?: readonly (keyof Size)[];
  readonly residuals: readonly ResidualText[];
  readonly data?: Readonly<Record<string, readonly number[]>>;
  readonly start: (size: Size) => Point;
  readonly optima: (size: Size) => readonly Optimum[];
}

/** A count that is always the same. */
export function exactly(count: number): ParameterRange {
  return { default: count, choices: [count] };
}

/** The residuals r₁ … r_m of a problem, traceable and in plain numbers. */
export function problemResiduals(problem: LeastSquaresProblem): Residuals {
  return residuals(problem.residuals, { parameters: problem.parameters });
}
