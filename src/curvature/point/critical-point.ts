/**
 * What a point of a function is, with what proves it: gradient, Hessian, and where the Hessian does not decide, the reduced
 * function of the splitting lemma to the order that does. Every comparison with zero is one with a bound on the rounding errors
 * of that very number, so that verdicts do not depend on units, names or the directions of the axes.
 */
import { ScreeError } from '../../graph/errors.js';
import type { Tensor } from '../../graph/tensor.js';
import { dot, eigenvector, norm, symmetricEigen } from '../../linalg/index.js';
import { judgeKernel, type KernelJudgement } from './judge-kernel.js';
import { inertiaOf, type Inertia } from './inertia.js';
import { LocalFunction, type Derivatives } from './local.js';
import { short } from './reduced.js';
import { findShift } from './shift.js';
import { zeroFactor } from './splitting.js';
import { downBranch, downDirection, type WayDown } from './way-down.js';

/**
 * `regular`: the gradient is not zero. `minimum`, `maximum`, `saddle`: the Hessian decides. `degenerate-…`: it does not, and higher
 * orders do. `valley`, `ridge`: critical points go on beside this one, on one level, and beside them it goes up, or down. `unknown`:
 * what is known is among the evidence.
 */
export type PointKind =
  | 'minimum'
  | 'maximum'
  | 'saddle'
  | 'degenerate-minimum'
  | 'degenerate-maximum'
  | 'degenerate-saddle'
  | 'valley'
  | 'ridge'
  | 'regular'
  | 'unknown';

export interface PointReport {
  /** Where the verdict holds: the point given, or the critical point next to it that Newton's method found. */
  readonly point: readonly number[];
  readonly value: number;
  readonly gradient: readonly number[];
  readonly gradientNorm: number;
  /** [n][n]. Empty, as the gradient, where the function has no derivatives. */
  readonly hessian: readonly (readonly number[])[];
  /** Of the Hessian, ascending. */
  readonly eigenvalues: readonly number[];
  /** The unit vectors that belong to them. */
  readonly eigenvectors: readonly (readonly number[])[];
  readonly kind: PointKind;
  /** Arnold's name of the class: A1 where the Hessian decides, A3−, D4+, E6, … */
  readonly singularity?: string;
  /** How many directions the Hessian leaves undecided; undefined of a point that is not critical. */
  readonly corank?: number;
  /** The order of the derivatives that decided. */
  readonly order?: number;
  /** The reduced function up to that order, a polynomial in the coordinates u, v of the Hessian's kernel. */
  readonly reducedForm?: string;
  /** A way along which the function falls from exactly this point; undefined where there is none or none is known. */
  readonly wayDown?: WayDown;
  /** What was measured and compared, a sentence each. */
  readonly evidence: readonly string[];
}

export interface CriticalPointOptions {
  /**
   * How far from the given point the critical one may be that is meant by it, in units of the largest coordinate or 1: points are
   * given with a few digits only. 1e-6 by default; with 0 the verdict is on the very point.
   */
  readonly reach?: number;
}

/** The most variables of which all second derivatives are taken. */
export const mostVariables = 200;

const rounds = 40;

const between = (from: Float64Array, to: Float64Array): Float64Array => to.map((entry, i) => entry - from[i]);

/**
 * The function that says what points of a function of `size` variables are; the function is traced once.
 * @throws ScreeError for more than 200 variables, and at a point outside of the function's domain
 */
export function pointClassifier(
  f: (x: Tensor) => Tensor,
  size: number,
): (point: ArrayLike<number>, options?: CriticalPointOptions) => PointReport {
  if (size > mostVariables) {
    throw new ScreeError(
      `classifyCriticalPoint: ${size} variables; all second derivatives are taken of up to ${mostVariables}`,
    );
  }
  const local = new LocalFunction(f, size);
  return (point, { reach = 1e-6 } = {}) => {
    if (point.length !== size) {
      throw new ScreeError(
        `classifyCriticalPoint: the point has ${point.length} numbers; it must have ${size}`,
      );
    }
    const given = Float64Array.from(point);
    if (!given.every(Number.isFinite)) {
      throw new ScreeError(
        `classifyCriticalPoint: the point (${Array.from(given).join(', ')}) is not finite`,
      );
    }
    return classify(local, given, reach);
  };
}

/** What one point of a function is; see {@link pointClassifier}. */
export function classifyCriticalPoint(
  f: (x: Tensor) => Tensor,
  point: ArrayLike<number>,
  options: CriticalPointOptions = {},
): PointReport {
  return pointClassifier(f, point.length)(point, options);
}

function classify(f: LocalFunction, given: Float64Array, reach: number): PointReport {
  const first = derivatives(f, given);
  if (first.kink !== undefined || !isFinite(first)) return withoutDerivatives(f, given, first);
  const farthest = reach * Math.max(1, ...given.map(Math.abs));
  const isAway = (point: Float64Array) => !point.every((entry, i) => Math.abs(entry - given[i]) <= farthest);
  let point = given;
  let at = first;
  let lastShift = Infinity;
  let lastStep: Float64Array | undefined;
  for (let round = 0; round < rounds; round++) {
    const inertia = inertiaOf(f, point, at);
    const step = newtonStep(f, at, inertia);
    const isSettled =
      step.every((entry, i) => Math.abs(entry) <= 2 * Number.EPSILON * Math.abs(point[i])) ||
      isBalanced(at, inertia);
    let next: Float64Array | undefined;
    if (!isSettled) next = point.map((entry, i) => entry + step[i]);
    else if (inertia.kernel.length === 0) return nondegenerate(f, point, at, inertia, given);
    else {
      const judgement = judgeKernel(f, point, inertia);
      const { series, splitting } = judgement;
      next = series && splitting && findShift(f, point, splitting, series, farthest);
      if (next !== undefined && isAway(next)) next = undefined;
      const length = next && norm(next.map((entry, i) => entry - point[i]));
      // Where steps no longer become shorter, rounding makes them.
      if (length === undefined || length > 0.5 * lastShift) {
        const final = withinBall(f, point, inertia, judgement, {
          near: next === undefined ? lastStep : between(point, next),
          far: between(given, point),
        });
        if (!final.isLow || isCritical(at)) return degenerate(f, point, at, inertia, final, given);
        break;
      }
      lastShift = length;
      lastStep = next && between(point, next);
    }
    if (next === undefined || isAway(next)) break;
    // What steps leave of a coordinate that was as long as they were is their rounding.
    next = next.map((entry, i) =>
      point[i] !== 0 && Math.abs(entry) <= 4 * Number.EPSILON * Math.abs(given[i]) ? 0 : entry,
    );
    const there = derivatives(f, next);
    if (there.kink !== undefined || !isFinite(there)) break;
    point = next;
    at = there;
  }
  return regular(f, given, first, farthest);
}

/**
 * The verdict where a point is found by steps: it must be the same at the very point, for all that f may be within the last step (`near`)
 * and for the whole ball that reaches to the point given (`far`).
 */
function withinBall(
  f: LocalFunction,
  point: Float64Array,
  inertia: Inertia,
  exact: KernelJudgement,
  { near, far }: { near?: Float64Array; far: Float64Array },
): KernelJudgement {
  if (far.every((entry) => entry === 0)) return exact;
  const close = near === undefined ? exact : judgeKernel(f, point, inertia, near);
  const wide = judgeKernel(f, point, inertia, far);
  const signOf = (judgement: KernelJudgement) => kindOf(false, false, judgement);
  const agree = (one: KernelJudgement) =>
    one.verdict.singularity === wide.verdict.singularity && signOf(one) === signOf(wide);
  // At the very point found nothing may be told, rounding having left low orders; what is told must not be something else.
  const other = [close, exact].find(
    (one) => !agree(one) && !(one === exact && close !== exact && signOf(one) === 'unknown'),
  );
  if (other === undefined) return wide;
  const say = (judgement: KernelJudgement) =>
    `${judgement.verdict.singularity ?? signOf(judgement)} by order ${judgement.verdict.order}`;
  const text = `the kernel's part is ${say(other)} at the point found, ${say(wide)} as far as the point given tells: give it with more digits`;
  const verdict = { order: wide.verdict.order, flat: [], evidence: [] };
  return { ...wide, verdict, level: false, open: true, isLow: false, evidence: [...wide.evidence, text] };
}

function derivatives(f: LocalFunction, point: Float64Array): Derivatives {
  const at = f.derivativesAt(point);
  if (Number.isFinite(at.value)) return at;
  const where = Array.from(point).slice(0, 6).join(', ') + (point.length > 6 ? ', …' : '');
  const what = Number.isNaN(at.value) ? 'is not a number' : 'is infinite';
  throw new ScreeError(`the function ${what} at (${where}): the point is outside of its domain`);
}

function isFinite({ gradient, hessian }: Derivatives): boolean {
  return gradient.every(Number.isFinite) && hessian.every(Number.isFinite);
}

/** Whether every entry of the gradient may be zero but for rounding. */
function isCritical({ gradient, gradientError }: Derivatives): boolean {
  return gradient.every((entry, i) => Math.abs(entry) <= zeroFactor * gradientError[i]);
}

/** Whether the gradient along the decided directions may be zero but for rounding. */
function isBalanced({ gradient, gradientError }: Derivatives, { normal }: Inertia): boolean {
  return normal.every((vector) => {
    const bound = vector.reduce((sum, entry, i) => sum + Math.abs(entry) * gradientError[i], 0);
    return Math.abs(dot(vector, gradient)) <= bound;
  });
}

/** Newton's step along the decided directions. */
function newtonStep({ size }: LocalFunction, { gradient }: Derivatives, inertia: Inertia): Float64Array {
  const step = new Float64Array(size);
  inertia.normal.forEach((vector, j) => {
    const along = dot(vector, gradient) / inertia.curvatures[j];
    for (let i = 0; i < size; i++) step[i] -= along * vector[i];
  });
  return step;
}

type Measured = Omit<PointReport, 'kind' | 'evidence'>;

/** A vector's sign is arbitrary: the entry of largest size is made positive. */
function oriented(vector: Float64Array): number[] {
  const largest = vector.reduce(
    (most, entry) => (Math.abs(entry) > Math.abs(most) * (1 + 1e-9) ? entry : most),
    0,
  );
  return Array.from(vector, (entry) => (entry === 0 ? 0 : largest < 0 ? -entry : entry));
}

function measured(f: LocalFunction, point: Float64Array, at: Derivatives): Measured {
  const n = f.size;
  const eigen = symmetricEigen(at.hessian, n);
  return {
    point: Array.from(point),
    value: at.value,
    gradient: Array.from(at.gradient),
    gradientNorm: norm(at.gradient),
    hessian: Array.from({ length: n }, (_, i) => Array.from(at.hessian.subarray(i * n, (i + 1) * n))),
    eigenvalues: Array.from(eigen.values),
    eigenvectors: Array.from({ length: n }, (_, j) => oriented(eigenvector(eigen, j))),
  };
}

function withoutDerivatives(f: LocalFunction, point: Float64Array, at: Derivatives): PointReport {
  const why =
    at.kink === undefined
      ? 'its derivatives are not finite numbers here'
      : `it has no derivatives here: ${at.kink}`;
  return {
    point: Array.from(point),
    value: f.valueAt(point).value,
    gradient: [],
    gradientNorm: NaN,
    hessian: [],
    eigenvalues: [],
    eigenvectors: [],
    kind: 'unknown',
    evidence: [`the function is not smooth at this point and is not classified: ${why}`],
  };
}

function regular(f: LocalFunction, point: Float64Array, at: Derivatives, farthest: number): PointReport {
  const known = measured(f, point, at);
  if (isCritical(at)) {
    const evidence = [
      `the gradient is zero as far as rounding tells: its norm is ${short(known.gradientNorm)}, rounding explains ${short(norm(at.gradientError))}`,
      'steps to where it is zero for certain lead farther away than the point given can be meant',
    ];
    return { ...known, kind: 'unknown', evidence };
  }
  return {
    ...known,
    kind: 'regular',
    wayDown: downDirection(
      f,
      point,
      at.gradient.map((entry) => -entry),
    ),
    evidence: [
      `the gradient is not zero: its norm is ${short(known.gradientNorm)}, rounding explains ${short(norm(at.gradientError))}`,
      ...(farthest > 0 ? [`no critical point was found within ${short(farthest)} of it`] : []),
    ],
  };
}

function commonEvidence(
  { gradientNorm }: Measured,
  point: Float64Array,
  at: Derivatives,
  { curvatures, kernel, threshold, doubtful }: Inertia,
  given: Float64Array,
): string[] {
  const moved = norm(point.map((entry, i) => entry - given[i]));
  const positive = curvatures.filter((value) => value > 0).length;
  const negative = curvatures.length - positive;
  const limit = threshold === 0 ? '' : `: an eigenvalue counts as zero up to ${short(threshold)}`;
  const evidence = [
    `the gradient is zero: its norm is ${short(gradientNorm)}, rounding explains ${short(norm(at.gradientError))}`,
    `the Hessian decides ${positive} ${positive === 1 ? 'direction' : 'directions'} up and ${negative} down, and leaves ${kernel.length} open${limit}`,
  ];
  if (moved > 0) {
    evidence.unshift(`the critical point is ${short(moved)} away from the point given`);
  }
  if (doubtful > 0) {
    evidence.push(
      'signs of small eigenvalues do not count where they change within a step of Newton’s method',
    );
  }
  return evidence;
}

/** Down along the Hessian's lowest eigenvector, or along one of the decided directions. */
function downByCurvature(
  f: LocalFunction,
  point: Float64Array,
  { eigenvectors }: Measured,
  { normal, curvatures }: Inertia,
): WayDown | undefined {
  const lowest = downDirection(f, point, Float64Array.from(eigenvectors[0]));
  if (lowest !== undefined) return lowest;
  for (const [j, vector] of normal.entries()) {
    const way = curvatures[j] < 0 ? downDirection(f, point, vector) : undefined;
    if (way !== undefined) return way;
  }
  return undefined;
}

function nondegenerate(
  f: LocalFunction,
  point: Float64Array,
  at: Derivatives,
  inertia: Inertia,
  given: Float64Array,
): PointReport {
  const known = measured(f, point, at);
  const positive = inertia.curvatures.filter((value) => value > 0).length;
  const kind = positive === f.size ? 'minimum' : positive === 0 ? 'maximum' : 'saddle';
  const evidence = commonEvidence(known, point, at, inertia, given);
  const wayDown = kind === 'minimum' ? undefined : downByCurvature(f, point, known, inertia);
  return { ...known, kind, singularity: 'A1', corank: 0, order: 2, wayDown, evidence };
}

function degenerate(
  f: LocalFunction,
  point: Float64Array,
  at: Derivatives,
  inertia: Inertia,
  judgement: KernelJudgement,
  given: Float64Array,
): PointReport {
  const known = measured(f, point, at);
  const up = inertia.curvatures.some((value) => value > 0);
  const down = inertia.curvatures.some((value) => value < 0);
  const kind = kindOf(up, down, judgement);
  const evidence = [...commonEvidence(known, point, at, inertia, given), ...judgement.evidence];
  if (up && down) evidence.push('the Hessian alone goes up along some directions and down along others');
  const falls = judgement.verdict.falls;
  const wayDown = down ? downByCurvature(f, point, known, inertia) : falls && downBranch(f, point, falls);
  const { singularity, order } = judgement.verdict;
  const corank = inertia.kernel.length;
  return {
    ...known,
    kind,
    singularity,
    corank,
    order,
    reducedForm: judgement.reducedForm,
    wayDown,
    evidence,
  };
}

/** From the signs that the Hessian has and those that the reduced function takes. */
function kindOf(up: boolean, down: boolean, { verdict, level, open, isLow }: KernelJudgement): PointKind {
  const rises = up || verdict.rises !== undefined;
  const falls = down || verdict.falls !== undefined;
  if (isLow) return 'unknown';
  if (rises && falls) return 'degenerate-saddle';
  if (open) return 'unknown';
  if (level) return falls ? 'ridge' : 'valley';
  return falls ? 'degenerate-maximum' : 'degenerate-minimum';
}
