/**
 * LU factors of small dense matrices with partial pivoting, row after row (Golub & Van Loan, Matrix Computations, 4th ed.,
 * 3.4).
 */

/**
 * a ← L and U of the rows taken in `order`: P·A = L·U, U on and above the diagonal, L with a diagonal of ones below it.
 * @param order receives which row of A each row of P·A is.
 * @returns the sign of the permutation, or 0 where a pivot is exactly 0 and no more columns were eliminated by it.
 */
export function factorize(a: Float64Array, n: number, order: Int32Array): number {
  let sign = 1;
  let singular = false;
  for (let i = 0; i < n; i++) order[i] = i;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(a[i * n + k]) > Math.abs(a[best * n + k])) best = i;
    }
    if (best !== k) {
      sign = -sign;
      const row = order[k];
      order[k] = order[best];
      order[best] = row;
      for (let j = 0; j < n; j++) {
        const value = a[k * n + j];
        a[k * n + j] = a[best * n + j];
        a[best * n + j] = value;
      }
    }
    const pivot = a[k * n + k];
    if (pivot === 0) {
      singular = true;
      continue;
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (a[i * n + k] /= pivot);
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return singular ? 0 : sign;
}

/** x ← U⁻¹·L⁻¹·x with the factors of `factorize`; x is in the order of their rows. */
export function solveFactorized(factors: Float64Array, n: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0, at = i * n; k < i; k++, at++) sum -= factors[at] * x[k];
    x[i] = sum;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= factors[i * n + k] * x[k];
    x[i] = sum / factors[i * n + i];
  }
}
