import { compile } from '../compile/index.js';
import { pointClassifier } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { cholesky, choleskySolve } from '../linalg/index.js';
import { float64 } from '../ops/index.js';
import { hessian, valueAndGrad } from '../transform/index.js';
import type { Surface } from './surface.js';

/** Ends that are at none of the known minima are looked at, the most frequent first, up to so many places. */
const mostPlaces = 2000;

const newtonSteps = 30;
/** A Newton step this small beside the radius is the last one. */
const arrived = 1e-6;
/** After so many places where the Hessian is singular and that are no minima, no more are looked at: walks ended along a valley. */
const mostMisses = 200;

/** Points found again by their place: each is kept in all nine cells, as wide as the radius, that its circle may touch. */
export class Neighbours {
  readonly #cells = new Map<number, number[]>();
  readonly points: (readonly [number, number])[] = [];

  constructor(private readonly radius: number) {}

  add(point: readonly [number, number]): void {
    for (let across = -1; across <= 1; across++) {
      for (let up = -1; up <= 1; up++) {
        const key = this.#key(point[0] + across * this.radius, point[1] + up * this.radius);
        const cell = this.#cells.get(key);
        if (cell === undefined) this.#cells.set(key, [this.points.length]);
        else cell.push(this.points.length);
      }
    }
    this.points.push(point);
  }

  /** The nearest point within the radius, or −1. */
  nearest(x: number, y: number): number {
    let best = -1;
    let least = this.radius;
    for (const index of this.#cells.get(this.#key(x, y)) ?? []) {
      const distance = Math.hypot(x - this.points[index][0], y - this.points[index][1]);
      if (distance > least) continue;
      least = distance;
      best = index;
    }
    return best;
  }

  /** A whole number for a cell. Cells far apart may share one: their points are then too far to be taken for each other. */
  #key(x: number, y: number): number {
    return (Math.floor(x / this.radius) * 92837111 + Math.floor(y / this.radius)) | 0;
  }
}

/**
 * The minimum that Newton's method finds close to a point, if there is one there: a Hessian that is positive definite at every
 * step, and a point that is proved to be one. Where the Hessian is singular Newton's method is slow, and what it leaves of the way is
 * for the proof to go.
 */
export function minimumFinder(
  { evaluate }: Surface,
  radius: number,
): (x: number, y: number) => [number, number] | undefined {
  const f = (x: Tensor) => evaluate(x);
  const derivatives = compile(
    (x: Tensor) => ({ gradient: valueAndGrad(f)(x).gradient, second: hessian(f)(x) }),
    [float64(2)],
  );
  const classify = pointClassifier(f, 2);
  let misses = 0;
  const proved = (point: Float64Array): [number, number] | undefined => {
    const reach = radius / Math.max(1, ...point.map(Math.abs));
    try {
      const { kind, corank = 0, point: found } = classify(point, { reach });
      if (kind === 'minimum' || kind === 'degenerate-minimum') return [found[0], found[1]];
      if (corank > 0) misses++;
    } catch (error) {
      // The last step left the domain.
      if (!(error instanceof ScreeError)) throw error;
    }
    return undefined;
  };
  return (x, y) => {
    const at = Float64Array.of(x, y);
    const lower = new Float64Array(4);
    for (let step = 0; step < newtonSteps; step++) {
      const { gradient, second } = derivatives.run(ndarray(at, [2]));
      const slope = Float64Array.from(gradient.data);
      if (!slope.every(Number.isFinite) || !second.data.every(Number.isFinite)) return undefined;
      if (!cholesky(Float64Array.from(second.data), 2, 0, lower)) return undefined;
      choleskySolve(lower, 2, slope);
      at[0] -= slope[0];
      at[1] -= slope[1];
      if (!(Math.hypot(at[0] - x, at[1] - y) <= 2 * radius)) return undefined;
      if (Math.hypot(slope[0], slope[1]) <= arrived * radius) break;
    }
    return misses < mostMisses ? proved(at) : undefined;
  };
}

/** The ends that are near no point so far, the place with the most of them first. */
export function unknownEnds(
  data: Float32Array,
  first: number,
  found: Neighbours,
  radius: number,
): [number, number][] {
  const places = new Map<string, { count: number; point: [number, number] }>();
  for (let index = first; index < data.length; index += 2) {
    const [x, y] = [data[index], data[index + 1]];
    if (!Number.isFinite(x + y) || found.nearest(x, y) >= 0) continue;
    const key = `${Math.round(x / radius)} ${Math.round(y / radius)}`;
    const place = places.get(key);
    if (place === undefined) places.set(key, { count: 1, point: [x, y] });
    else place.count++;
  }
  const sorted = [...places.values()].sort((a, b) => b.count - a.count);
  return sorted.slice(0, mostPlaces).map(({ point }) => point);
}
