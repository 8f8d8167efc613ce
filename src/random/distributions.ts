import { allocate } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Generator } from './generator.js';
import { toFloat32, toFloat64 } from './philox.js';

/** What random numbers can be drawn as. */
export type FloatDType = 'float32' | 'float64';

const scratch = new Uint32Array(1024);

/** Calls `use(words, first, count)` for `total` items of `wordsEach` words, in chunks of the scratch buffer. */
function inChunks(
  generator: Generator,
  total: number,
  wordsEach: number,
  use: (words: Uint32Array, first: number, count: number) => void,
): void {
  const chunk = scratch.length / wordsEach;
  for (let first = 0; first < total; first += chunk) {
    const count = Math.min(chunk, total - first);
    const words = scratch.subarray(0, count * wordsEach);
    generator.words(words);
    use(words, first, count);
  }
}

/**
 * Uniform numbers in [low, high); float32 has 24 random bits, float64 53. Rounding may give `high` itself when
 * the range is not [0, 1).
 * @returns an array of `shape`
 */
export function uniform(
  generator: Generator,
  shape: Shape,
  { low = 0, high = 1, dtype = 'float32' }: { low?: number; high?: number; dtype?: FloatDType } = {},
): NDArray {
  if (!Number.isFinite(high - low) || high < low) {
    throw new ScreeError(`uniform: the range from ${low} to ${high} must be finite, with low first`);
  }
  const data = allocate(dtype, sizeOf(shape));
  const width = high - low;
  inChunks(generator, data.length, dtype === 'float32' ? 1 : 2, (words, first, count) => {
    for (let index = 0; index < count; index++) {
      const unit =
        dtype === 'float32' ? toFloat32(words[index]) : toFloat64(words[2 * index], words[2 * index + 1]);
      data[first + index] = low + width * unit;
    }
  });
  return { data, shape, dtype };
}

function requireNormal(operation: string, mean: number, std: number): void {
  if (!Number.isFinite(mean) || !Number.isFinite(std) || std < 0) {
    throw new ScreeError(`${operation}: mean ${mean} and std ${std} must be finite, std not negative`);
  }
}

/**
 * Normal numbers by Box and Muller (1958), two from each Philox block (53-bit uniforms, |z| ≤ 8.6); an odd last one
 * wastes its partner. The float32 numbers are the float64 ones rounded. The same seed gives the same bits wherever
 * Math.log, Math.sin and Math.cos agree: every V8 build does, whatever the processor.
 * @returns an array of `shape`
 */
export function normal(
  generator: Generator,
  shape: Shape,
  { mean = 0, std = 1, dtype = 'float32' }: { mean?: number; std?: number; dtype?: FloatDType } = {},
): NDArray {
  requireNormal('normal', mean, std);
  const data = allocate(dtype, sizeOf(shape));
  inChunks(generator, Math.ceil(data.length / 2), 4, (words, first, count) => {
    for (let pair = 0; pair < count; pair++) {
      // 1 - u lies in (0, 1]: the logarithm is finite.
      const u = toFloat64(words[4 * pair], words[4 * pair + 1]);
      const angle = 2 * Math.PI * toFloat64(words[4 * pair + 2], words[4 * pair + 3]);
      const radius = std * Math.sqrt(-2 * Math.log(1 - u));
      const index = 2 * (first + pair);
      data[index] = mean + radius * Math.cos(angle);
      // Past the end of an odd array a typed array ignores the write.
      data[index + 1] = mean + radius * Math.sin(angle);
    }
  });
  return { data, shape, dtype };
}

/**
 * Normal numbers within `bound` standard deviations of the mean, by redrawing the others.
 * The standard deviation of the result is smaller than `std`: 0.8796 of it for the default bound. It must be at least 0.1:
 * below that nearly every number would be redrawn.
 * @returns an array of `shape`
 */
export function truncatedNormal(
  generator: Generator,
  shape: Shape,
  {
    mean = 0,
    std = 1,
    bound = 2,
    dtype = 'float32',
  }: { mean?: number; std?: number; bound?: number; dtype?: FloatDType } = {},
): NDArray {
  requireNormal('truncatedNormal', mean, std);
  if (!(bound >= 0.1)) throw new ScreeError(`truncatedNormal: bound ${bound} must be at least 0.1`);
  const data = allocate(dtype, sizeOf(shape));
  let filled = 0;
  while (filled < data.length) {
    const draws = normal(generator, [data.length - filled], { dtype: 'float64' }).data;
    for (const draw of draws) if (Math.abs(draw) <= bound) data[filled++] = mean + std * draw;
  }
  return { data, shape, dtype };
}

/**
 * Integers in [low, high), each as likely as the other: see {@link Generator.integer}.
 * @returns an int32 array of `shape`
 */
export function integers(generator: Generator, shape: Shape, low: number, high: number): NDArray {
  if (low < -(2 ** 31) || high > 2 ** 31) {
    throw new ScreeError(
      `integers: range [${low}, ${high}) does not fit int32, which holds -2^31 to 2^31 - 1`,
    );
  }
  const data = new Int32Array(sizeOf(shape));
  for (let index = 0; index < data.length; index++) data[index] = generator.integer(low, high);
  return { data, shape, dtype: 'int32' };
}

/**
 * A mask whose elements are 1 with `probability` (kept to 2⁻³³), else 0; takes one word an element.
 * @returns a bool array of `shape`
 */
export function bernoulli(generator: Generator, shape: Shape, probability: number): NDArray {
  if (!(probability >= 0 && probability <= 1)) {
    throw new ScreeError(`bernoulli: probability ${probability} must lie between 0 and 1`);
  }
  const data = new Uint8Array(sizeOf(shape));
  const threshold = Math.round(probability * 2 ** 32);
  inChunks(generator, data.length, 1, (words, first, count) => {
    for (let index = 0; index < count; index++) data[first + index] = words[index] < threshold ? 1 : 0;
  });
  return { data, shape, dtype: 'bool' };
}

/**
 * The integers 0 … size − 1 in random order, every order as likely (Fisher and Yates, Durstenfeld's form).
 * @throws ScreeError when size is not an integer from 0 to 2³¹
 */
export function permutation(generator: Generator, size: number): Int32Array {
  if (!Number.isInteger(size) || size < 0 || size > 2 ** 31) {
    throw new ScreeError(`permutation: size ${size} is not an integer from 0 to 2^31`);
  }
  const order = new Int32Array(size);
  for (let index = 0; index < size; index++) order[index] = index;
  for (let last = size - 1; last > 0; last--) {
    const other = generator.integer(0, last + 1);
    const swapped = order[last];
    order[last] = order[other];
    order[other] = swapped;
  }
  return order;
}
