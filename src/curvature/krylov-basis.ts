import { ScreeError } from '../graph/errors.js';
import { normal, type Generator } from '../random/index.js';
import type { FloatVector } from './network.js';

/** Elements that are worked on at a time: one stretch of a vector stays in the cache while all basis vectors pass. */
const stretch = 4096;

/** Orthonormal vectors, held in float32 or float64; products with them are summed in float64. */
export class KrylovBasis {
  readonly #vectors: FloatVector[] = [];

  constructor(
    readonly size: number,
    private readonly storage: 'float32' | 'float64',
  ) {}

  get count(): number {
    return this.#vectors.length;
  }

  vector(index: number): FloatVector {
    return this.#vectors[index];
  }

  /** Adds w / length. */
  push(w: Float64Array, length: number): void {
    const vector = this.storage === 'float32' ? new Float32Array(this.size) : new Float64Array(this.size);
    const factor = 1 / length;
    for (let i = 0; i < w.length; i++) vector[i] = factor * w[i];
    this.#vectors.push(vector);
  }

  /** Products of w with all vectors. */
  coefficients(w: Float64Array): Float64Array {
    const result = new Float64Array(this.count);
    for (let start = 0; start < w.length; start += stretch) {
      const end = Math.min(start + stretch, w.length);
      for (let k = 0; k < result.length; k++) result[k] += dotRange(this.#vectors[k], w, start, end);
    }
    return result;
  }

  /** w ← w − Σ coefficients·vectors. */
  remove(w: Float64Array, coefficients: Float64Array): void {
    for (let start = 0; start < w.length; start += stretch) {
      const end = Math.min(start + stretch, w.length);
      for (let k = 0; k < coefficients.length; k++) {
        const vector = this.#vectors[k];
        const factor = coefficients[k];
        for (let i = start; i < end; i++) w[i] -= factor * vector[i];
      }
    }
  }

  /**
   * Takes from w its part in the span; once more where little was left, since rounding has then a share in the rest (Daniel, Gragg,
   * Kaufman and Stewart 1976).
   * @returns the products with the vectors, and the length of what is left
   */
  orthogonalise(w: Float64Array): { coefficients: Float64Array; length: number } {
    const before = lengthOf(w);
    const coefficients = this.coefficients(w);
    this.remove(w, coefficients);
    let length = lengthOf(w);
    if (length < before * Math.SQRT1_2) {
      const again = this.coefficients(w);
      this.remove(w, again);
      for (let k = 0; k < again.length; k++) coefficients[k] += again[k];
      length = lengthOf(w);
    }
    return { coefficients, length };
  }

  /** A random direction, uniform on the sphere, of the complement: false where nothing is left of it. */
  pushRandom(generator: Generator): boolean {
    const w = randomVector(generator, this.size);
    this.orthogonalise(w);
    const { length } = this.orthogonalise(w);
    if (!(length > 1e-6)) return false;
    this.push(w, length);
    return true;
  }

  /** Σ weights·vectors. */
  combine(weights: ArrayLike<number>): Float64Array {
    const result = new Float64Array(this.size);
    for (let start = 0; start < this.size; start += stretch) {
      const end = Math.min(start + stretch, this.size);
      for (let k = 0; k < weights.length; k++) {
        const vector = this.#vectors[k];
        const factor = weights[k];
        for (let i = start; i < end; i++) result[i] += factor * vector[i];
      }
    }
    return result;
  }
}

/** Independent standard normal numbers. */
export function randomVector(generator: Generator, size: number): Float64Array {
  const { data } = normal(generator, [size], { dtype: 'float64' });
  if (!(data instanceof Float64Array)) throw new ScreeError('randomVector: the generator gave no float64');
  return data;
}

function dotRange(a: FloatVector, b: Float64Array, start: number, end: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < end; i++) s0 += a[i] * b[i];
  return s0 + s1 + (s2 + s3);
}

export function lengthOf(w: Float64Array): number {
  return Math.sqrt(dotRange(w, w, 0, w.length));
}
