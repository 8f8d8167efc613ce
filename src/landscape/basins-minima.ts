import { compile } from '../compile/index.js';
import { classifyPoint } from '../curvature/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { cholesky, choleskySolve, norm } from '../linalg/index.js';
import { float64 } from '../ops/index.js';
import { hessian, valueAndGrad } from '../transform/index.js';
import type { Surface } from './surface.js';

/** Ends that are at none of the known minima are looked at, the most frequent first, up to so many places. */
const mostPlaces = 2000;

const newtonSteps = 30;

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
 * step, and a point that the second derivatives prove.
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
  return (x, y) => {
    const at = Float64Array.of(x, y);
    const lower = new Float64Array(4);
    for (let step = 0; step < newtonSteps; step++) {
      const { gradient, second } = derivatives.run(ndarray(at, [2]));
      const slope = Float64Array.from(gradient.data);
      const curvature = Float64Array.from(second.data);
      const gradientNorm = norm(slope);
      if (!Number.isFinite(gradientNorm) || !curvature.every(Number.isFinite)) return undefined;
      if (classifyPoint({ gradientNorm, hessian: curvature }).kind === 'minimum') return [at[0], at[1]];
      if (!cholesky(curvature, 2, 0, lower)) return undefined;
      choleskySolve(lower, 2, slope);
      at[0] -= slope[0];
      at[1] -= slope[1];
      if (!(Math.hypot(at[0] - x, at[1] - y) <= 2 * radius)) return undefined;
    }
    return undefined;
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
