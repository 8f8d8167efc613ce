import { describe, expect, test } from 'vitest';
import { Generator } from '../random/index.js';
import { KrylovBasis, lengthOf, randomVector } from './krylov-basis.js';

describe('KrylovBasis', () => {
  // 4096 elements are a stretch; the WebAssembly loops take four at a time, and vectors shorter than a stretch ordinary ones.
  test.each([
    ['float32', 3],
    ['float32', 4096],
    ['float32', 9999],
    ['float64', 9999],
  ] as const)('%s, %d elements: orthonormal, and products as plain sums give them', (storage, size) => {
    const generator = new Generator(1);
    const basis = new KrylovBasis(size, storage);
    const count = Math.min(size, 11);
    for (let k = 0; k < count; k++) expect(basis.pushRandom(generator)).toBe(true);
    const vectors = Array.from({ length: count }, (_, k) => Float64Array.from(basis.vector(k)));
    // Each element of float32 is rounded by up to 2⁻²⁴ of itself.
    const tolerance = storage === 'float32' ? 1e-6 : 1e-13;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j <= i; j++) {
        const product = vectors[i].reduce((sum, x, at) => sum + x * vectors[j][at], 0);
        expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(tolerance);
      }
    }
    const w = randomVector(generator, size);
    const expected = vectors.map((vector) => vector.reduce((sum, x, at) => sum + x * w[at], 0));
    // Sums of float64 in another order.
    basis.coefficients(w).forEach((value, k) => expect(Math.abs(value - expected[k])).toBeLessThan(1e-11));
    expect(Array.from(basis.coefficients(w, 2))).toEqual(Array.from(basis.coefficients(w)).slice(2));
    const weights = vectors.map((_, k) => Math.cos(k));
    const combined = basis.combine(weights);
    combined.forEach((value, at) => {
      const plain = vectors.reduce((sum, vector, k) => sum + weights[k] * vector[at], 0);
      expect(Math.abs(value - plain)).toBeLessThan(1e-14);
    });
    if (count < size) {
      const { coefficients, length } = basis.orthogonalise(w);
      expect(length).toBeCloseTo(lengthOf(w), 12);
      coefficients.forEach((value, k) => expect(Math.abs(value - expected[k])).toBeLessThan(1e-5));
      basis.coefficients(w).forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-4));
    } else expect(basis.pushRandom(generator)).toBe(false);
  });
});
