/** Whether critical points go on beside a critical point, along a curve on which f does not change as far as it is carried. */
import { dot, norm, symmetricEigen } from '../../linalg/index.js';
import { arcPoint, type Arc, type LocalFunction } from './local.js';
import { zeroFactor } from './splitting.js';

const radii = [0.004, 0.02, 0.1];
const newtonSteps = 12;

export interface Continuation {
  readonly isCritical: boolean;
  /** The farthest point that was reached, the largest gradient, and what it was compared with. */
  readonly distance: number;
  readonly gradientNorm: number;
}

/** The first term of an arc that moves, and about how far it goes before it bends: where the next is as large. */
function shapeOf(arc: Arc): { power: number; speed: number; length: number } {
  const power = Math.max(
    1,
    arc.findIndex((vector, k) => k > 0 && norm(vector) > 0),
  );
  const speed = norm(arc[power]);
  let length = Math.max(...arc[0].map(Math.abs)) || 1;
  for (let k = power + 1; k < arc.length && speed > 0; k++) {
    const bend = norm(arc[k]);
    if (bend > 0) length = Math.min(length, speed * (speed / bend) ** (power / (k - power)));
  }
  return { power, speed, length };
}

/**
 * Goes along the arc to several distances and from there to the nearest critical point, by Newton's method in all directions
 * but the `free` ones of least curvature. Each must have a gradient that rounding explains and f's value at the start.
 */
export function followCritical(f: LocalFunction, arc: Arc, free: number): Continuation {
  const start = f.valueAt(arc[0]);
  const { power, speed, length } = shapeOf(arc);
  let distance = 0;
  let largest = 0;
  for (const radius of radii) {
    const point = arcPoint(arc, ((radius * length) / speed) ** (1 / power));
    const from = point.slice();
    if (!settle(f, point, free)) return { isCritical: false, distance, gradientNorm: largest };
    const { gradient, gradientError, value, valueError } = f.derivativesAt(point);
    const isCritical = gradient.every(
      (entry, i) => Math.abs(entry) <= 4 * zeroFactor * gradientError[i] + Number.MIN_VALUE,
    );
    const moved = norm(point.map((entry, i) => entry - from[i]));
    const away = norm(from.map((entry, i) => entry - arc[0][i]));
    const isLevel = Math.abs(value - start.value) <= zeroFactor * (valueError + start.error);
    largest = Math.max(largest, norm(gradient));
    if (!isCritical || !isLevel || moved > 0.5 * away) {
      return { isCritical: false, distance: away, gradientNorm: largest };
    }
    distance = away;
  }
  return { isCritical: true, distance, gradientNorm: largest };
}

/** Newton steps without the directions of least curvature. False where the function ends. */
function settle(f: LocalFunction, point: Float64Array, free: number): boolean {
  const n = f.size;
  for (let k = 0; k < newtonSteps; k++) {
    const { gradient, gradientError, hessian, kink } = f.derivativesAt(point);
    if (kink !== undefined || !gradient.every(Number.isFinite) || !hessian.every(Number.isFinite))
      return false;
    if (gradient.every((entry, i) => Math.abs(entry) <= gradientError[i])) return true;
    const { values, vectors } = symmetricEigen(hessian, n);
    const kept = Array.from(values, (value, j) => ({ value, j }))
      .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
      .slice(0, n - free);
    for (const { value, j } of kept) {
      if (value === 0) continue;
      const vector = vectors.subarray(j * n, (j + 1) * n);
      const along = dot(vector, gradient) / value;
      for (let i = 0; i < n; i++) point[i] -= along * vector[i];
    }
  }
  return true;
}
