import { symmetricEigen } from '../linalg/index.js';

/** A square matrix of order n, row after row. */
type Matrix = Float64Array;

/**
 * Orthonormal eigenvectors of a symmetric matrix, as columns in descending order of eigenvalue. NaN or infinite entries give NaN
 * vectors, so that they stay visible in the parameters.
 */
export function symmetricEigenvectors(matrix: Matrix, n: number): Matrix {
  const columns = new Float64Array(n * n);
  if (!matrix.every(Number.isFinite)) return columns.fill(NaN);
  // A product that float32 made is symmetric to its rounding only.
  const symmetric = matrix.map((entry, at) => (entry + matrix[(at % n) * n + Math.floor(at / n)]) / 2);
  const { vectors } = symmetricEigen(symmetric, n);
  for (let j = 0; j < n; j++) {
    const from = (n - 1 - j) * n;
    for (let i = 0; i < n; i++) columns[i * n + j] = vectors[from + i];
  }
  return columns;
}

/** Q of the QR decomposition of a square matrix, by Householder reflections. Its columns' signs are those of LAPACK. */
export function orthonormalColumns(matrix: Matrix, n: number): Matrix {
  const r = matrix.slice();
  const reflectors: { readonly v: Float64Array; readonly scale: number }[] = [];
  for (let k = 0; k < n - 1; k++) {
    const v = new Float64Array(n);
    let norm = 0;
    for (let i = k; i < n; i++) norm = Math.hypot(norm, (v[i] = r[i * n + k]));
    v[k] += v[k] < 0 ? -norm : norm;
    let square = 0;
    for (let i = k; i < n; i++) square += v[i] * v[i];
    // A column of zeros needs no reflection.
    const scale = square === 0 ? 0 : 2 / square;
    reflect(r, n, v, scale, k);
    reflectors.push({ v, scale });
  }
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = reflectors.length - 1; k >= 0; k--) reflect(q, n, reflectors[k].v, reflectors[k].scale, k);
  return q;
}

/** matrix ← (1 − scale·vvᵀ)·matrix, where v is zero before `from`. */
function reflect(matrix: Matrix, n: number, v: Float64Array, scale: number, from: number): void {
  const products = new Float64Array(n);
  for (let i = from; i < n; i++) for (let j = 0; j < n; j++) products[j] += v[i] * matrix[i * n + j];
  for (let i = from; i < n; i++) {
    const factor = scale * v[i];
    for (let j = 0; j < n; j++) matrix[i * n + j] -= factor * products[j];
  }
}

/** a·b, or with `transposed` aᵀ·b, for a [m, k] (or [k, m]) and b [k, n]. */
export function product(
  a: Float64Array,
  b: Float64Array,
  [m, k, n]: readonly [number, number, number],
  transposed = false,
): Float64Array {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const factor = transposed ? a[p * m + i] : a[i * k + p];
      for (let j = 0; j < n; j++) result[i * n + j] += factor * b[p * n + j];
    }
  }
  return result;
}
