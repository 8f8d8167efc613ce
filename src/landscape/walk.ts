import { compile } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import type { Method, Optimizer, OptionValues } from '../optim/index.js';
import { Path } from './path.js';
import { stopReport } from './report.js';
import { methodStepper, optimizerStepper, type Stepper } from './stepper.js';
import type { Surface } from './surface.js';
import { largestAllowed, lastRowStop, standstill, type Criterion, type StopReport } from './stop.js';

export interface WalkOptions {
  /** Most steps; 1000 by default. */
  readonly steps?: number;
  /** Ends where the Euclidean norm of the gradient is at most this; 1e-8 by default. 0 never ends early. */
  readonly tol?: number;
  /** Standard deviation of the normal noise added to each gradient, as SGD's batches add it. 0 by default. */
  readonly noise?: number;
  /** Of the noise; 0 by default. */
  readonly seed?: number;
  /** Up instead of down. */
  readonly maximize?: boolean;
  /** Where annealing and multistart draw their points: a range for each variable. */
  readonly box?: readonly (readonly [number, number])[];
}

export interface Walk {
  readonly optimizer: string;
  readonly options: OptionValues;
  /** Steps taken: rows of the path less one. */
  readonly steps: number;
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly value: number;
  readonly gradientNorm: number;
  readonly stop: StopReport;
  readonly path: Path;
}

/** Rows between two looks at what was recorded. */
const chunk = 2 ** 14;

/** A walk under way: `advance` goes on until it returns false, `finish` says how it ended. */
export class Walker {
  readonly path: Path;
  readonly #stepper: Stepper;
  readonly #settings: Required<Omit<WalkOptions, 'box'>>;
  readonly #large: number;
  #stop: Criterion | undefined;

  /**
   * @param start a number for each variable
   * @throws ScreeError for a start outside the domain, or options out of range
   */
  constructor(
    readonly surface: Surface,
    readonly optimizer: Optimizer | Method,
    readonly start: readonly number[],
    { steps = 1000, tol = 1e-8, noise = 0, seed = 0, maximize = false, box }: WalkOptions = {},
  ) {
    requireRange('steps', steps, Number.isSafeInteger(steps) && steps >= 0, 'a whole number from 0');
    requireRange('tol', tol, tol >= 0 && tol < Infinity, 'a number from 0');
    requireRange('noise', noise, noise >= 0 && noise < Infinity, 'a number from 0');
    this.#settings = { steps, tol, noise, seed, maximize };
    this.#large = largestAllowed(start);
    this.path = new Path(start.length, steps + 1);
    const sign = maximize ? -1 : 1;
    const objective = (x: Tensor) => (maximize ? surface.evaluate(x).mul(sign) : surface.evaluate(x));
    requireDomain(surface, start);
    const options = { small: tol > 0 ? tol : -1, large: this.#large, noise, seed, box };
    if (isMethod(optimizer) && noise > 0) {
      throw new ScreeError(
        `walk: ${optimizer.name} works on exact gradients; noise is for first-order optimisers`,
      );
    }
    this.#stepper = isMethod(optimizer)
      ? methodStepper(objective, optimizer, start, options)
      : optimizerStepper(objective, optimizer, start, options);
  }

  /** Takes some more steps. @returns whether there are more to take */
  advance(): boolean {
    const { steps, tol } = this.#settings;
    if (this.#stop !== undefined) return false;
    const { path } = this;
    const from = path.length;
    const until = Math.min(steps + 1, from + chunk);
    const stepper = this.#stepper;
    const { passesStationary = false } = stepper;
    const limits = { tol, large: this.#large, passesStationary };
    let added = 1;
    let stop: Criterion | undefined;
    while (path.length < until && added > 0 && stop === undefined) {
      added = stepper.advance(path, until - path.length);
      stop = lastRowStop(path, limits);
    }
    const { halt } = stepper;
    if (halt !== undefined) stop ??= { ...halt, row: path.length - 1 };
    this.#stop = (tol > 0 && !passesStationary ? standstill(path, from) : undefined) ?? stop;
    return this.#stop === undefined && path.length <= steps && added > 0;
  }

  /** The walk so far and what ended it; `user` where it had further to go. */
  finish(): Walk {
    const { path, optimizer, surface, start } = this;
    const { steps, tol, maximize } = this.#settings;
    const ended = this.#stop ?? {
      reason: path.length > steps ? ('stepLimit' as const) : ('user' as const),
      criterion: 'steps',
      value: path.length - 1,
      threshold: steps,
      row: path.length - 1,
    };
    path.truncate(ended.row + 1);
    if (maximize) path.negateValues();
    const end = Array.from(path.point(ended.row));
    return {
      optimizer: optimizer.name,
      options: optimizer.options,
      steps: ended.row,
      start,
      end,
      value: path.value(ended.row),
      gradientNorm: path.gradientNorm(ended.row),
      stop: stopReport(surface, optimizer, path, ended, { tol, maximize }),
      path,
    };
  }
}

/**
 * Walks down (or up) a surface until something ends it, and says what.
 * @example
 * ```ts
 * import { formula } from 'scree/formula';
 * import { walk } from 'scree/landscape';
 * import { sgd } from 'scree/optim';
 *
 * const { stop, end } = walk(formula('(x - 1)^2 + y^2'), sgd({ lr: 0.25 }), [3, 1]);
 * console.log(stop.reason, end.map((number) => number.toFixed(6)));
 * ```
 * ```text
 * minimum [ '1.000000', '0.000000' ]
 * ```
 */
export function walk(
  surface: Surface,
  optimizer: Optimizer | Method,
  start: readonly number[],
  options: WalkOptions = {},
): Walk {
  const walker = new Walker(surface, optimizer, start, options);
  while (walker.advance());
  return walker.finish();
}

function isMethod(optimizer: Optimizer | Method): optimizer is Method {
  return 'steps' in optimizer;
}

function requireRange(name: string, value: number, fits: boolean, wanted: string): void {
  if (!fits) throw new ScreeError(`walk: ${name} is ${value}; it must be ${wanted}`);
}

function requireDomain({ variables, evaluate }: Surface, start: readonly number[]): void {
  if (start.length !== variables.length) {
    throw new ScreeError(
      `walk: the start has ${start.length} numbers for ${variables.length} variables (${variables.join(', ')})`,
    );
  }
  const value = compile((x: Tensor) => evaluate(x), [float64(start.length)]).run([...start]).data[0];
  if (Number.isFinite(value)) return;
  const place = variables.map((name, axis) => `${name}=${start[axis]}`).join(', ');
  throw new ScreeError(`walk: the function is ${value} at the start ${place}; start inside its domain`);
}
