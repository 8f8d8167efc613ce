/**
 * Cholesky factors of small dense symmetric matrices, row after row (Golub & Van Loan, Matrix Computations, 4th ed., 4.2).
 */

/**
 * lower ← L with L·Lᵀ = matrix + shift·1; only the lower triangles are read and written.
 * @returns false, with `lower` half done, where that matrix is not positive definite (or not finite).
 */
export function cholesky(matrix: Float64Array, n: number, shift: number, lower: Float64Array): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      if (i === j) sum += shift;
      for (let k = 0, a = i * n, b = j * n; k < j; k++, a++, b++) sum -= lower[a] * lower[b];
      if (i !== j) lower[i * n + j] = sum / lower[j * n + j];
      else if (sum > 0 && sum < Infinity) lower[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** x ← (L·Lᵀ)⁻¹·x. */
export function choleskySolve(lower: Float64Array, n: number, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0, at = i * n; k < i; k++, at++) sum -= lower[at] * x[k];
    x[i] = sum / lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i] * x[k];
    x[i] = sum / lower[i * n + i];
  }
}
