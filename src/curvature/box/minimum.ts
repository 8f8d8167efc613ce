/**
 * Bounds of the smallest value in a box by branch and bound, the sides of the box included: of the boxes that are left, the one
 * with the lowest bound is looked at next. Its value is bounded by the function over the box, by the mean value form and by
 * Taylor's formula to second order, whichever is best. A box over which a component of the gradient has one sign holds
 * the smallest value only on the side of the whole box, if it reaches there; a box inside is shrunk by Krawczyk's operator, since
 * its smallest value would be at a critical point (Hansen and Walster 2004, chapters 12 and 14).
 */
import { flag } from '../interval/registers.js';
import { plus, times, thin, minus, type Interval } from '../interval/pairs.js';
import type { Bounds, Tape } from '../interval/tape.js';
import { centreOf, copyBounds, intersection, largestAxis, pointBounds, split, widthOf } from './bounds.js';
import { Heap } from './heap.js';
import { isInterior, krawczyk, linearise, type Linearisation } from './krawczyk.js';

/** The smallest value lies between; `lower` is −∞ where nothing could be excluded. */
export interface ValueBounds {
  readonly lower: number;
  readonly upper: number;
}

interface Candidate {
  readonly bounds: Bounds;
  readonly lower: number;
  /** Of the whole box's width. The smaller of two with one bound is looked at first, so that poles are reached. */
  readonly share: number;
}

/** Both bounds are this near, relative to the value or to 1: near enough. */
const tolerance = 1e-10;
/** A share of the whole box's width below which a box is cut no further. */
const smallest = 2 ** -30;
const smallestSingular = 2 ** -20;

const isUnknown = flag.pole | flag.edge | flag.empty;

export class MinimumSearch {
  upper = Infinity;
  /** Where a value as small as `upper` was found. */
  point: Float64Array | undefined;
  count = 0;
  /** The lowest bound of boxes that are cut no further. */
  #rest = Infinity;
  readonly #heap = new Heap<Candidate>((a, b) =>
    a.lower === b.lower ? a.share - b.share : a.lower - b.lower,
  );

  constructor(
    readonly tape: Tape,
    readonly whole: Bounds,
    seeds: readonly Float64Array[] = [],
  ) {
    seeds.forEach((seed) => this.#sample(seed));
    this.#heap.push({ bounds: whole, lower: -Infinity, share: 1 });
  }

  /** What is known by now. */
  get bounds(): ValueBounds {
    const lower = Math.min(this.#rest, this.#heap.first?.lower ?? Infinity, this.upper);
    return { lower, upper: this.upper };
  }

  /** Looks at one box. False where the bounds are near enough, or can come no nearer. */
  advance(): boolean {
    const next = this.#heap.first;
    if (next === undefined || this.#rest === -Infinity) return false;
    const lower = Math.min(next.lower, this.#rest);
    const isNear = this.upper - lower <= tolerance * Math.max(1, Math.abs(this.upper));
    if ((isNear && Number.isFinite(this.upper)) || next.lower >= this.#rest) return false;
    this.#heap.pop();
    this.count++;
    this.#look(next);
    return true;
  }

  #sample(point: Float64Array): void {
    const { tape, whole } = this;
    const inside = point.map((x, axis) => Math.min(whole.hi[axis], Math.max(whole.lo[axis], x)));
    tape.evaluate(pointBounds(inside), 0);
    const { registers, value } = tape;
    if (registers.flags[value] & isUnknown || !(registers.hi[value] < this.upper)) return;
    this.upper = registers.hi[value];
    this.point = inside;
  }

  #look({ bounds: start, lower: before }: Candidate): void {
    const { tape } = this;
    this.#sample(centreOf(start));
    tape.evaluate(start, 1);
    const { registers, value, gradient } = tape;
    const valueFlags = registers.flags[value];
    if (valueFlags & flag.empty) return;
    const natural = registers.lo[value];
    const isTold = !((valueFlags | tape.flagsOf(gradient)) & isUnknown) && !(valueFlags & flag.kink);
    if (!isTold) {
      this.#push(start, Math.max(before, natural), valueFlags & isUnknown ? smallestSingular : smallest);
      return;
    }
    const slopes = Array.from(gradient, (slot): Interval => [registers.lo[slot], registers.hi[slot]]);
    const sided = this.#atSides(start, slopes);
    if (sided === undefined) return;
    const free = slopes.flatMap((_, axis) => (widthOf(sided, axis) > 0 ? [axis] : []));
    if (free.length === 0) {
      this.#sample(sided.lo);
      tape.evaluate(sided, 0);
      this.#rest = Math.min(this.#rest, registers.lo[value]);
      return;
    }
    const linear = linearise(tape, sided, free);
    const lower = Math.max(before, natural, registers.lo[value], ...this.#forms(linear, slopes));
    if (lower > this.upper) return;
    this.#shrink(linear, lower, slopes);
  }

  /** The part of a box that may hold the smallest value, if any: the sides of the whole box where the function rises from them. */
  #atSides(bounds: Bounds, slopes: readonly Interval[]): Bounds | undefined {
    const { whole } = this;
    const sided = copyBounds(bounds);
    for (const [axis, [lo, hi]] of slopes.entries()) {
      if (widthOf(bounds, axis) === 0) continue;
      if (lo > 0) {
        if (bounds.lo[axis] > whole.lo[axis]) return undefined;
        sided.hi[axis] = bounds.lo[axis];
      } else if (hi < 0) {
        if (bounds.hi[axis] < whole.hi[axis]) return undefined;
        sided.lo[axis] = bounds.hi[axis];
      }
    }
    return sided;
  }

  /** Lower bounds by the mean value form and by Taylor's formula. */
  #forms(
    { bounds, centre, free, value, gradient, hessian, flags }: Linearisation,
    slopes: readonly Interval[],
  ): number[] {
    const steps = free.map((axis) => minus([bounds.lo[axis], bounds.hi[axis]], thin(centre[axis])));
    const mean = free.reduce<Interval>(
      (sum, axis, place) => plus(sum, times(slopes[axis], steps[place])),
      value,
    );
    if (flags & (isUnknown | flag.kink)) return [mean[0]];
    const taylor = gradient.reduce<Interval>((sum, slope, i) => {
      const curved = hessian[i].reduce<Interval>(
        (row, entry, j) => {
          // The square of a step is not a product of two steps that vary apart.
          const product: Interval =
            i === j
              ? [0, Math.max(steps[i][0] ** 2, steps[i][1] ** 2) * (1 + 1e-15)]
              : times(steps[i], steps[j]);
          return plus(row, times([entry[0] / 2, entry[1] / 2], product));
        },
        times(slope, steps[i]),
      );
      return plus(sum, curved);
    }, value);
    return [mean[0], taylor[0]];
  }

  #shrink(linear: Linearisation, lower: number, slopes: readonly Interval[]): void {
    const { bounds, free } = linear;
    const { whole } = this;
    const isInside = free.every(
      (axis) => bounds.lo[axis] > whole.lo[axis] && bounds.hi[axis] < whole.hi[axis],
    );
    const image = isInside ? krawczyk(linear) : undefined;
    if (image === undefined) {
      this.#push(bounds, lower, smallest, slopes);
      return;
    }
    const rest = intersection(image, bounds);
    if (rest === undefined) return;
    const gained = free.some((axis) => widthOf(rest, axis) < 0.7 * widthOf(bounds, axis));
    if (isInterior(image, linear) && gained) this.#heap.push({ bounds: rest, lower, share: 0 });
    else this.#push(rest, lower, smallest, slopes);
  }

  /** Cuts a box across the side along which the value changes most, or keeps it as it is where it is small enough. */
  #push(bounds: Bounds, lower: number, limit: number, slopes?: readonly Interval[]): void {
    const widths = Array.from(bounds.lo, (_, axis) => widthOf(bounds, axis));
    const shares = widths.map((width, axis) => (width === 0 ? 0 : width / widthOf(this.whole, axis)));
    if (Math.max(...shares) <= limit) {
      this.#rest = Math.min(this.#rest, lower);
      return;
    }
    const changes = slopes?.map(([lo, hi], axis) => widths[axis] * Math.max(-lo, hi));
    const isTold = changes?.every((change) => Number.isFinite(change)) ?? false;
    const best = Math.max(...shares);
    const scores = shares.map((share, axis) => (isTold && share > best / 64 ? (changes?.[axis] ?? 0) : 0));
    const axis = largestAxis(Math.max(...scores) > 0 ? scores : shares);
    for (const part of split(bounds, axis)) this.#heap.push({ bounds: part, lower, share: best });
  }
}
