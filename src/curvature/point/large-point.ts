import { compile } from '../../compile/index.js';
import { ndarray } from '../../graph/ndarray.js';
import { ScreeError } from '../../graph/errors.js';
import type { Tensor } from '../../graph/tensor.js';
import { norm } from '../../linalg/index.js';
import { float64 } from '../../ops/index.js';
import { Generator } from '../../random/index.js';
import { hvp, valueAndGrad } from '../../transform/index.js';
import { lanczos, type RitzPair } from '../lanczos.js';
import { mostVariables, type PointKind, type PointReport } from './critical-point.js';
import { short } from './reduced.js';
import type { WayDown } from './way-down.js';

/** Products with the Hessian: each keeps a vector, all of them 320 MB at most. */
function stepsFor(size: number): number {
  return Math.max(20, Math.min(400, Math.floor(4e7 / size)));
}

/**
 * What a point of a function of many variables is, by the ends of its Hessian's spectrum (Lanczos' method): second-order
 * conditions alone, a minimum with a probability only. `hessian` is empty, and of the eigenvalues only both ends are there.
 * @throws ScreeError at a point outside of the function's domain
 */
export async function classifyLargePoint(
  f: (x: Tensor) => Tensor,
  point: ArrayLike<number>,
): Promise<PointReport> {
  const size = point.length;
  const x = ndarray(Float64Array.from(point), [size]);
  const first = compile(valueAndGrad<[Tensor]>(f), [float64(size)]);
  const second = compile(hvp<Tensor>(f), [float64(size), float64(size)]);
  const { value, gradient } = first.run(x);
  const slope = Float64Array.from(gradient.data);
  if (!Number.isFinite(value.data[0]) || !slope.every(Number.isFinite)) {
    throw new ScreeError(
      'the function or its gradient is not finite: the point is outside of its domain or not smooth',
    );
  }
  const spectrum = await lanczos(
    {
      size,
      multiply(v, out) {
        out.set(second.run(x, ndarray(Float64Array.from(v), [size])).data);
      },
    },
    { generator: new Generator(1), tolerance: 0, maxSteps: stepsFor(size) },
  );
  const [lowest, highest] = [spectrum.bottom[0], spectrum.top[0]];
  const largest = Math.max(Math.abs(lowest.value), Math.abs(highest.value));
  const gradientNorm = norm(slope);
  const limit = Math.sqrt(Number.EPSILON) * Math.max(1, largest);
  const kind = gradientNorm > limit ? 'regular' : kindOf(lowest, highest, spectrum.bounds, limit);
  const { lower, upper, failure } = spectrum.bounds;
  const direction = kind === 'regular' ? slope.map((entry) => -entry) : lowest.vector();
  const wayDown =
    kind === 'minimum' || lowest.value >= 0
      ? undefined
      : wayAlong((there) => first.run(there).value.data[0], x.data, direction, value.data[0]);
  return {
    point: Array.from(point),
    value: value.data[0],
    gradient: Array.from(slope),
    gradientNorm,
    hessian: [],
    eigenvalues: [lowest.value, highest.value],
    eigenvectors: [Array.from(lowest.vector()), Array.from(highest.vector())],
    kind,
    ...(kind === 'regular' ? {} : { order: 2 }),
    ...(wayDown === undefined ? {} : { wayDown }),
    evidence: [
      `${size} variables: power series and all second derivatives are taken of up to ${mostVariables}; here both ends of the Hessian's spectrum were found by Lanczos' method`,
      `the gradient's norm is ${short(gradientNorm)}; it counts as zero up to ${short(limit)}`,
      `an eigenvalue lies within ${short(lowest.error)} of ${short(lowest.value)}, one within ${short(highest.error)} of ${short(highest.value)}`,
      `none lies outside of [${short(lower)}, ${short(upper)}], with probability ${1 - failure}`,
    ],
  };
}

function kindOf(
  lowest: RitzPair,
  highest: RitzPair,
  { lower, upper }: { lower: number; upper: number },
  limit: number,
): PointKind {
  const falls = lowest.value + lowest.error < -limit;
  const rises = highest.value - highest.error > limit;
  if (falls && rises) return 'saddle';
  if (lower > 0) return 'minimum';
  return upper < 0 ? 'maximum' : 'unknown';
}

type Evaluated = (x: ReturnType<typeof ndarray>) => number;

/** The longest step 2⁻ᵏ along a direction or against it that goes down. */
function wayAlong(
  evaluate: Evaluated,
  point: ArrayLike<number>,
  direction: Float64Array,
  start: number,
): WayDown | undefined {
  const length = norm(direction);
  for (let k = 0; k < 40; k++) {
    const until = 2 ** -k;
    for (const sign of [1, -1]) {
      const unit = direction.map((entry) => (sign * entry) / length);
      const there = Float64Array.from(point, (entry, i) => entry + until * unit[i]);
      const decrease = start - evaluate(ndarray(there, [there.length]));
      if (decrease > 1e-12 * Math.abs(start)) return { direction: Array.from(unit), until, decrease };
    }
  }
  return undefined;
}
