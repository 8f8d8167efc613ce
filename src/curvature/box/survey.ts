import { ScreeError } from '../../graph/errors.js';
import { symmetricEigen } from '../../linalg/index.js';
import {
  mostVariables as mostClassified,
  pointClassifier,
  type PointReport,
} from '../point/critical-point.js';
import { NoIntervalRule } from '../interval/expressions.js';
import { tapesOf, type Bounds, type ScalarFunction, type Tape } from '../interval/tape.js';
import { boundsOf, pointBounds, sidesOf, type Sides } from './bounds.js';
import { combinePoints, combineSingular, countPoints, type PartPoint } from './combine.js';
import { Multistart } from './multistart.js';
import { PartSurvey } from './part.js';
import type { BoxPoint, BoxSurvey } from './result.js';
import { isSmall } from './settle.js';

export interface BoxSurveyOptions {
  /** Boxes to look at for critical points, and again for the least value, of each independent part of the function. */
  readonly mostBoxes?: number;
  /** Of the starts where intervals do not carry; 0 by default. */
  readonly seed?: number;
}

/** Interval methods carry this many variables that depend on each other; points from many starts as many as can be classified. */
const mostVariables = 10;
const mostPoints = 20_000;

/** What a survey is of: a formula is one. */
export interface SurveyedFunction {
  readonly variables: readonly string[];
  evaluate: ScalarFunction;
}

function requireBox(variables: readonly string[], sides: Sides): void {
  if (variables.length === 0) throw new ScreeError('box survey: the function has no variables');
  if (sides.length !== variables.length) {
    throw new ScreeError(
      `box survey: the box has ${sides.length} sides; the function has ${variables.length} variables`,
    );
  }
  sides.forEach(([lo, hi], axis) => {
    const name = variables[axis];
    if (Number.isNaN(lo) || Number.isNaN(hi)) {
      throw new ScreeError(`box survey: ${name} from ${lo} to ${hi} is no range; both ends must be numbers`);
    }
    if (lo > hi)
      throw new ScreeError(
        `box survey: ${name} from ${lo} to ${hi} is reversed; the smaller end comes first`,
      );
    if (!Number.isFinite(hi - lo)) {
      throw new ScreeError(
        `box survey: ${name} from ${lo} to ${hi} is infinite; a box must be finite, since what lies beyond every number cannot be searched`,
      );
    }
    if (lo === hi) {
      throw new ScreeError(
        `box survey: ${name} from ${lo} to ${hi} has no width; give its value as a number in the formula instead`,
      );
    }
  });
}

/** Makes tapes, or says why there are none. */
function tapesOrReason({ variables, evaluate }: SurveyedFunction): Tape[] | string {
  const n = variables.length;
  if (n > 4 * mostVariables) return `${n} variables are more than interval methods carry`;
  try {
    const tapes = tapesOf(evaluate, n);
    const largest = Math.max(...tapes.map(({ size }) => size));
    if (largest <= mostVariables) return tapes;
    return `${largest} variables depend on each other; interval methods carry ${mostVariables}, since boxes double with each`;
  } catch (error) {
    if (error instanceof NoIntervalRule) return error.message;
    throw error;
  }
}

const places = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/**
 * Finds all critical points in a box, with proof: `advance` does a part of the work and says whether any is left, `finish` gives what
 * is known, at any time.
 */
export class BoxSurveyor {
  readonly method: BoxSurvey['method'];
  readonly #whole: Bounds;
  readonly #parts: PartSurvey[] = [];
  readonly #reason: string = '';
  readonly #multistart: Multistart | undefined;
  #current = 0;
  #classifier: ReturnType<typeof pointClassifier> | undefined;

  /**
   * @param sides from the smaller to the larger end for each variable
   * @throws ScreeError for a box that is reversed, infinite, without width or of another number of sides, and for more variables than
   * any method carries
   */
  constructor(
    readonly surface: SurveyedFunction,
    sides: Sides,
    { mostBoxes = 20_000, seed = 0 }: BoxSurveyOptions = {},
  ) {
    const { variables, evaluate } = surface;
    requireBox(variables, sides);
    this.#whole = boundsOf(sides);
    const made = tapesOrReason(surface);
    if (typeof made !== 'string') {
      this.method = 'interval';
      this.#parts = made.map((tape) => {
        const { lo, hi } = this.#whole;
        const own = {
          lo: tape.variables.map((axis) => lo[axis]),
          hi: tape.variables.map((axis) => hi[axis]),
        };
        const bounds = { lo: Float64Array.from(own.lo), hi: Float64Array.from(own.hi) };
        return new PartSurvey(tape, bounds, mostBoxes);
      });
      return;
    }
    const n = variables.length;
    if (n > mostClassified) {
      throw new ScreeError(
        `box survey: ${n} variables; critical points in a box are searched for up to ${mostClassified}`,
      );
    }
    this.method = 'multistart';
    this.#reason = made;
    this.#multistart = new Multistart(evaluate, this.#whole, Math.min(1000, 50 * n), seed);
  }

  /** Boxes or starts looked at, and critical points found by now. */
  get progress(): { readonly boxes: number; readonly points: number; readonly waiting: number } {
    const search = this.#parts[Math.min(this.#current, this.#parts.length - 1)]?.search;
    return {
      boxes: this.#parts.reduce((sum, { count }) => sum + count, this.#multistart?.count ?? 0),
      points: this.#parts.reduce(
        (sum, part) => sum + part.search.certified.length,
        this.#multistart?.found.length ?? 0,
      ),
      waiting: search?.waiting ?? (this.#multistart ? this.#multistart.starts - this.#multistart.count : 0),
    };
  }

  /** Does some milliseconds of work. False where none is left. */
  advance(): boolean {
    if (this.#multistart !== undefined) return this.#multistart.advance();
    for (let count = 0; count < 32 && this.#current < this.#parts.length; count++) {
      if (!this.#parts[this.#current].advance()) this.#current++;
    }
    return this.#current < this.#parts.length;
  }

  finish(): BoxSurvey {
    return this.#multistart === undefined ? this.#finishParts() : this.#finishStarts(this.#multistart);
  }

  #finishParts(): BoxSurvey {
    const whole = this.#whole;
    const ended = this.#current === this.#parts.length;
    const results = this.#parts.map((part) => part.finish());
    const count = countPoints(results);
    const points: BoxPoint[] = [];
    const undecided: Bounds[] = [];
    for (const found of combinePoints(results, whole, mostPoints)) {
      const { point, isSettled } = this.#judge(found);
      if (point !== undefined) points.push(point);
      if (!isSettled) undecided.push(found.enclosure);
    }
    const sum = (end: 'lower' | 'upper') => results.reduce((total, { minimum }) => total + minimum[end], 0);
    const lowest = Float64Array.from(whole.lo);
    for (const { variables, lowest: own } of results) {
      variables.forEach((axis, index) => {
        lowest[axis] = own?.[index] ?? NaN;
      });
    }
    const isKnown = lowest.every((x) => !Number.isNaN(x));
    const spent = this.#parts.some(({ search, mostBoxes }) => search.count >= mostBoxes);
    return {
      box: sidesOf(whole),
      variables: this.surface.variables,
      method: 'interval',
      points: points.sort((a, b) => a.value - b.value),
      count: Math.max(count - undecided.length, points.length),
      undecided: undecided.map(sidesOf),
      poles: combineSingular(results, whole).map(({ bounds, kind, parts }) => ({
        box: sidesOf(bounds),
        kind,
        parts: parts.length > 1 ? parts.map(sidesOf) : [],
      })),
      minimum: { lower: sum('lower'), upper: sum('upper'), point: isKnown ? Array.from(lowest) : undefined },
      complete: ended && !spent,
      evidence: this.#evidence(points, undecided.length, { ended, spent, count }),
    };
  }

  #evidence(
    points: readonly BoxPoint[],
    undecided: number,
    { ended, spent, count }: { ended: boolean; spent: boolean; count: number },
  ): string[] {
    const certified = points.filter((point) => point.certified).length;
    const boxes = this.progress.boxes;
    const evidence =
      certified === 0
        ? ['no critical point with a regular Hessian is in the box, beside what is undecided or not smooth']
        : [
            `${certified === 1 ? '1 critical point is' : `${certified} critical points are`} proven to exist, each alone in its enclosure (Krawczyk's operator, outward rounding)`,
          ];
    const judged = points.length - certified;
    if (judged > 0) {
      evidence.push(
        `${places(judged, 'point')} where the Hessian cannot be told from a singular one: judged by its derivatives at the point, without proof that it is alone in its enclosure`,
      );
    }
    if (this.#parts.length > 1) {
      evidence.push(
        `the function is a sum of ${this.#parts.length} functions that share no variable: each was searched by itself`,
      );
    }
    if (count > mostPoints) evidence.push(`of ${count} points the ${mostPoints} lowest are listed`);
    if (undecided > 0)
      evidence.push(`${places(undecided, 'box', 'boxes')} left undecided: elsewhere nothing was missed`);
    if (spent) evidence.push('the search has spent its boxes: what was left was put together as it was');
    if (!ended)
      evidence.push('the survey was ended before its time: what was left was put together as it was');
    evidence.push(`${places(boxes, 'box', 'boxes')} looked at`);
    return evidence;
  }

  /** A combination of points as a point of the survey, and whether nothing else is left of its box. */
  #judge(found: PartPoint): { point: BoxPoint | undefined; isSettled: boolean } {
    const { point, enclosure, value, inertia } = found;
    const whole = this.#whole;
    const shared = {
      point: Array.from(point),
      value,
      eigenvalues: this.#eigenvaluesAt(point),
      enclosure: sidesOf(enclosure),
      onBoundary: enclosure.lo.some(
        (lo, axis) => lo <= whole.lo[axis] || enclosure.hi[axis] >= whole.hi[axis],
      ),
    };
    if (inertia !== undefined) {
      const n = point.length;
      const kind = inertia.positive === n ? 'minimum' : inertia.negative === n ? 'maximum' : 'saddle';
      return { point: { ...shared, kind, singularity: 'A1', certified: true }, isSettled: true };
    }
    const report = this.#classify(point);
    if (report === undefined || report.kind === 'unknown' || report.kind === 'regular') {
      return { point: undefined, isSettled: false };
    }
    const { kind, singularity, eigenvalues } = report;
    const judged = {
      ...shared,
      point: [...report.point],
      value: report.value,
      eigenvalues: [...eigenvalues],
      kind,
      certified: false,
      ...(singularity === undefined ? {} : { singularity }),
    };
    // One point stands for a small box; in a larger one there is room for others, unless all of it is one set of them.
    const isSet = kind === 'valley' || kind === 'ridge';
    return { point: judged, isSettled: isSet || isSmall(enclosure, whole) };
  }

  /** What a point is that intervals do not decide; undefined where that cannot be said. */
  #classify(point: Float64Array): PointReport | undefined {
    const { variables, evaluate } = this.surface;
    this.#classifier ??= pointClassifier(evaluate, variables.length);
    try {
      return this.#classifier(point);
    } catch (error) {
      // The point came to lie beside the domain.
      if (error instanceof ScreeError) return undefined;
      throw error;
    }
  }

  #eigenvaluesAt(point: Float64Array): number[] {
    const eigenvalues = this.#parts.flatMap(({ tape }) => {
      tape.evaluate(pointBounds(Float64Array.from(tape.variables, (axis) => point[axis])), 2);
      const { lo, hi } = tape.registers;
      const hessian = Float64Array.from(tape.hessian, (slot) => (lo[slot] + hi[slot]) / 2);
      return hessian.every((entry) => Number.isFinite(entry))
        ? Array.from(symmetricEigen(hessian, tape.size).values)
        : [];
    });
    return eigenvalues.sort((a, b) => a - b);
  }

  #finishStarts({ found, starts, count }: Multistart): BoxSurvey {
    const whole = this.#whole;
    const points = found.map(({ point, value, eigenvalues }): BoxPoint => {
      const report = this.#classify(point);
      const sides = sidesOf(pointBounds(point));
      return {
        point: Array.from(point),
        value,
        kind: report?.kind ?? 'unknown',
        ...(report?.singularity === undefined ? {} : { singularity: report.singularity }),
        eigenvalues: [...eigenvalues],
        certified: false,
        enclosure: sides,
        onBoundary: sides.some(([x], axis) => x <= whole.lo[axis] || x >= whole.hi[axis]),
      };
    });
    points.sort((a, b) => a.value - b.value);
    return {
      box: sidesOf(whole),
      variables: this.surface.variables,
      method: 'multistart',
      points,
      count: points.length,
      undecided: [sidesOf(whole)],
      poles: [],
      minimum: { lower: -Infinity, upper: points[0]?.value ?? Infinity, point: points[0]?.point },
      complete: count === starts,
      evidence: [
        `no proof by intervals: ${this.#reason}`,
        `instead Levenberg–Marquardt on the gradient from ${count} starts spread over the box: points may be missed, poles are not looked for`,
      ],
    };
  }
}

/**
 * All critical points in a box, each proven to exist and to be alone where its Hessian is regular, with the boxes that stay undecided,
 * the places where the function is not smooth, and bounds of its least value in the box.
 * @param surface a scalar function of a vector, such as a Formula
 * @throws ScreeError for a box that is none; see BoxSurveyor
 */
export function surveyBox(
  surface: SurveyedFunction,
  sides: Sides,
  options: BoxSurveyOptions = {},
): BoxSurvey {
  const surveyor = new BoxSurveyor(surface, sides, options);
  while (surveyor.advance());
  return surveyor.finish();
}
