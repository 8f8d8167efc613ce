/**
 * QR decomposition of a tall matrix with column pivoting by Householder reflections (Businger & Golub 1965; Golub & Van Loan,
 * Matrix Computations, 4th ed., 5.4.2): A·P = Q·R with the diagonal of R falling in size.
 */

/** What `pivotedQr` leaves of A and b. */
export interface PivotedQr {
  /** [n, n], row after row, upper triangular. */
  readonly r: Float64Array;
  /** Column i of A·P is column order[i] of A. */
  readonly order: Int32Array;
  /** The first n elements of Qᵀb. */
  readonly qtb: Float64Array;
}

/**
 * @param a [m, n], row after row, m ≥ 1; it is destroyed. Rows that are missing up to n count as zeros.
 * @param b [m]; it is destroyed.
 */
export function pivotedQr(a: Float64Array, m: number, n: number, b: Float64Array): PivotedQr {
  const order = Int32Array.from({ length: n }, (_, j) => j);
  const sums = new Float64Array(n);
  for (let k = 0; k < Math.min(m, n); k++) {
    pivot(a, m, n, k, order);
    let length = 0;
    for (let i = k; i < m; i++) length = Math.hypot(length, a[i * n + k]);
    if (length === 0) break;
    const head = a[k * n + k];
    const diagonal = head > 0 ? -length : length;
    // v = column − diagonal·eₖ, scaled to v₀ = 1; its reflection is 1 − τvvᵀ.
    const first = head - diagonal;
    const tau = (diagonal - head) / diagonal;
    for (let i = k + 1; i < m; i++) a[i * n + k] /= first;
    reflect(a, m, n, k, tau, sums, b);
    a[k * n + k] = diagonal;
  }
  const r = new Float64Array(n * n);
  for (let i = 0; i < Math.min(m, n); i++) for (let j = i; j < n; j++) r[i * n + j] = a[i * n + j];
  const qtb = new Float64Array(n);
  qtb.set(b.subarray(0, Math.min(m, n)));
  return { r, order, qtb };
}

/** Brings the column that is longest from row k on to place k. Lengths are computed afresh: downdating loses digits. */
function pivot(a: Float64Array, m: number, n: number, k: number, order: Int32Array): void {
  let best = k;
  let longest = -1;
  for (let j = k; j < n; j++) {
    let square = 0;
    for (let i = k; i < m; i++) square += a[i * n + j] * a[i * n + j];
    if (square > longest) {
      longest = square;
      best = j;
    }
  }
  if (best === k) return;
  for (let i = 0; i < m; i++) {
    const swapped = a[i * n + k];
    a[i * n + k] = a[i * n + best];
    a[i * n + best] = swapped;
  }
  const swapped = order[k];
  order[k] = order[best];
  order[best] = swapped;
}

/** Applies 1 − τvvᵀ, v in column k below a leading 1, to the columns after k and to b. */
function reflect(
  a: Float64Array,
  m: number,
  n: number,
  k: number,
  tau: number,
  sums: Float64Array,
  b: Float64Array,
): void {
  for (let j = k + 1; j < n; j++) sums[j] = a[k * n + j];
  let sumB = b[k];
  for (let i = k + 1; i < m; i++) {
    const v = a[i * n + k];
    for (let j = k + 1; j < n; j++) sums[j] += v * a[i * n + j];
    sumB += v * b[i];
  }
  for (let j = k + 1; j < n; j++) a[k * n + j] -= tau * sums[j];
  b[k] -= tau * sumB;
  for (let i = k + 1; i < m; i++) {
    const v = a[i * n + k];
    for (let j = k + 1; j < n; j++) a[i * n + j] -= tau * v * sums[j];
    b[i] -= tau * v * sumB;
  }
}
