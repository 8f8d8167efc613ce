/**
 * Branch and prune for critical points (E. R. Hansen and G. W. Walster, Global Optimization Using Interval Analysis, 2004,
 * chapters 11 and 12): a box over which an enclosure of the gradient excludes 0 holds none; Krawczyk's operator shrinks a box,
 * empties it, or proves that it holds exactly one; what is left is cut in two, the largest boxes first. Around points that Newton's
 * method finds, the proof is tried on boxes of their own, as large as it goes (epsilon inflation, S. M. Rump 1983), so that
 * points on the sides of boxes, the sides of the whole box among them, are found once.
 *
 * Boxes over which the function is not smooth are cut on their own account until they are small: poles, edges of the domain
 * and kinks are told, never passed over.
 */
import { flag } from '../interval/registers.js';
import type { Bounds, Tape } from '../interval/tape.js';
import { centreOf, intersection, isWithin, largestAxis, meets, split, widthOf } from './bounds.js';
import {
  certify,
  columnSizes,
  isInterior,
  krawczyk,
  linearise,
  meanValueGradient,
  type Certificate,
  type Linearisation,
} from './krawczyk.js';
import { newtonFrom } from './newton.js';

/** A box over which the function or its gradient is not smooth, with the flags that say how. */
export interface SingularBox {
  readonly bounds: Bounds;
  readonly flags: number;
}

/** Shares of the whole box's width: below them a box is cut no further. */
const smallest = 2 ** -22;
/** Where no cut separates the singular part, as along a curve, boxes stay larger. */
const smallestSingular = { separable: 2 ** -20, other: 2 ** -8 };
/** Cuts on account of poles, edges and kinks. */
const mostSingularCuts = 4000;

/** Newton's method is tried no more after so many boxes from which it led to no proof: where all points of a curve are critical. */
const mostFailures = 4000;

const isSingularValue = flag.pole | flag.edge;

export class CriticalSearch {
  readonly certified: Certificate[] = [];
  readonly undecided: Bounds[] = [];
  readonly singular: SingularBox[] = [];
  /** Boxes looked at. */
  count = 0;
  readonly #queue: Bounds[];
  #head = 0;
  #singularCuts = 0;
  #failures = 0;

  constructor(
    readonly tape: Tape,
    readonly whole: Bounds,
  ) {
    this.#queue = [whole];
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** Looks at one box. False where none is left. */
  advance(): boolean {
    if (this.#head === this.#queue.length) return false;
    const bounds = this.#queue[this.#head++];
    if (this.#head > 4096) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    this.count++;
    this.#look(bounds);
    return true;
  }

  /** Ends the search: what waits is undecided. */
  stop(): void {
    for (const bounds of this.#queue.slice(this.#head)) {
      this.tape.evaluate(bounds, 1);
      const { registers, value, gradient } = this.tape;
      const flags = registers.flags[value];
      if (flags & flag.empty || (!(flags & isSingularValue) && this.#excludesZero())) continue;
      const all = flags | this.tape.flagsOf(gradient);
      if (all === 0) this.undecided.push(bounds);
      else this.singular.push({ bounds, flags: all });
    }
    this.#queue.length = 0;
    this.#head = 0;
  }

  #look(bounds: Bounds): void {
    const { tape } = this;
    if (this.certified.some(({ region }) => isWithin(bounds, region))) return;
    tape.evaluate(bounds, 1);
    const valueFlags = tape.registers.flags[tape.value];
    if (valueFlags & flag.empty) return;
    if (valueFlags & isSingularValue) {
      this.#cutSingular(bounds, valueFlags);
      return;
    }
    if (this.#excludesZero()) return;
    const flags = valueFlags | tape.flagsOf(tape.gradient);
    if (flags !== 0) this.#cutSingular(bounds, flags);
    else this.#contract(bounds);
  }

  /** Whether a component of the gradient, as it was evaluated last, has one sign. */
  #excludesZero(): boolean {
    const { registers, gradient } = this.tape;
    return gradient.some((slot) => registers.lo[slot] > 0 || registers.hi[slot] < 0);
  }

  #contract(start: Bounds): void {
    let bounds = start;
    for (;;) {
      const linear = linearise(this.tape, bounds);
      if (meanValueGradient(linear).some(([lo, hi]) => lo > 0 || hi < 0)) return;
      const image = krawczyk(linear);
      const rest = image && intersection(image, bounds);
      if (image !== undefined && rest === undefined) return;
      if (image !== undefined && isInterior(image, linear)) {
        this.#keep(certify(this.tape, bounds));
        return;
      }
      const gained = rest?.lo.some((_, axis) => widthOf(rest, axis) < 0.7 * widthOf(bounds, axis)) ?? false;
      if (rest === undefined || !gained) {
        this.#cut(rest ?? bounds, linear);
        return;
      }
      bounds = rest;
    }
  }

  #keep(found: Certificate | undefined): void {
    if (found === undefined) return;
    // Two proofs are of the same point where the region of one holds the place that the other gives it.
    const known = this.certified.findIndex(
      ({ enclosure, region }) => isWithin(found.enclosure, region) || isWithin(enclosure, found.region),
    );
    if (known < 0) this.certified.push(found);
    else if (widthOf(found.region, 0) > widthOf(this.certified[known].region, 0)) {
      const enclosure = intersection(found.enclosure, this.certified[known].enclosure);
      this.certified[known] = { enclosure: enclosure ?? found.enclosure, region: found.region };
    }
  }

  #cut(bounds: Bounds, linear: Linearisation): void {
    if (this.#failures < mostFailures) {
      const found = this.#inflate(bounds);
      if (found) this.#keep(found);
      else this.#failures++;
    }
    if (this.certified.some(({ region }) => isWithin(bounds, region))) return;
    const shares = this.#shares(bounds);
    if (Math.max(...shares) <= smallest) {
      this.undecided.push(bounds);
      return;
    }
    // The side along which the gradient changes most, but none that is much longer than the others is forgotten.
    const changes = columnSizes(linear).map((size, axis) => size * widthOf(bounds, axis));
    const isEven = Math.max(...shares) < 64 * Math.min(...shares.filter((share) => share > 0));
    const isTold = isEven && changes.every(Number.isFinite);
    const axis = largestAxis(
      isTold ? changes.map((change, at) => (shares[at] > smallest / 64 ? change : 0)) : shares,
    );
    this.#queue.push(...split(bounds, shares[axis] > 0 ? axis : largestAxis(shares)));
  }

  #shares(bounds: Bounds): number[] {
    return Array.from(bounds.lo, (_, axis) => widthOf(bounds, axis) / widthOf(this.whole, axis));
  }

  /** A proof around a point that Newton's method finds near the box, on the largest region that carries one. */
  #inflate(bounds: Bounds): Certificate | undefined {
    const { tape, whole } = this;
    const point = newtonFrom(tape, centreOf(bounds), bounds);
    if (point === undefined) return undefined;
    const at = { lo: point, hi: point };
    if (this.certified.some(({ region }) => isWithin(at, region))) return undefined;
    const reach = Array.from(point, (x, axis) =>
      Math.max(x - bounds.lo[axis], bounds.hi[axis] - x, widthOf(bounds, axis) / 2),
    );
    for (let share = 1.25; share > 1e-9; share /= 4) {
      const region = {
        lo: point.map((x, axis) => x - share * reach[axis]),
        hi: point.map((x, axis) => x + share * reach[axis]),
      };
      const found = certify(tape, region);
      // A point beside the whole box is none of its; one that may lie on its sides is.
      if (found) return meets(found.enclosure, whole) ? found : undefined;
    }
    return undefined;
  }

  #cutSingular(bounds: Bounds, flags: number): void {
    const isValue = (flags & isSingularValue) !== 0;
    const shares = this.#shares(bounds);
    const children = shares.map((_, axis) => split(bounds, axis));
    const solved = children.map((pair) => pair.filter((child) => this.#isSolved(child, isValue)).length);
    const most = Math.max(...solved);
    const limit = most > 0 ? smallestSingular.separable : smallestSingular.other;
    // A pole along a line is as long as the box; a kink matters only where the gradient may vanish, so all sides are cut.
    const open = shares.map((share, axis) => share > limit && (!isValue || solved[axis] === most));
    if (!open.includes(true) || this.#singularCuts >= mostSingularCuts) {
      this.singular.push({ bounds, flags });
      return;
    }
    this.#singularCuts++;
    const best = Math.max(...solved.filter((_, axis) => open[axis]));
    // Where one cut is as good as another, the longest side.
    const axis = largestAxis(shares.map((share, at) => (open[at] && solved[at] === best ? share : 0)));
    this.#queue.push(...children[axis]);
  }

  /** Whether a box is smooth, or of no interest. */
  #isSolved(bounds: Bounds, isValue: boolean): boolean {
    const { tape } = this;
    tape.evaluate(bounds, 1);
    const flags = tape.registers.flags[tape.value];
    if (isValue) return !(flags & isSingularValue);
    return (flags | tape.flagsOf(tape.gradient)) === 0 || this.#excludesZero();
  }
}
