import type { Bounds, Tape } from '../interval/tape.js';
import { flag } from '../interval/registers.js';
import { approachCritical, norm, simplestNumber, type PlainDerivatives } from './approach.js';
import { centreOf, hull, pointBounds, sidesOf, widthOf } from './bounds.js';
import { clusters } from './clusters.js';
import type { CriticalSearch, SingularBox } from './search.js';

/** Boxes that hang together and may hold critical points, with the place in them where the gradient is smallest. */
export interface Candidate {
  readonly bounds: Bounds;
  readonly point: Float64Array;
}

/**
 * What is not smooth: `pole`, where values grow beyond what lies around; `edge` of the domain; `removable`, a division by 0 near which
 * values stay as they are around it; `kink`, where the function is finite and its gradient jumps or is infinite.
 */
export type SingularKind = 'pole' | 'edge' | 'removable' | 'kink';

export interface Singularity {
  readonly bounds: Bounds;
  readonly kind: SingularKind;
  /** The boxes themselves, the smallest box around which is `bounds`. */
  readonly parts: readonly Bounds[];
}

function derivativesOf(tape: Tape): (x: Float64Array) => PlainDerivatives {
  const { registers } = tape;
  const middle = (slot: number) => (registers.lo[slot] + registers.hi[slot]) / 2;
  return (x) => {
    tape.evaluate(pointBounds(x), 2);
    return {
      gradient: Float64Array.from(tape.gradient, middle),
      hessian: Float64Array.from(tape.hessian, middle),
    };
  };
}

/** Those that have led to the same point become one: far from a degenerate point, boxes may stay undecided beside others that do not. */
function joined(candidates: readonly Candidate[], whole: Bounds): Candidate[] {
  const all: Candidate[] = [];
  for (const candidate of candidates) {
    const twin = all.findIndex(({ bounds, point }) => {
      const isSame = point.every(
        (x, axis) => Math.abs(x - candidate.point[axis]) <= 1e-5 * widthOf(whole, axis),
      );
      return isSame && isSmall(hull(bounds, candidate.bounds), whole);
    });
    if (twin < 0) all.push(candidate);
    else all[twin] = { bounds: hull(all[twin].bounds, candidate.bounds), point: all[twin].point };
  }
  return all;
}

/** Undecided boxes, put together. Numbers of few decimals are preferred: 0 rather than 3·10⁻⁹. */
export function settleUndecided({ tape, undecided, whole }: CriticalSearch): Candidate[] {
  const derivativesAt = derivativesOf(tape);
  const slopeAt = (x: Float64Array) => norm(derivativesAt(x).gradient);
  const candidates = clusters(undecided.map((bounds) => ({ bounds }))).map(({ bounds, parts }) => {
    const middle = centreOf(bounds);
    const distance = (part: Bounds) => norm(centreOf(part).map((x, axis) => x - middle[axis]));
    const start = parts.map((part) => part.bounds).reduce((a, b) => (distance(b) < distance(a) ? b : a));
    const rested = approachCritical(derivativesAt, centreOf(start));
    const near = rested.map((x, axis) => {
      const reach = Math.max(4 * widthOf(start, axis), 1e-7 * Math.abs(x));
      return simplestNumber(x - reach, x + reach);
    });
    return { bounds, point: slopeAt(near) <= slopeAt(rested) ? near : rested };
  });
  return joined(candidates, whole);
}

/** The largest absolute value at points spread over a box. */
function largestAround(tape: Tape, bounds: Bounds, stretch: number): number {
  const { registers, value } = tape;
  let largest = 0;
  // Multiples of irrational numbers, of which no two axes have the same.
  for (let index = 1; index <= 64; index++) {
    const point = bounds.lo.map((lo, axis) => {
      const width = widthOf(bounds, axis);
      const share = (index * Math.sqrt(axis + 2)) % 1;
      return lo + width / 2 + stretch * width * (share - 0.5);
    });
    tape.evaluate(pointBounds(point), 0);
    const size = Math.abs(registers.lo[value] + registers.hi[value]) / 2;
    if (Number.isFinite(size)) largest = Math.max(largest, size);
  }
  return largest;
}

function kindOf(tape: Tape, { bounds, flags }: SingularBox): SingularKind {
  tape.evaluate(bounds, 0);
  const valueFlags = tape.registers.flags[tape.value];
  if (valueFlags & flag.pole && largestAround(tape, bounds, 1) > 1.2 * largestAround(tape, bounds, 64))
    return 'pole';
  if (valueFlags & flag.edge) return 'edge';
  if (valueFlags & flag.pole) return 'removable';
  return flags & (flag.kink | flag.pole) ? 'kink' : 'edge';
}

/** Boxes over which the function is not smooth, put together, with what they are. */
export function settleSingular({ tape, singular }: CriticalSearch): Singularity[] {
  const told = singular.map((box) => ({ ...box, kind: kindOf(tape, box) }));
  return (['pole', 'edge', 'removable', 'kink'] as const).flatMap((kind) =>
    clusters(told.filter((box) => box.kind === kind)).map(({ bounds, parts }) => ({
      bounds,
      kind,
      parts: parts.map((part) => part.bounds),
    })),
  );
}

/** Whether a box is small beside the whole, so that one point stands for it. */
export function isSmall(bounds: Bounds, whole: Bounds): boolean {
  return sidesOf(bounds).every(([lo, hi], axis) => hi - lo <= 1e-3 * widthOf(whole, axis));
}
