/** A way along which f falls from exactly a point, checked by evaluating f on it. */
import { norm } from '../../linalg/index.js';
import { arcPoint, type Arc, type LocalFunction } from './local.js';
import { arcOf, polynomialCurve, reduce } from './splitting.js';
import { termText, type Branch } from './reduced.js';

/** x(t) = point + Σ tᵏ·terms, for t from 0 to `until`. */
export interface WayDownCurve {
  /** For each variable its polynomial in t, as text. */
  readonly text: readonly string[];
  /** For each variable the coefficients of 1, t, t², … */
  readonly coefficients: readonly (readonly number[])[];
}

export interface WayDown {
  /** A unit vector, where a straight line suffices. */
  readonly direction?: readonly number[];
  /** Where none does, or where a curve is what is known. */
  readonly curve?: WayDownCurve;
  /** How far along it was looked: to this length of the direction, or to this t on the curve. */
  readonly until: number;
  /** f(point) − f(there), greater than zero. */
  readonly decrease: number;
}

const samples = 8;
const halvings = 40;

/**
 * How far f falls along the arc: the largest t = 2⁻ᵏ up to which each of some points on it is lower than the one before, by
 * more than rounding; undefined where it falls nowhere so that evaluation shows it.
 */
function fallAlong(f: LocalFunction, arc: Arc): { until: number; decrease: number } | undefined {
  const start = f.valueAt(arc[0]);
  let best: { until: number; decrease: number } | undefined;
  for (let k = 0; k < halvings; k++) {
    const until = 2 ** -k;
    let before = start;
    let falls = true;
    for (let s = 1; s <= samples && falls; s++) {
      const here = f.valueAt(arcPoint(arc, (until * s) / samples));
      // The first points may be too near to tell; none may be higher.
      falls = here.kink === undefined && here.value <= before.value && Number.isFinite(here.value);
      before = here;
    }
    const decrease = start.value - before.value;
    if (falls && decrease > 4 * (start.error + before.error)) {
      best = { until, decrease };
      break;
    }
  }
  return best;
}

/** Straight down along a direction. */
export function downDirection(
  f: LocalFunction,
  point: ArrayLike<number>,
  direction: Float64Array,
): WayDown | undefined {
  const length = norm(direction);
  const unit = direction.map((value) => (value === 0 ? 0 : value / length));
  const fall = fallAlong(f, [Float64Array.from(point), unit]);
  return fall && { direction: Array.from(unit), ...fall };
}

/** Down along a branch of the reduced function, lifted to the surface on which the other directions are in balance. */
export function downBranch(f: LocalFunction, point: ArrayLike<number>, branch: Branch): WayDown | undefined {
  const arc = liftBranch(f, point, branch);
  if (arc.length === 2) return downDirection(f, point, arc[1]);
  const fall = fallAlong(f, arc);
  return (
    fall && {
      curve: {
        text: Array.from(point, (_, i) => powersText(arc.map((vector) => vector[i]))),
        coefficients: Array.from(point, (_, i) => arc.map((vector) => vector[i])),
      },
      ...fall,
    }
  );
}

/** The branch as a curve of points. Half the degree of f's change suffices: the rest changes f beyond that degree only. */
export function liftBranch(
  f: LocalFunction,
  point: ArrayLike<number>,
  { splitting, coefficients, degree }: Branch,
): Arc {
  const known = Math.max(...coefficients.map((powers) => powers.length - 1));
  const order = degree ?? Math.max(12, 2 * known);
  const curve = polynomialCurve(coefficients);
  const { normal } = reduce(f, point, splitting, { order, variables: 1, curve });
  const longest = degree === undefined ? Math.floor(order / 2) : Math.max(1, Math.floor(degree / 2));
  const shortest = Math.max(...coefficients.map((powers) => powers.findIndex((value) => value !== 0)));
  return arcOf(point, splitting, coefficients, normal, Math.max(longest, shortest));
}

function powersText(coefficients: readonly number[]): string {
  let text = '';
  coefficients.forEach((value, k) => {
    if (value === 0) return;
    text += termText(value, k === 0 ? '' : k === 1 ? 't' : `t^${k}`, text === '');
  });
  return text === '' ? '0' : text;
}
