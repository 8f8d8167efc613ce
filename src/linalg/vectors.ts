/**
 * Loops over float64 vectors, four elements at a time: V8 does not unroll them, and one sum after the other would wait for the
 * adder. Nothing is allocated; lengths are the first vector's, and are not checked.
 */

/** Σ aᵢbᵢ. */
export function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  const blocks = n - (n % 4);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i < blocks; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < n; i++) s0 += a[i] * b[i];
  return s0 + s1 + (s2 + s3);
}

/** y ← y + factor·x. */
export function axpy(factor: number, x: Float64Array, y: Float64Array): void {
  const n = x.length;
  const blocks = n - (n % 4);
  let i = 0;
  for (; i < blocks; i += 4) {
    y[i] += factor * x[i];
    y[i + 1] += factor * x[i + 1];
    y[i + 2] += factor * x[i + 2];
    y[i + 3] += factor * x[i + 3];
  }
  for (; i < n; i++) y[i] += factor * x[i];
}

/** out ← x + factor·d. `out` may be `x` or `d`. */
export function addScaled(x: Float64Array, factor: number, d: Float64Array, out: Float64Array): void {
  const n = x.length;
  const blocks = n - (n % 4);
  let i = 0;
  for (; i < blocks; i += 4) {
    out[i] = x[i] + factor * d[i];
    out[i + 1] = x[i + 1] + factor * d[i + 1];
    out[i + 2] = x[i + 2] + factor * d[i + 2];
    out[i + 3] = x[i + 3] + factor * d[i + 3];
  }
  for (; i < n; i++) out[i] = x[i] + factor * d[i];
}

/** out ← a − b. */
export function subtract(a: Float64Array, b: Float64Array, out: Float64Array): void {
  addScaled(a, -1, b, out);
}

/** out ← factor·x. `out` may be `x`. */
export function scale(factor: number, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  const blocks = n - (n % 4);
  let i = 0;
  for (; i < blocks; i += 4) {
    out[i] = factor * x[i];
    out[i + 1] = factor * x[i + 1];
    out[i + 2] = factor * x[i + 2];
    out[i + 3] = factor * x[i + 3];
  }
  for (; i < n; i++) out[i] = factor * x[i];
}

/** Euclidean norm; squares that overflow or vanish are computed again, scaled. */
export function norm(x: Float64Array): number {
  const square = dot(x, x);
  if (square > 1e-280 && square < Infinity) return Math.sqrt(square);
  const largest = maxNorm(x);
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] / largest) * (x[i] / largest);
  return largest * Math.sqrt(sum);
}

/** Largest |xᵢ|; NaN where an element is NaN. */
export function maxNorm(x: Float64Array): number {
  const n = x.length;
  let highest = 0;
  let lowest = 0;
  // Comparisons pass NaN over; differences of a number with itself do not.
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < n; i += 2) {
    const a = x[i];
    const b = x[i + 1];
    even += a - a;
    odd += b - b;
    if (a > highest) highest = a;
    else if (a < lowest) lowest = a;
    if (b > highest) highest = b;
    else if (b < lowest) lowest = b;
  }
  if (i < n) {
    const a = x[i];
    even += a - a;
    if (a > highest) highest = a;
    else if (a < lowest) lowest = a;
  }
  if (even + odd === 0) return Math.max(highest, -lowest);
  return x.some(Number.isNaN) ? NaN : Infinity;
}

/** out ← matrix·x for `matrix` [m, n], row after row. */
export function multiply(matrix: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = 0, at = i * n; j < n; j++, at++) sum += matrix[at] * x[j];
    out[i] = sum;
  }
}

/** out ← matrixᵀ·x for `matrix` [m, n], row after row. */
export function multiplyTransposed(matrix: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = out.length;
  out.fill(0);
  for (let i = 0; i < x.length; i++) {
    const factor = x[i];
    for (let j = 0, at = i * n; j < n; j++, at++) out[j] += factor * matrix[at];
  }
}
