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

/** Undecided boxes this near, as a share of the whole box's width, come from one point: flat, it leaves some beside it undecided. */
const neighbourhood = 1e-5;

/** Undecided boxes, put together. Numbers of few decimals are preferred: 0 rather than 3·10⁻⁹. */
export function settleUndecided({ tape, undecided, whole }: CriticalSearch): Candidate[] {
  const derivativesAt = derivativesOf(tape);
  const slopeAt = (x: Float64Array) => norm(derivativesAt(x).gradient);
  const reach = whole.lo.map((_, axis) => neighbourhood * widthOf(whole, axis));
  const enlarged = undecided.map((box) => ({
    box,
    bounds: { lo: box.lo.map((x, axis) => x - reach[axis]), hi: box.hi.map((x, axis) => x + reach[axis]) },
  }));
  return clusters(enlarged).map(({ parts }) => {
    const boxes = parts.map(({ box }) => box);
    const bounds = boxes.reduce(hull);
    const middle = centreOf(bounds);
    const distance = (box: Bounds) => norm(centreOf(box).map((x, axis) => x - middle[axis]));
    const start = boxes.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    const rested = approachCritical(derivativesAt, centreOf(start));
    const round = (point: Float64Array, around: Bounds) =>
      point.map((x, axis) => simplestNumber(x - widthOf(around, axis), x + widthOf(around, axis)));
    const points = [round(rested, start), rested];
    if (isSmall(bounds, whole)) points.unshift(round(middle, bounds));
    return { bounds, point: points.reduce((a, b) => (slopeAt(b) < slopeAt(a) ? b : a)) };
  });
}

/** The largest absolute value at points spread over a box, and where it is. */
function largestIn(tape: Tape, bounds: Bounds): { size: number; at: Float64Array } {
  const { registers, value } = tape;
  let best = { size: 0, at: centreOf(bounds) };
  // Multiples of irrational numbers, of which no two axes have the same.
  for (let index = 1; index <= 64; index++) {
    const at = bounds.lo.map(
      (lo, axis) => lo + widthOf(bounds, axis) * ((index * Math.sqrt(axis * axis + 2)) % 1),
    );
    tape.evaluate(pointBounds(at), 0);
    const size = Math.abs(registers.lo[value] + registers.hi[value]) / 2;
    if (Number.isFinite(size) && size > best.size) best = { size, at };
  }
  return best;
}

/** Whether values grow the nearer one looks at where they are largest: each time the box is an eighth as wide. */
function growsInside(tape: Tape, start: Bounds): boolean {
  const first = largestIn(tape, start);
  let nearest = first;
  let reach = start.lo.map((_, axis) => widthOf(start, axis) / 16);
  for (let round = 0; round < 4; round++) {
    const lo = nearest.at.map((x, axis) => x - reach[axis]);
    const hi = nearest.at.map((x, axis) => x + reach[axis]);
    const nearer = largestIn(tape, { lo, hi });
    if (nearer.size > nearest.size) nearest = nearer;
    reach = reach.map((length) => length / 8);
  }
  return nearest.size > 1.2 * first.size;
}

function kindOf(tape: Tape, { bounds, flags }: SingularBox): SingularKind {
  tape.evaluate(bounds, 0);
  const valueFlags = tape.registers.flags[tape.value];
  if (valueFlags & flag.pole && growsInside(tape, bounds)) return 'pole';
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
