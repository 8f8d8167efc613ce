// Products of a large matrix with a few vectors, for PowerSGD. Matrices are row after row; the few vectors, too.
import { sumOf } from './masks';
import { add } from './vectors';

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

/** The products of four rows, `stride` bytes apart, with one vector: left to left + 12. */
function fourDots(row: usize, stride: usize, right: usize, columns: u32, left: usize): void {
  const second = row + stride;
  const third = second + stride;
  const fourth = third + stride;
  const whole = ((<usize>columns) & ~3) << 2;
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const factor = v128.load(right + at);
    a = f32x4.add(a, f32x4.mul(v128.load(row + at), factor));
    b = f32x4.add(b, f32x4.mul(v128.load(second + at), factor));
    c = f32x4.add(c, f32x4.mul(v128.load(third + at), factor));
    d = f32x4.add(d, f32x4.mul(v128.load(fourth + at), factor));
  }
  let sumA = sumOf(a);
  let sumB = sumOf(b);
  let sumC = sumOf(c);
  let sumD = sumOf(d);
  for (; at < (<usize>columns) << 2; at += 4) {
    const factor = f32.load(right + at);
    sumA += f32.load(row + at) * factor;
    sumB += f32.load(second + at) * factor;
    sumC += f32.load(third + at) * factor;
    sumD += f32.load(fourth + at) * factor;
  }
  f32.store(left, sumA);
  f32.store(left, sumB, 4);
  f32.store(left, sumC, 8);
  f32.store(left, sumD, 12);
}

/**
 * matrix += values, and left[k][i] = Σ_j matrix[i][j] right[k][j], in one pass over memory.
 * @param matrix [rows, columns], as values
 * @param right [rank, columns]
 * @param left [rank, rows]
 */
export function addTimesRight(
  values: usize,
  matrix: usize,
  rows: u32,
  columns: u32,
  right: usize,
  rank: u32,
  left: usize,
): void {
  const width = (<usize>columns) << 2;
  for (let i: u32 = 0; i < rows; i += 4, values += width << 2, matrix += width << 2) {
    const count = min(4, rows - i);
    add(matrix, values, count * columns);
    for (let k: u32 = 0; k < rank; k++) {
      const from = right + k * width;
      const place = left + ((<usize>(k * rows + i)) << 2);
      if (count === 4) fourDots(matrix, width, from, columns, place);
      else {
        for (let row: u32 = 0; row < count; row++) {
          f32.store(place + ((<usize>row) << 2), dot(matrix + row * width, from, columns));
        }
      }
    }
  }
}

/** into += Σ factors[i] · row i, over four rows, `stride` bytes apart. */
function addFour(into: usize, row: usize, stride: usize, factors: usize, columns: u32): void {
  const second = row + stride;
  const third = second + stride;
  const fourth = third + stride;
  const a = v128.load32_splat(factors);
  const b = v128.load32_splat(factors, 4);
  const c = v128.load32_splat(factors, 8);
  const d = v128.load32_splat(factors, 12);
  const whole = ((<usize>columns) & ~3) << 2;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const low = f32x4.add(f32x4.mul(v128.load(row + at), a), f32x4.mul(v128.load(second + at), b));
    const high = f32x4.add(f32x4.mul(v128.load(third + at), c), f32x4.mul(v128.load(fourth + at), d));
    v128.store(into + at, f32x4.add(v128.load(into + at), f32x4.add(low, high)));
  }
  for (; at < (<usize>columns) << 2; at += 4) {
    const low = f32.load(row + at) * f32.load(factors) + f32.load(second + at) * f32.load(factors, 4);
    const high = f32.load(third + at) * f32.load(factors, 8) + f32.load(fourth + at) * f32.load(factors, 12);
    f32.store(into + at, f32.load(into + at) + (low + high));
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
  const width = (<usize>columns) << 2;
  memory.fill(right, 0, rank * width);
  for (let i: u32 = 0; i < rows; i += 4, matrix += width << 2) {
    const count = min(4, rows - i);
    for (let k: u32 = 0; k < rank; k++) {
      const into = right + k * width;
      const factors = left + ((<usize>(k * rows + i)) << 2);
      if (count === 4) addFour(into, matrix, width, factors, columns);
      else {
        for (let row: u32 = 0; row < count; row++) {
          addScaled(into, matrix + row * width, columns, f32.load(factors + ((<usize>row) << 2)));
        }
      }
    }
  }
}

/**
 * Two rows of a product of thin factors: out = Σ_k left[k][i] right[k], and rest −= out.
 * @param left the factor of the first row, of the second beside it; those of the next k `leftStep` bytes on
 */
function twoRows(
  left: usize,
  leftStep: usize,
  right: usize,
  rank: u32,
  columns: u32,
  out: usize,
  rest: usize,
): void {
  const width = (<usize>columns) << 2;
  const whole = ((<usize>columns) & ~7) << 2;
  let at: usize = 0;
  for (; at < whole; at += 32) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let factor = left;
    let from = right + at;
    for (let k: u32 = 0; k < rank; k++, factor += leftStep, from += width) {
      const low = v128.load(from);
      const high = v128.load(from, 16);
      const first = v128.load32_splat(factor);
      const second = v128.load32_splat(factor, 4);
      a = f32x4.add(a, f32x4.mul(low, first));
      b = f32x4.add(b, f32x4.mul(high, first));
      c = f32x4.add(c, f32x4.mul(low, second));
      d = f32x4.add(d, f32x4.mul(high, second));
    }
    v128.store(out + at, a);
    v128.store(out + at, b, 16);
    v128.store(out + width + at, c);
    v128.store(out + width + at, d, 16);
    v128.store(rest + at, f32x4.sub(v128.load(rest + at), a));
    v128.store(rest + at, f32x4.sub(v128.load(rest + at, 16), b), 16);
    v128.store(rest + width + at, f32x4.sub(v128.load(rest + width + at), c));
    v128.store(rest + width + at, f32x4.sub(v128.load(rest + width + at, 16), d), 16);
  }
  for (; at < width; at += 4) {
    oneValue(left, leftStep, right + at, rank, width, out + at, rest + at);
    oneValue(left + 4, leftStep, right + at, rank, width, out + width + at, rest + width + at);
  }
}

function oneValue(
  left: usize,
  leftStep: usize,
  right: usize,
  rank: u32,
  width: usize,
  out: usize,
  rest: usize,
): void {
  let sum: f32 = 0;
  for (let k: u32 = 0; k < rank; k++, left += leftStep, right += width)
    sum += f32.load(right) * f32.load(left);
  f32.store(out, sum);
  f32.store(rest, f32.load(rest) - sum);
}

/** matrix[i][j] = Σ_k left[k][i] right[k][j], and rest −= matrix, in one pass over memory. */
export function lowRank(
  left: usize,
  right: usize,
  rank: u32,
  rows: u32,
  columns: u32,
  matrix: usize,
  rest: usize,
): void {
  const width = (<usize>columns) << 2;
  const step = (<usize>rows) << 2;
  let i: u32 = 0;
  for (; i + 1 < rows; i += 2, left += 8, matrix += width << 1, rest += width << 1) {
    twoRows(left, step, right, rank, columns, matrix, rest);
  }
  if (i < rows) {
    for (let at: usize = 0; at < width; at += 4) {
      oneValue(left, step, right + at, rank, width, matrix + at, rest + at);
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
