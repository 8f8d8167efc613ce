/**
 * Local minima by many starts: the start itself and then points drawn evenly from a box, each walked down by L-BFGS. Points that end close to each
 * other (within 1e-4 of their size, and of the value) count as one. Single linkage (Rinnooy Kan & Timmer, Math. Programming 39, 1987) would
 * leave out starts that lie near others; ours takes them all, for it is the minima that are asked for, and how often each is
 * reached says how wide its basin is.
 *
 * A zero gradient may be a saddle: whoever asks for minima must look at the Hessian of what is found.
 */
import { z } from 'zod';
import { maxNorm } from '../../linalg/index.js';
import { boxAround, drawPoint } from './box.js';
import { lbfgs } from './lbfgs.js';
import { defineMethod, startAt, type Box, type Iterate, type WalkContext } from './method.js';
import type { Problem } from './problem.js';
import { minimize, type WalkResult } from './walk.js';
import { Generator as Random } from '../../random/generator.js';

/** A point with a zero gradient that a descent ended at. */
export interface RestingPoint {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  /** Starts that ended there. */
  readonly hits: number;
}

/** Points closer than this, relative to max(1, size), are the same. */
const SAME = 1e-4;

const defaults = { starts: 50, reach: 1 };

export const multistart = defineMethod(
  'multistart',
  'L-BFGS from many points of a box',
  {
    starts: z.int().min(1).default(defaults.starts).describe('descents, the first from the start itself'),
    reach: z
      .number()
      .positive()
      .default(defaults.reach)
      .describe('half the side of the box around the start, where none is given'),
  },
  ({ starts, reach }) => ({
    passesStationary: true,
    *steps(problem, start, context) {
      const search = new Search(problem, start, reach, context);
      yield startAt(problem, start);
      let best = search.next();
      yield best;
      for (let count = 1; count < starts; count++) {
        const end = search.next();
        if (end.value < best.value || Number.isNaN(best.value)) best = end;
        yield best;
      }
      return best.stop;
    },
  }),
);

/**
 * The points with a zero gradient that descents from a box end at, the lowest first.
 * @throws ScreeError for a box that does not fit the problem.
 */
export function restingPoints(
  problem: Problem,
  box: Box,
  {
    starts = defaults.starts,
    tol = 1e-8,
    seed = 0,
  }: { readonly starts?: number; readonly tol?: number; readonly seed?: number } = {},
): RestingPoint[] {
  const middle = Float64Array.from(
    { length: problem.dimension },
    (_, i) => (box.lower[i] + box.upper[i]) / 2,
  );
  const search = new Search(problem, middle, defaults.reach, { tol, generator: new Random(seed), box });
  const found: { end: WalkResult; hits: number }[] = [];
  for (let count = 0; count < starts; count++) {
    const end = search.next();
    if (end.stop.reason !== 'gradient') continue;
    const known = found.find((other) => isSame(other.end, end));
    if (known === undefined) found.push({ end, hits: 1 });
    else known.hits++;
  }
  return found
    .sort((a, b) => a.end.value - b.end.value)
    .map(({ end: { x, value, gradient }, hits }) => ({ x, value, gradient, hits }));
}

function isSame(a: Iterate, b: Iterate): boolean {
  const slack = SAME * Math.max(1, maxNorm(a.x));
  return (
    Math.abs(a.value - b.value) <= SAME * Math.max(1, Math.abs(a.value)) &&
    a.x.every((x, i) => Math.abs(x - b.x[i]) <= slack)
  );
}

/** One descent after the other: from the start, then from drawn points. */
class Search {
  readonly #box: ReturnType<typeof boxAround>;
  readonly #x: Float64Array;
  #isFirst = true;

  constructor(
    readonly problem: Problem,
    start: Float64Array,
    reach: number,
    readonly context: WalkContext,
  ) {
    this.#box = boxAround('multistart', start, reach, context.box);
    this.#x = start.slice();
  }

  next(): WalkResult {
    const { generator, tol } = this.context;
    if (!this.#isFirst) drawPoint(generator, this.#box, this.#x);
    this.#isFirst = false;
    return minimize(this.problem, lbfgs(), this.#x, { tol });
  }
}
