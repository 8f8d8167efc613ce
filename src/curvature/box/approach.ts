import { dot, eigenvector, factorize, solveFactorized, symmetricEigen } from '../../linalg/index.js';

/** Gradient and Hessian [n, n] at a point, in plain numbers. */
export interface PlainDerivatives {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

export function norm(vector: Float64Array): number {
  return Math.hypot(...vector);
}

/** (H² + λ)s = −H·g. */
function step({ gradient, hessian }: PlainDerivatives, damping: number): Float64Array | undefined {
  const n = gradient.length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      right[i] -= hessian[k * n + i] * gradient[k];
      for (let j = 0; j < n; j++) matrix[i * n + j] += hessian[k * n + i] * hessian[k * n + j];
    }
    matrix[i * n + i] += damping;
  }
  const order = new Int32Array(n);
  if (factorize(matrix, n, order) === 0) return undefined;
  const solution = Float64Array.from(order, (row) => right[row]);
  solveFactorized(matrix, n, solution);
  return solution.every(Number.isFinite) ? solution : undefined;
}

const isFinite = ({ gradient, hessian }: PlainDerivatives) =>
  gradient.every(Number.isFinite) && hessian.every(Number.isFinite);

/**
 * The nearest point where the gradient is as small as it gets, by the Levenberg–Marquardt method on it (J. J. Moré 1978), which
 * also comes to degenerate critical points, at which the Hessian is singular.
 */
export function approachCritical(
  derivativesAt: (x: Float64Array) => PlainDerivatives,
  start: Float64Array,
  { steps = 200 }: { steps?: number } = {},
): Float64Array {
  let x = start;
  let at = derivativesAt(x);
  if (!isFinite(at)) return x;
  let damping = 1e-3 * Math.max(...at.hessian.map(Math.abs)) ** 2;
  for (let count = 0; count < steps && norm(at.gradient) > 0; count++) {
    const move = step(at, damping);
    const next = move?.map((change, axis) => x[axis] + change);
    const there = next && derivativesAt(next);
    if (
      next === undefined ||
      there === undefined ||
      !isFinite(there) ||
      !(norm(there.gradient) < norm(at.gradient))
    ) {
      damping = damping === 0 ? 1e-12 : damping * 8;
      if (damping > 1e30) break;
      continue;
    }
    [x, at] = [next, there];
    damping /= 8;
  }
  return x;
}

/**
 * A lower point by Newton's method with the sizes of the Hessian's eigenvalues (saddle-free Newton, Dauphin et al. 2014), halving
 * steps that do not lower the value enough (Armijo 1966).
 */
export function descend(
  derivativesAt: (x: Float64Array) => PlainDerivatives & { readonly value: number },
  start: Float64Array,
  { steps = 100 }: { steps?: number } = {},
): Float64Array {
  const n = start.length;
  let x = start;
  let at = derivativesAt(x);
  for (let count = 0; count < steps && isFinite(at) && norm(at.gradient) > 0; count++) {
    const eigen = symmetricEigen(at.hessian, n);
    const least = 1e-8 * Math.max(...eigen.values.map(Math.abs), Number.MIN_VALUE);
    const move = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      const vector = eigenvector(eigen, j);
      const length = -dot(vector, at.gradient) / Math.max(least, Math.abs(eigen.values[j]));
      for (let i = 0; i < n; i++) move[i] += length * vector[i];
    }
    const slope = dot(move, at.gradient);
    let share = 1;
    let next: Float64Array;
    let there: ReturnType<typeof derivativesAt>;
    do {
      next = x.map((from, axis) => from + share * move[axis]);
      there = derivativesAt(next);
      share /= 2;
    } while (!(there.value <= at.value + 1e-4 * share * slope) && share > 1e-10);
    if (!(there.value < at.value)) break;
    [x, at] = [next, there];
  }
  return x;
}

/** The number of the fewest decimals between two; their middle where that takes more than twelve. */
export function simplestNumber(lo: number, hi: number): number {
  const middle = lo + (hi - lo) / 2;
  for (let decimals = 0; decimals <= 12; decimals++) {
    const rounded = Number(middle.toFixed(decimals));
    if (rounded >= lo && rounded <= hi) return rounded === 0 ? 0 : rounded;
  }
  return middle;
}
