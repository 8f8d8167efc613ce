import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { symmetric } from '../../test/support/golden.js';
import { orthonormalColumns, product, symmetricEigenvectors } from './linear-algebra.js';

const random = (n: number, stream: number) =>
  Float64Array.from({ length: n * n }, (_, i) => symmetric(i, stream, 1));
const gram = (a: Float64Array, n: number) => product(a, a, [n, n, n], true);

/** Largest entry of AᵀA − 1. */
function orthogonalityError(a: Float64Array, n: number): number {
  return gram(a, n).reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - (i % (n + 1) === 0 ? 1 : 0))),
    0,
  );
}

describe.each([1, 2, 3, 8, 30])('order %i', (n) => {
  const matrix = gram(random(n, n), n);

  test('eigenvectors diagonalise, in the descending order of ml-matrix’s eigenvalues', () => {
    const vectors = symmetricEigenvectors(matrix, n);
    const diagonal = product(vectors, product(matrix, vectors, [n, n, n]), [n, n, n], true);
    const oracle = new EigenvalueDecomposition(
      new Matrix(Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n))),
    );
    const values = oracle.realEigenvalues.sort((a, b) => b - a);
    // Both are backward stable: errors of some n·ε times the largest eigenvalue.
    const tolerance = 1e-14 * n * values[0];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        expect(Math.abs(diagonal[i * n + j] - (i === j ? values[i] : 0))).toBeLessThanOrEqual(tolerance);
      }
    }
    expect(orthogonalityError(vectors, n)).toBeLessThanOrEqual(1e-14 * n);
  });

  test('Q is orthogonal and QᵀA triangular', () => {
    const a = random(n, n + 100);
    const q = orthonormalColumns(a, n);
    expect(orthogonalityError(q, n)).toBeLessThanOrEqual(1e-14 * n);
    const r = product(q, a, [n, n, n], true);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) expect(Math.abs(r[i * n + j])).toBeLessThanOrEqual(1e-14 * n);
  });
});

test('matrices of zeros, of low rank and with equal eigenvalues keep orthonormal bases', () => {
  for (const matrix of [
    new Float64Array(9),
    Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1),
    Float64Array.of(2, 0, 0, 0, 2, 0, 0, 0, 2),
  ]) {
    expect(orthogonalityError(symmetricEigenvectors(matrix, 3), 3)).toBeLessThanOrEqual(1e-14);
    expect(orthogonalityError(orthonormalColumns(matrix, 3), 3)).toBeLessThanOrEqual(1e-14);
  }
});

test('NaN shows in the eigenvectors', () => {
  expect(symmetricEigenvectors(Float64Array.of(NaN, 0, 0, 1), 2).every(Number.isNaN)).toBe(true);
});
