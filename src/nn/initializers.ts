import type { TypedArray } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import { normal, truncatedNormal as drawTruncated, uniform, type Generator } from '../random/index.js';

/**
 * PyTorch's default for the weights and biases of dense and convolution layers: uniform in ±1/√fanIn. For weights that is
 * `kaiming_uniform_` with a = √5 (He et al. 2015, "Delving deep into rectifiers", with the gain √(2 / (1 + a²)) = √⅓).
 * @param fanIn numbers that one output is computed from
 * @returns a float32 array of `shape`
 */
export function fanInUniform(generator: Generator, shape: Shape, fanIn: number): NDArray {
  if (!(fanIn >= 1) || sizeOf(shape) === 0) {
    throw new ScreeError(`fanInUniform: ${showShape(shape)} with fan-in ${fanIn} has nothing to initialise`);
  }
  const bound = 1 / Math.sqrt(fanIn);
  return uniform(generator, shape, { low: -bound, high: bound });
}

/** How many numbers one output is computed from, and how many outputs one input goes into. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Draws the float32 weights of a layer: dense [inputs, outputs], convolution [outputs, channels/groups, ...kernel]. */
export type Initializer = (generator: Generator, shape: Shape, fans: Fans) => NDArray;

export interface HeOptions {
  /** Which count keeps its variance: the activations' (`in`, the default) or the gradients' (`out`). */
  readonly fan?: 'in' | 'out';
}

/** N(0, 2/fan), which keeps the variance through ReLU (He et al. 2015, eq. 10 and 14). */
export function heNormal({ fan = 'in' }: HeOptions = {}): Initializer {
  return (generator, shape, fans) => normal(generator, shape, { std: Math.sqrt(2 / count(fan, fans)) });
}

/** Uniform in ±√(6/fan): the variance of `heNormal`. */
export function heUniform({ fan = 'in' }: HeOptions = {}): Initializer {
  return (generator, shape, fans) => symmetric(generator, shape, Math.sqrt(6 / count(fan, fans)));
}

/** N(0, 2/(fanIn + fanOut)) (Glorot & Bengio 2010, eq. 12). */
export function glorotNormal(): Initializer {
  return (generator, shape, { fanIn, fanOut }) =>
    normal(generator, shape, { std: Math.sqrt(2 / (fanIn + fanOut)) });
}

/** Uniform in ±√(6/(fanIn + fanOut)) (Glorot & Bengio 2010, eq. 16). */
export function glorotUniform(): Initializer {
  return (generator, shape, { fanIn, fanOut }) =>
    symmetric(generator, shape, Math.sqrt(6 / (fanIn + fanOut)));
}

/** N(0, std²); 0.02 by default, as GPT-2 has it. */
export function normalWeights({ std = 0.02 }: { readonly std?: number } = {}): Initializer {
  return (generator, shape) => normal(generator, shape, { std });
}

/** N(0, std²) with what lies beyond two standard deviations drawn again. */
export function truncatedNormalWeights({ std = 0.02 }: { readonly std?: number } = {}): Initializer {
  return (generator, shape) => drawTruncated(generator, shape, { std });
}

/**
 * A random orthogonal matrix times `gain` (Saxe, McClelland & Ganguli 2014), uniform over them all: Gram and Schmidt's method,
 * twice against rounding, on normal vectors. The weights count as a matrix of their first axis by all others, and the fewer of
 * its rows and columns become orthonormal.
 */
export function orthogonal({ gain = 1 }: { readonly gain?: number } = {}): Initializer {
  return (generator, shape) => {
    const rows = shape[0];
    const columns = sizeOf(shape) / rows;
    const count = Math.min(rows, columns);
    const length = Math.max(rows, columns);
    const vectors = normal(generator, [count, length], { dtype: 'float64' }).data;
    for (let i = 0; i < count; i++) {
      const vector = vectors.subarray(i * length, (i + 1) * length);
      for (let pass = 0; pass < 2; pass++) {
        for (let j = 0; j < i; j++) {
          const other = vectors.subarray(j * length, (j + 1) * length);
          addMultiple(vector, other, -dot(vector, other));
        }
      }
      const norm = Math.sqrt(dot(vector, vector));
      for (let k = 0; k < length; k++) vector[k] /= norm;
    }
    const data = Float32Array.from(vectors, (_, index) => {
      if (rows <= columns) return gain * vectors[index];
      return gain * vectors[(index % columns) * length + Math.floor(index / columns)];
    });
    return { data, shape, dtype: 'float32' };
  };
}

function count(fan: 'in' | 'out', { fanIn, fanOut }: Fans): number {
  return fan === 'in' ? fanIn : fanOut;
}

function symmetric(generator: Generator, shape: Shape, bound: number): NDArray {
  return uniform(generator, shape, { low: -bound, high: bound });
}

function dot(x: TypedArray, y: TypedArray): number {
  let total = 0;
  for (let k = 0; k < x.length; k++) total += x[k] * y[k];
  return total;
}

function addMultiple(x: TypedArray, y: TypedArray, factor: number): void {
  for (let k = 0; k < x.length; k++) x[k] += factor * y[k];
}
