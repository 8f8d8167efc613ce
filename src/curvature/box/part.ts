import type { Bounds, Tape } from '../interval/tape.js';
import { centreOf, pointBounds, sidesOf } from './bounds.js';
import { simplestNumber } from './approach.js';
import type { PartPoint, PartResult } from './combine.js';
import { provenInertia } from './inertia.js';
import { linearise, type Certificate } from './krawczyk.js';
import { MinimumSearch, type ValueBounds } from './minimum.js';
import { CriticalSearch } from './search.js';
import { settleSingular, settleUndecided, type Candidate } from './settle.js';

/** Corners are looked at for a small value up to this many variables. */
const mostCornerAxes = 8;

/** The survey of a function that shares no variable with the others of a sum: first its critical points, then its least value. */
export class PartSurvey {
  readonly search: CriticalSearch;
  readonly #whole: Bounds;
  #minimum: MinimumSearch | undefined;
  #points: PartPoint[] | undefined;

  constructor(
    readonly tape: Tape,
    whole: Bounds,
    readonly mostBoxes: number,
  ) {
    this.#whole = whole;
    this.search = new CriticalSearch(tape, whole);
  }

  get isSearching(): boolean {
    return this.#points === undefined;
  }

  /** Boxes looked at. */
  get count(): number {
    return this.search.count + (this.#minimum?.count ?? 0);
  }

  /** Looks at one box more. False where nothing is left to do. */
  advance(): boolean {
    if (this.#minimum !== undefined) return this.#minimum.count < this.mostBoxes && this.#minimum.advance();
    if (this.search.count < this.mostBoxes && this.search.advance()) return true;
    this.#settle();
    return true;
  }

  /** What is known, also before the end. */
  finish(): PartResult & { readonly minimum: ValueBounds; readonly lowest: Float64Array | undefined } {
    const points = this.#points ?? this.#settle();
    const minimum = this.#minimum;
    return {
      variables: this.tape.variables,
      points,
      singular: settleSingular(this.search),
      minimum: minimum?.bounds ?? { lower: -Infinity, upper: Infinity },
      lowest: minimum?.point,
    };
  }

  #settle(): PartPoint[] {
    const { tape, search } = this;
    search.stop();
    const points = [
      ...search.certified.map((found) => provenPoint(tape, found)),
      ...settleUndecided(search).map((candidate) => undecidedPoint(tape, candidate)),
    ];
    const seeds = [...points.map(({ point }) => point), ...corners(this.#whole)];
    this.#minimum = new MinimumSearch(tape, this.#whole, seeds);
    this.#points = points;
    return points;
  }
}

function valueAt(tape: Tape, point: Float64Array): number {
  tape.evaluate(pointBounds(point), 0);
  return (tape.registers.lo[tape.value] + tape.registers.hi[tape.value]) / 2;
}

function provenPoint(tape: Tape, { enclosure }: Certificate): PartPoint {
  const point = Float64Array.from(sidesOf(enclosure), ([lo, hi]) => simplestNumber(lo, hi));
  const { hessian } = linearise(tape, enclosure);
  return { point, enclosure, value: valueAt(tape, point), inertia: provenInertia(hessian) };
}

function undecidedPoint(tape: Tape, { bounds, point }: Candidate): PartPoint {
  return { point, enclosure: bounds, value: valueAt(tape, point), inertia: undefined };
}

function corners(whole: Bounds): Float64Array[] {
  const n = whole.lo.length;
  if (n > mostCornerAxes) return [centreOf(whole)];
  return Array.from({ length: 2 ** n }, (_, corner) =>
    whole.lo.map((lo, axis) => ((corner >> axis) & 1 ? whole.hi[axis] : lo)),
  );
}
