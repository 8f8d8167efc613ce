/**
 * Eigenvalues and eigenvectors of a small dense symmetric matrix: Householder reflections to tridiagonal form, then implicitly
 * shifted QL steps (Wilkinson and Reinsch 1971, contributions II/2 and II/4, EISPACK's tred2 and tql2; Golub & Van Loan,
 * Matrix Computations, 4th ed., 8.3). Backward stable: the values are those of a matrix within a few n·ε·‖A‖ of A, about 5n³
 * multiplications in all.
 *
 * Ours keeps the vectors as rows, so that reflections and rotations run along memory; scales by a power of two, so that
 * entries of any size neither overflow nor vanish; and takes the mean of A and Aᵀ, since a computed Hessian is symmetric to
 * rounding only.
 */
import { ScreeError } from '../graph/errors.js';

/** A = Σ valuesⱼ·vⱼvⱼᵀ. */
export interface SymmetricEigen {
  /** [n], ascending. */
  readonly values: Float64Array;
  /** [n, n]: row j is the unit vector vⱼ that belongs to values[j]. Its sign is arbitrary. */
  readonly vectors: Float64Array;
}

/** A tridiagonal matrix and the rows in which its vectors are being gathered. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** [n]: element i couples i and i + 1, the last is 0. */
  readonly coupling: Float64Array;
  readonly rows: Float64Array;
}

/**
 * @param matrix [n, n], row after row; it is not changed.
 * @throws ScreeError for a size that is not n², an entry that is NaN or infinite, or a matrix that is not symmetric to half
 * of the digits.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  if (matrix.length !== n * n) {
    throw new ScreeError(
      `symmetricEigen: ${matrix.length} numbers are no matrix of order ${n}; give ${n * n}`,
    );
  }
  const exponent = scaleOf(matrix, n);
  const tridiagonal = tridiagonalise(symmetricPart(matrix, n, exponent), n);
  diagonalise(tridiagonal, n);
  return sorted(tridiagonal, n, exponent);
}

/** The eigenvector j of a decomposition, without a copy. */
export function eigenvector({ values, vectors }: SymmetricEigen, j: number): Float64Array {
  return vectors.subarray(j * values.length, (j + 1) * values.length);
}

/** The power of two next to the largest entry. Throws for entries that are no numbers. */
function scaleOf(matrix: Float64Array, n: number): number {
  let largest = 0;
  for (let at = 0; at < matrix.length; at++) {
    const size = Math.abs(matrix[at]);
    if (!(size < Infinity)) {
      throw new ScreeError(
        `symmetricEigen: entry [${Math.floor(at / n)}, ${at % n}] is ${matrix[at]}; all must be finite`,
      );
    }
    if (size > largest) largest = size;
  }
  return largest === 0 ? 0 : Math.floor(Math.log2(largest));
}

/** x·2^exponent, in two factors: 2^exponent alone may overflow where the product does not. */
function timesPower(x: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
}

function symmetricPart(matrix: Float64Array, n: number, exponent: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const lower = timesPower(matrix[i * n + j], -exponent);
      const upper = timesPower(matrix[j * n + i], -exponent);
      // The largest entry lies between 1 and 2 now. Derivatives by different routes agree far better than this.
      if (!(Math.abs(lower - upper) <= 1e-8)) {
        throw new ScreeError(
          `symmetricEigen: entries [${i}, ${j}] ${matrix[i * n + j]} and [${j}, ${i}] ${matrix[j * n + i]} differ; the matrix must be symmetric`,
        );
      }
      a[i * n + j] = a[j * n + i] = (lower + upper) / 2;
    }
  }
  return a;
}

/** A = Qᵀ·T·Q: T and, as rows, Q. Destroys `a`. */
function tridiagonalise(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const coupling = new Float64Array(n);
  // Reflector k is 1 − τ·vvᵀ with v in row k, from column k + 1.
  const reflectors = new Float64Array(n * n);
  const taus = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    diagonal[k] = a[k * n + k];
    const v = reflectors.subarray(k * n, (k + 1) * n);
    // Row k is what is left of column k.
    for (let i = k + 1; i < n; i++) v[i] = a[k * n + i];
    let largest = 0;
    for (let i = k + 2; i < n; i++) largest = Math.max(largest, Math.abs(v[i]));
    if (largest === 0) {
      coupling[k] = v[k + 1];
      continue;
    }
    // A reflector has a direction and no length: squares of tiny entries would vanish, or keep a few bits.
    const scale = Math.max(largest, Math.abs(v[k + 1]));
    for (let i = k + 1; i < n; i++) v[i] /= scale;
    let below = 0;
    for (let i = k + 2; i < n; i++) below += v[i] * v[i];
    const length = Math.sqrt(v[k + 1] * v[k + 1] + below);
    const turned = v[k + 1] > 0 ? -length : length;
    coupling[k] = turned * scale;
    v[k + 1] -= turned;
    const tau = (taus[k] = 2 / (v[k + 1] * v[k + 1] + below));
    reflectBothSides(a, n, k + 1, v, tau, p);
  }
  diagonal[n - 1] = a[n * n - 1];
  return { diagonal, coupling, rows: gather(reflectors, taus, n) };
}

/** a ← (1 − τvvᵀ)·a·(1 − τvvᵀ) on rows and columns from `first`: a −= vwᵀ + wvᵀ with w = τav − (τ²/2)(vᵀav)v. */
function reflectBothSides(
  a: Float64Array,
  n: number,
  first: number,
  v: Float64Array,
  tau: number,
  w: Float64Array,
): void {
  let product = 0;
  for (let i = first; i < n; i++) {
    let sum = 0;
    for (let j = first, at = i * n + first; j < n; j++, at++) sum += a[at] * v[j];
    w[i] = tau * sum;
    product += w[i] * v[i];
  }
  const half = (tau * product) / 2;
  for (let i = first; i < n; i++) w[i] -= half * v[i];
  for (let i = first; i < n; i++) {
    const vi = v[i];
    const wi = w[i];
    for (let j = first, at = i * n + first; j < n; j++, at++) a[at] -= vi * w[j] + wi * v[j];
  }
}

/** H₍ₙ₋₂₎⋯H₀ of the reflectors: the identity, times each from the right, the last first. */
function gather(reflectors: Float64Array, taus: Float64Array, n: number): Float64Array {
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let k = n - 2; k >= 0; k--) {
    const tau = taus[k];
    if (tau === 0) continue;
    const v = reflectors.subarray(k * n, (k + 1) * n);
    // Rows up to k are still the identity's and do not meet v.
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1, at = i * n + k + 1; j < n; j++, at++) sum += rows[at] * v[j];
      const factor = tau * sum;
      for (let j = k + 1, at = i * n + k + 1; j < n; j++, at++) rows[at] -= factor * v[j];
    }
  }
  return rows;
}

/** QL steps until nothing couples: the diagonal is then the eigenvalues and the rows are their vectors. */
function diagonalise({ diagonal, coupling, rows }: Tridiagonal, n: number): void {
  for (let first = 0; first < n; first++) {
    let steps = 0;
    for (;;) {
      let last = first;
      const least = steps > patience ? Number.EPSILON : vanishing;
      while (last < n - 1 && !isNegligible(coupling[last], diagonal[last], diagonal[last + 1], least)) last++;
      if (last === first) break;
      // Wilkinson's shift converges always, two or three steps a value; more means that the arithmetic is broken.
      if (++steps > 60)
        throw new ScreeError('symmetricEigen: no convergence after 60 steps for one eigenvalue');
      qlStep(diagonal, coupling, rows, n, first, last);
    }
  }
}

/** Below this, beside entries between 1 and 2, the bound by the diagonal is a denormal number, or 0, and means nothing. */
const vanishing = 2 ** -1022 / Number.EPSILON;

/**
 * A coupling that is small beside its own neighbours keeps the digits of small eigenvalues too. Where entries of very different
 * sizes never get there, one that is small beside the whole matrix, which is all that is promised, must do after so many steps.
 */
const patience = 6;

function isNegligible(coupling: number, above: number, below: number, least: number): boolean {
  return Math.abs(coupling) <= Math.max(least, Number.EPSILON * (Math.abs(above) + Math.abs(below)));
}

/** One implicit QL step on first … last with Wilkinson's shift: a bulge is chased from the bottom to the top. */
function qlStep(
  diagonal: Float64Array,
  coupling: Float64Array,
  rows: Float64Array,
  n: number,
  first: number,
  last: number,
): void {
  const half = (diagonal[first + 1] - diagonal[first]) / 2;
  const root = Math.hypot(half, coupling[first]);
  const e = coupling[first];
  // The eigenvalue of the top 2 × 2 block that is closer to its corner.
  const shift = diagonal[first] - e * (e / (half + (half < 0 ? -root : root)));
  let x = diagonal[last] - shift;
  let z = coupling[last - 1];
  for (let i = last - 1; i >= first; i--) {
    // The rotation of i and i + 1 that takes z into x.
    const radius = Math.hypot(x, z);
    // The quotients of denormal numbers have few bits; they turn nothing that counts.
    const c = radius < vanishing ? 1 : x / radius;
    const s = radius < vanishing ? 0 : z / radius;
    if (i < last - 1) coupling[i + 1] = radius;
    const [upper, lower, between] = [diagonal[i], diagonal[i + 1], coupling[i]];
    diagonal[i + 1] = c * c * lower + 2 * c * s * between + s * s * upper;
    diagonal[i] = s * s * lower - 2 * c * s * between + c * c * upper;
    coupling[i] = (c * c - s * s) * between + c * s * (upper - lower);
    if (i > first) {
      z = s * coupling[i - 1];
      coupling[i - 1] *= c;
      x = coupling[i];
    }
    rotateRows(rows, n, i, c, s);
  }
}

/** rows i and i + 1 ← (c·i − s·(i + 1), s·i + c·(i + 1)). */
function rotateRows(rows: Float64Array, n: number, i: number, c: number, s: number): void {
  for (let a = i * n, b = a + n, end = b; a < end; a++, b++) {
    const upper = rows[a];
    const lower = rows[b];
    rows[a] = c * upper - s * lower;
    rows[b] = s * upper + c * lower;
  }
}

function sorted({ diagonal, rows }: Tridiagonal, n: number, exponent: number): SymmetricEigen {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => diagonal[i] - diagonal[j]);
  const values = new Float64Array(n);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    values[to] = timesPower(diagonal[from], exponent);
    vectors.set(rows.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values, vectors };
}
