/** A square matrix of order n, row after row. */
type Matrix = Float64Array;

/**
 * Orthonormal eigenvectors of a symmetric matrix, as columns in descending order of eigenvalue, by cyclic Jacobi rotations (Golub
 * & Van Loan, Matrix Computations, 4th ed., 8.5): slower than tridiagonalisation, but short and exact to rounding: what is left
 * beside the diagonal is below ε‖A‖. NaN or infinite entries give NaN vectors.
 */
export function symmetricEigenvectors(matrix: Matrix, n: number): Matrix {
  const a = matrix.slice();
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  if (!a.every(Number.isFinite)) return rows.fill(NaN);
  const negligible = (Number.EPSILON * Math.hypot(...rowNorms(a, n))) / n;
  // Convergence is quadratic: ten sweeps or so, whatever the order.
  for (let sweep = 0; sweep < 50; sweep++) {
    let rotations = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) <= negligible) continue;
        rotate(a, rows, n, p, q);
        rotations++;
      }
    }
    if (rotations === 0) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const columns = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) columns[i * n + to] = rows[from * n + i];
  });
  return columns;
}

/** The norms of the rows. */
function rowNorms(a: Matrix, n: number): number[] {
  return Array.from({ length: n }, (_, i) => Math.hypot(...a.subarray(i * n, (i + 1) * n)));
}

/** The rotation in the plane of p and q that makes a[p, q] zero; `rows` holds the eigenvectors so far. */
function rotate(a: Matrix, rows: Matrix, n: number, p: number, q: number): void {
  const [rowP, rowQ] = [p * n, q * n];
  const apq = a[rowP + q];
  const tau = (a[rowQ + q] - a[rowP + p]) / (2 * apq);
  const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const u = rows[rowP + k];
    const v = rows[rowQ + k];
    rows[rowP + k] = c * u - s * v;
    rows[rowQ + k] = s * u + c * v;
    if (k === p || k === q) continue;
    const x = a[rowP + k];
    const y = a[rowQ + k];
    a[k * n + p] = a[rowP + k] = c * x - s * y;
    a[k * n + q] = a[rowQ + k] = s * x + c * y;
  }
  a[rowP + p] -= t * apq;
  a[rowQ + q] += t * apq;
  a[rowP + q] = a[rowQ + p] = 0;
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
