import { CholeskyDecomposition, Matrix, QrDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { normal } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { cholesky, choleskySolve } from './cholesky.js';
import { pivotedQr } from './pivoted-qr.js';
import { axpy, dot, maxNorm, multiply, multiplyTransposed, norm } from './vectors.js';

const random = (m: number, n: number, seed: number): Float64Array =>
  Float64Array.from(normal(new Generator(seed), [m, n], { dtype: 'float64' }).data);
const asMatrix = (a: Float64Array, m: number, n: number): Matrix =>
  new Matrix(Array.from({ length: m }, (_, i) => [...a.subarray(i * n, (i + 1) * n)]));

/** Rounding of a few sums of at most 40 numbers of order 1. */
const slack = 1e-12;

describe('cholesky', () => {
  test.each([1, 2, 7, 40])('order %i: the factor and the solution of ml-matrix', (n) => {
    const b = random(n, n, n);
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) a[i * n + j] += b[i * n + k] * b[j * n + k];
    }
    const lower = new Float64Array(n * n);
    expect(cholesky(a, n, 0.5, lower)).toBe(true);
    const shifted = asMatrix(a, n, n).add(Matrix.eye(n).mul(0.5));
    const oracle = new CholeskyDecomposition(shifted);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        expect(lower[i * n + j]).toBeCloseTo(oracle.lowerTriangularMatrix.get(i, j), 10);
      }
    }
    const x = random(n, 1, 99);
    const expected = oracle.solve(Matrix.columnVector([...x])).to1DArray();
    choleskySolve(lower, n, x);
    // The condition number is below 400: a digit or three of sixteen.
    x.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 10));
  });

  test('says what is not positive definite', () => {
    const lower = new Float64Array(4);
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2, 0, lower)).toBe(false);
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2, 1.01, lower)).toBe(true);
    expect(cholesky(Float64Array.of(0, 0, 0, 0), 2, 0, lower)).toBe(false);
    expect(cholesky(Float64Array.of(1, NaN, NaN, 1), 2, 0, lower)).toBe(false);
  });
});

describe('pivotedQr', () => {
  test.each([
    [5, 5],
    [9, 4],
    [40, 7],
    [2, 4],
    [1, 1],
  ])('%i × %i: RᵀR = PᵀAᵀAP, a falling diagonal, and Qᵀb', (m, n) => {
    const a = random(m, n, 10 * m + n);
    const b = random(m, 1, 3);
    const { r, order, qtb } = pivotedQr(a.slice(), m, n, b.slice());
    const expectedGram = (i: number, j: number): number => {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += a[k * n + order[i]] * a[k * n + order[j]];
      return sum;
    };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += r[k * n + i] * r[k * n + j];
        expect(Math.abs(sum - expectedGram(i, j))).toBeLessThan(slack * m);
      }
      if (i > 0) expect(Math.abs(r[i * n + i])).toBeLessThanOrEqual(Math.abs(r[(i - 1) * n + i - 1]) + slack);
    }
    // RᵀQᵀb = PᵀAᵀb, which does not depend on Q's signs.
    for (let i = 0; i < n; i++) {
      let left = 0;
      let right = 0;
      for (let k = 0; k < n; k++) left += r[k * n + i] * qtb[k];
      for (let k = 0; k < m; k++) right += a[k * n + order[i]] * b[k];
      expect(Math.abs(left - right)).toBeLessThan(slack * m);
    }
  });

  test('least squares, as ml-matrix solves it', () => {
    const [m, n] = [12, 4];
    const a = random(m, n, 1);
    const b = random(m, 1, 2);
    const { r, order, qtb } = pivotedQr(a.slice(), m, n, b.slice());
    const x = new Float64Array(n);
    for (let i = n - 1; i >= 0; i--) {
      let sum = qtb[i];
      for (let j = i + 1; j < n; j++) sum -= r[i * n + j] * x[order[j]];
      x[order[i]] = sum / r[i * n + i];
    }
    const expected = new QrDecomposition(asMatrix(a, m, n)).solve(Matrix.columnVector([...b])).to1DArray();
    x.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
  });

  test('shows the rank: trailing zeros', () => {
    const { r } = pivotedQr(Float64Array.of(1, 2, 0, 2, 4, 0, 3, 6, 0), 3, 3, new Float64Array(3));
    expect(Math.abs(r[0])).toBeCloseTo(Math.sqrt(56), 12);
    expect(Math.abs(r[4])).toBeLessThan(1e-14);
    expect(r[8]).toBe(0);
  });
});

describe('vectors', () => {
  test.each([0, 1, 3, 4, 5, 8, 103])('length %i: dot, axpy and norms equal plain sums', (n) => {
    const [x, y] = [random(n, 1, 1), random(n, 1, 2)];
    let sum = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      sum += x[i] * y[i];
      square += x[i] * x[i];
    }
    expect(Math.abs(dot(x, y) - sum)).toBeLessThan(slack);
    expect(norm(x)).toBeCloseTo(Math.sqrt(square), 12);
    expect(maxNorm(x)).toBe(Math.max(0, ...x.map(Math.abs)));
    const z = y.slice();
    axpy(-2, x, z);
    z.forEach((value, i) => expect(value).toBe(y[i] - 2 * x[i]));
  });

  test('norms of huge, tiny and missing numbers', () => {
    expect(norm(Float64Array.of(3e200, 4e200))).toBeCloseTo(5e200, -186);
    expect(norm(Float64Array.of(3e-200, 4e-200)) / 5e-200).toBeCloseTo(1, 14);
    expect(norm(Float64Array.of(1, NaN))).toBeNaN();
    expect(norm(Float64Array.of(1, -Infinity))).toBe(Infinity);
    expect(maxNorm(Float64Array.of(1, NaN, 5))).toBeNaN();
    expect(maxNorm(Float64Array.of(1, -Infinity))).toBe(Infinity);
  });

  test('matrix times vector, both ways', () => {
    const a = random(3, 5, 7);
    const x = random(5, 1, 8);
    const y = random(3, 1, 9);
    const [ax, aty] = [new Float64Array(3), new Float64Array(5)];
    multiply(a, x, ax);
    multiplyTransposed(a, y, aty);
    const matrix = asMatrix(a, 3, 5);
    const expected = matrix.mmul(Matrix.columnVector([...x])).to1DArray();
    ax.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 13));
    // yᵀ(Ax) = (Aᵀy)ᵀx.
    expect(dot(y, ax)).toBeCloseTo(dot(aty, x), 12);
  });
});
