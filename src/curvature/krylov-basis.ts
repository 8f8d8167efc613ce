import { ScreeError } from '../graph/errors.js';
import { LANES, simdKernels, type SimdKernels } from '../linalg/index.js';
import { normal, type Generator } from '../random/index.js';
import type { FloatVector } from './network.js';

/** Elements that are worked on at a time: one stretch of a vector stays in the cache while all basis vectors pass. */
const stretch = 4096;
/** Bytes of a page of WebAssembly's memory. */
const page = 65536;
/** Vectors that a memory grows by. */
const growth = 4;

/**
 * Float32 vectors in WebAssembly's memory, behind one stretch of float64: there the loops over both run four elements at a time. One memory
 * holds up to 4 GB; what goes beyond lies in ordinary arrays.
 */
class SingleBank {
  #stretch: Float64Array;
  readonly #stride: number;
  #room = 0;

  private constructor(
    private readonly kernels: SimdKernels,
    private readonly size: number,
  ) {
    kernels.memory.grow(Math.ceil((8 * stretch) / page));
    this.#stretch = new Float64Array(kernels.memory.buffer, 0, stretch);
    this.#stride = 16 * Math.ceil((4 * size) / 16);
  }

  static make(size: number): SingleBank | undefined {
    const kernels = size < stretch ? undefined : simdKernels();
    return kernels && new SingleBank(kernels, size);
  }

  /** Vector `index` in place, of zeros; undefined where the memory cannot hold it. */
  make(index: number): Float32Array | undefined {
    if (index >= this.#room) {
      const bytes = this.#address(index + growth) - this.kernels.memory.buffer.byteLength;
      try {
        if (bytes > 0) this.kernels.memory.grow(Math.ceil(bytes / page));
      } catch {
        return undefined;
      }
      this.#room = index + growth;
    }
    return this.view(index);
  }

  /** The memory's buffer is a new one after it has grown. */
  view(index: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer, this.#address(index), this.size);
  }

  /** Takes w from `start` on into the stretch. @returns the count of elements, with zeros up to whole rounds of the loops */
  load(w: Float64Array, start: number): number {
    const values = w.subarray(start, Math.min(start + stretch, w.length));
    const into = this.#held();
    into.set(values);
    const length = LANES * Math.ceil(values.length / LANES);
    into.fill(0, values.length, length);
    return length;
  }

  /** Gives the stretch back. */
  save(w: Float64Array, start: number): void {
    w.set(this.#held().subarray(0, Math.min(stretch, w.length - start)), start);
  }

  dot(index: number, start: number, length: number): number {
    return this.kernels.dotSingle(this.#address(index) + 4 * start, 0, length);
  }

  add(factor: number, index: number, start: number, length: number): void {
    this.kernels.addSingle(factor, this.#address(index) + 4 * start, 0, length);
  }

  /** Of the stretch with itself. */
  square(length: number): number {
    return this.kernels.dot(0, 0, length);
  }

  /** The stretch: in a new buffer after the memory has grown. */
  #held(): Float64Array {
    if (this.#stretch.length === 0) this.#stretch = new Float64Array(this.kernels.memory.buffer, 0, stretch);
    return this.#stretch;
  }

  #address(index: number): number {
    return 8 * stretch + this.#stride * index;
  }
}

const nothing = new Float64Array(0);

/** What a pass over a vector does. */
interface Sweep {
  readonly removed?: Float64Array;
  readonly first?: number;
  readonly multiplied: number;
}

/** Orthonormal vectors, held in float32 or float64; products with them are summed in float64. */
export class KrylovBasis {
  readonly #vectors: FloatVector[] = [];
  readonly #bank: SingleBank | undefined;
  /** Vectors in the bank: the first ones. */
  #banked = 0;
  #count = 0;

  constructor(
    readonly size: number,
    readonly storage: 'float32' | 'float64',
  ) {
    this.#bank = storage === 'float32' ? SingleBank.make(size) : undefined;
  }

  get count(): number {
    return this.#count;
  }

  /** Forgets all vectors and keeps their memory for others. */
  clear(): void {
    this.#count = this.#banked = 0;
    this.#vectors.length = 0;
  }

  /** Valid until the next one is added. */
  vector(index: number): FloatVector {
    return this.#bank && index < this.#banked ? this.#bank.view(index) : this.#vectors[index - this.#banked];
  }

  /** Adds w / length. */
  push(w: Float64Array, length: number): void {
    const vector = this.#make();
    const factor = 1 / length;
    for (let i = 0; i < w.length; i++) vector[i] = factor * w[i];
    this.#count++;
  }

  #make(): FloatVector {
    if (this.#bank && this.#banked === this.#count) {
      const vector = this.#bank.make(this.#count);
      if (vector) {
        this.#banked++;
        return vector;
      }
    }
    const vector = this.storage === 'float32' ? new Float32Array(this.size) : new Float64Array(this.size);
    this.#vectors.push(vector);
    return vector;
  }

  /** Products of w with the vectors from `first` on. */
  coefficients(w: Float64Array, first = 0): Float64Array {
    return this.#sweep(w, { multiplied: first }).products;
  }

  /** w ← w − Σ coefficients·vectors. */
  remove(w: Float64Array, coefficients: Float64Array): void {
    this.#sweep(w, { removed: coefficients, multiplied: this.#count });
  }

  /**
   * One pass over w: takes removed·vectors from it, `removed` being of the vectors from `first` on, and multiplies what is left with
   * itself and with the vectors from `multiplied` on. Each stretch of w is in the cache while all vectors pass.
   */
  #sweep(
    w: Float64Array,
    { removed = nothing, first = 0, multiplied }: Sweep,
  ): { products: Float64Array; square: number } {
    const bank = this.#bank;
    const products = new Float64Array(this.#count - multiplied);
    let square = 0;
    for (let start = 0; start < w.length; start += stretch) {
      const end = Math.min(start + stretch, w.length);
      for (let k = Math.max(0, this.#banked - first); k < removed.length; k++) {
        addRange(-removed[k], this.#vectors[first + k - this.#banked], w, start, end);
      }
      if (bank && this.#banked > 0) {
        const length = bank.load(w, start);
        const banked = Math.min(removed.length, this.#banked - first);
        for (let k = 0; k < banked; k++) bank.add(-removed[k], first + k, start, length);
        if (banked > 0) bank.save(w, start);
        for (let k = multiplied; k < this.#banked; k++)
          products[k - multiplied] += bank.dot(k, start, length);
        square += bank.square(length);
      } else square += dotRange(w, w, start, end);
      for (let k = Math.max(multiplied, this.#banked); k < this.#count; k++) {
        products[k - multiplied] += dotRange(this.#vectors[k - this.#banked], w, start, end);
      }
    }
    return { products, square };
  }

  /**
   * Takes from w its part in the span; once more where little was left, since rounding has then a share in the rest (Daniel, Gragg,
   * Kaufman and Stewart 1976). What lies along the last two vectors goes first: that is most of it in Lanczos' method, and the
   * others need no second pass for it.
   * @returns the products with the vectors, and the length of what is left
   */
  orthogonalise(w: Float64Array): { coefficients: Float64Array; length: number } {
    const first = Math.max(0, this.#count - 2);
    const last = this.coefficients(w, first);
    const { products: coefficients, square: before } = this.#sweep(w, {
      removed: last,
      first,
      multiplied: 0,
    });
    let { square } = this.#sweep(w, { removed: coefficients, multiplied: this.#count });
    if (square < before / 2) {
      const again = this.coefficients(w);
      ({ square } = this.#sweep(w, { removed: again, multiplied: this.#count }));
      for (let k = 0; k < again.length; k++) coefficients[k] += again[k];
    }
    for (let k = 0; k < last.length; k++) coefficients[first + k] += last[k];
    return { coefficients, length: Math.sqrt(square) };
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
    this.remove(
      result,
      Float64Array.from(weights, (x) => -x),
    );
    return result;
  }
}

/** Independent standard normal numbers. */
export function randomVector(generator: Generator, size: number): Float64Array {
  const { data } = normal(generator, [size], { dtype: 'float64' });
  if (!(data instanceof Float64Array)) throw new ScreeError('randomVector: the generator gave no float64');
  return data;
}

/** y ← y + factor·x, from `start` up to `end`. */
function addRange(factor: number, x: FloatVector, y: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) y[i] += factor * x[i];
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
