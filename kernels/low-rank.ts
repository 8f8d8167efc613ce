// Products of a large matrix with a few vectors, for PowerSGD. Matrices are row after row; the few vectors, too.
import { sumOf } from './masks';

function dot(a: usize, b: usize, n: u32): f32 {
  const whole = a + ((n & ~7) << 2);
  const end = a + (n << 2);
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  for (; a < whole; a += 32, b += 32) {
    low = f32x4.add(low, f32x4.mul(v128.load(a), v128.load(b)));
    high = f32x4.add(high, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
  }
  let sum = sumOf(f32x4.add(low, high));
  for (; a < end; a += 4, b += 4) sum += f32.load(a) * f32.load(b);
  return sum;
}

/** into += factor · from. */
function addScaled(into: usize, from: usize, n: u32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const whole = into + ((n & ~3) << 2);
  const end = into + (n << 2);
  for (; into < whole; into += 16, from += 16) {
    v128.store(into, f32x4.add(v128.load(into), f32x4.mul(v128.load(from), factors)));
  }
  for (; into < end; into += 4, from += 4) f32.store(into, f32.load(into) + f32.load(from) * factor);
}

/**
 * left[k][i] = Σ_j matrix[i][j] right[k][j].
 * @param matrix [rows, columns]
 * @param right [rank, columns]
 * @param left [rank, rows]
 */
export function timesRight(
  matrix: usize,
  rows: u32,
  columns: u32,
  right: usize,
  rank: u32,
  left: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    const row = matrix + ((i * columns) << 2);
    for (let k: u32 = 0; k < rank; k++) {
      f32.store(left + ((k * rows + i) << 2), dot(row, right + ((k * columns) << 2), columns));
    }
  }
}

/** right[k][j] = Σ_i left[k][i] matrix[i][j]. */
export function timesLeft(
  matrix: usize,
  rows: u32,
  columns: u32,
  left: usize,
  rank: u32,
  right: usize,
): void {
  memory.fill(right, 0, (rank * columns) << 2);
  for (let i: u32 = 0; i < rows; i++) {
    const row = matrix + ((i * columns) << 2);
    for (let k: u32 = 0; k < rank; k++) {
      addScaled(right + ((k * columns) << 2), row, columns, f32.load(left + ((k * rows + i) << 2)));
    }
  }
}

/** matrix[i][j] = Σ_k left[k][i] right[k][j]. */
export function lowRank(left: usize, right: usize, rank: u32, rows: u32, columns: u32, matrix: usize): void {
  memory.fill(matrix, 0, (rows * columns) << 2);
  for (let i: u32 = 0; i < rows; i++) {
    const row = matrix + ((i * columns) << 2);
    for (let k: u32 = 0; k < rank; k++) {
      addScaled(row, right + ((k * columns) << 2), columns, f32.load(left + ((k * rows + i) << 2)));
    }
  }
}

/** Makes the few vectors orthonormal (Gram-Schmidt, twice: Kahan's "twice is enough"); one without length becomes 0. */
export function orthonormalise(vectors: usize, rank: u32, n: u32): void {
  for (let k: u32 = 0; k < rank; k++) {
    const vector = vectors + ((k * n) << 2);
    const before = sqrt(dot(vector, vector, n));
    for (let pass = 0; pass < 2; pass++) {
      for (let other: u32 = 0; other < k; other++) {
        const unit = vectors + ((other * n) << 2);
        addScaled(vector, unit, n, -dot(vector, unit, n));
      }
    }
    const length = sqrt(dot(vector, vector, n));
    // What is left of a dependent vector is rounding.
    const factor: f32 = length > before * 1e-6 && length > 1e-30 ? 1 / length : length * 0;
    for (let i: u32 = 0; i < n; i++) f32.store(vector + (i << 2), f32.load(vector + (i << 2)) * factor);
  }
}
