/**
 * Drives a method over a problem, one step at a time, and says honestly why it stopped: each report names what was measured and
 * against what. A zero gradient is reported as that and no more: whether the point is a minimum is for its Hessian to
 * say (the curvature room's classifyCriticalPoint).
 */
import { ScreeError } from '../../graph/errors.js';
import { maxNorm } from '../../linalg/index.js';
import { Generator as Random } from '../../random/generator.js';
import { zeroGradient } from './stops.js';
import type { Box, Iterate, Method, Stop } from './method.js';
import { counted, type Evaluations, type Problem } from './problem.js';

export interface WalkOptions {
  /** Stops where the largest component of the gradient is at most this. */
  readonly tol?: number;
  /** Stops where no coordinate moved by more than this times max(1, largest |xᵢ|). */
  readonly stepTol?: number;
  /** Stops where the value fell by at most this times max(1, |f|). */
  readonly functionTol?: number;
  readonly maxSteps?: number;
  /** Seeds the methods that use chance. */
  readonly seed?: number;
  readonly box?: Box;
}

/** Values below −1e20·max(1, |f(start)|) count as unbounded: Knitro's objrange. */
const UNBOUNDED = 1e20;

/**
 * Walks step by step: gives the start and then each iterate, and returns why it ended. Leave the loop to end it by hand.
 * @throws ScreeError for a start of another dimension or with coordinates that are not finite, or a method that does not fit.
 */
export function* walk(
  problem: Problem,
  method: Method,
  start: ArrayLike<number>,
  { tol = 1e-8, stepTol = 0, functionTol = 0, maxSteps = 10_000, seed = 0, box }: WalkOptions = {},
): Generator<Iterate, Stop, undefined> {
  const from = requirePoint(method, problem, start);
  const steps = method.steps(problem, from, { tol, generator: new Random(seed), box });
  const previous = { x: from, value: NaN, bound: NaN };
  for (let step = 0; ; step++) {
    const next = steps.next();
    if (next.done === true) return next.value;
    const iterate = next.value;
    if (step === 0) previous.bound = -UNBOUNDED * Math.max(1, Math.abs(iterate.value));
    yield iterate;
    const stop = stopAt(iterate, previous, step, { tol, stepTol, functionTol, method });
    if (stepTol > 0) previous.x = iterate.x.slice();
    previous.value = iterate.value;
    if (stop !== undefined) return stop;
    if (step >= maxSteps) {
      return { reason: 'stepLimit', criterion: 'steps', value: step, threshold: maxSteps };
    }
  }
}

interface Criteria {
  readonly tol: number;
  readonly stepTol: number;
  readonly functionTol: number;
  readonly method: Method;
}

function stopAt(
  { x, value, gradient }: Iterate,
  previous: { readonly x: Float64Array; readonly value: number; readonly bound: number },
  step: number,
  { tol, stepTol, functionTol, method }: Criteria,
): Stop | undefined {
  if (value <= previous.bound) {
    return { reason: 'unbounded', criterion: 'value', value, threshold: previous.bound };
  }
  const slope = maxNorm(gradient);
  if (!Number.isFinite(value) || !Number.isFinite(slope)) {
    const measured = Number.isFinite(value) ? slope : value;
    const criterion = Number.isFinite(value) ? 'largest component of the gradient' : 'value';
    return { reason: 'domain', criterion, value: measured, threshold: Infinity };
  }
  if (slope <= tol && !method.passesStationary) return zeroGradient(slope, tol);
  if (step === 0) return undefined;
  if (stepTol > 0) {
    let move = 0;
    for (let i = 0; i < x.length; i++) move = Math.max(move, Math.abs(x[i] - previous.x[i]));
    const shortest = stepTol * Math.max(1, maxNorm(x));
    if (move <= shortest) {
      return {
        reason: 'step',
        criterion: 'largest change of a coordinate',
        value: move,
        threshold: shortest,
      };
    }
  }
  const fall = previous.value - value;
  const least = functionTol * Math.max(1, Math.abs(value));
  if (functionTol > 0 && fall <= least) {
    return { reason: 'function', criterion: 'fall of the value', value: fall, threshold: least };
  }
  return undefined;
}

function requirePoint({ name }: Method, { dimension }: Problem, start: ArrayLike<number>): Float64Array {
  const from = Float64Array.from(start);
  if (from.length !== dimension) {
    throw new ScreeError(`${name}: the start has ${from.length} coordinates, the problem ${dimension}`);
  }
  const bad = from.findIndex((coordinate) => !Number.isFinite(coordinate));
  if (bad >= 0)
    throw new ScreeError(`${name}: coordinate ${bad} of the start is ${from[bad]}; it must be finite`);
  return from;
}

/** The end of a walk. */
export interface WalkResult {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** Largest component of the gradient. */
  readonly gradientNorm: number;
  readonly steps: number;
  readonly evaluations: Evaluations;
  readonly stop: Stop;
}

/** Walks to the end. See `walk` in this file. */
export function minimize(
  problem: Problem,
  method: Method,
  start: ArrayLike<number>,
  options: WalkOptions = {},
): WalkResult {
  const { problem: counting, evaluations } = counted(problem);
  const steps = walk(counting, method, start, options);
  let last: Iterate = { x: new Float64Array(0), value: NaN, gradient: new Float64Array(0) };
  for (let step = -1; ; step++) {
    const next = steps.next();
    if (next.done !== true) {
      last = next.value;
      continue;
    }
    const x = last.x.slice();
    const gradient = last.gradient.slice();
    return {
      x,
      value: last.value,
      gradient,
      gradientNorm: maxNorm(gradient),
      steps: step,
      evaluations,
      stop: next.value,
    };
  }
}
