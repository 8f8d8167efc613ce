import { simdKernels, LANES, type SimdKernels } from './simd.js';
import { dot } from './vectors.js';

/** Vectors of one length, side by side in one memory, with the loops that a limited-memory method spends its time in. */
export interface VectorBank {
  /** Vector k, in place. */
  view(k: number): Float64Array;
  /** The product of vectors j and k. */
  dot(j: number, k: number): number;
  /** vector y ← scale·y + factor·x; returns its product with vector w. */
  combine(factor: number, x: number, scale: number, y: number, w: number): number;
}

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 65536;
/** The most that WebAssembly addresses. */
const MOST_BYTES = 2 ** 32 - PAGE;
/** Shorter vectors are not worth a memory of their own. */
const SHORT = 64;

/** `count` vectors of `n` zeros. WebAssembly where it is there and worth it, JavaScript elsewhere: they differ by rounding. */
export function vectorBank(count: number, n: number): VectorBank {
  const stride = Math.ceil(n / LANES) * LANES;
  const bytes = 8 * stride * count;
  const kernels = n >= SHORT && bytes <= MOST_BYTES ? simdKernels() : undefined;
  if (kernels === undefined) return plainBank(count, n);
  // A memory that cannot grow so far says so by an error.
  try {
    kernels.memory.grow(Math.ceil(bytes / PAGE));
  } catch {
    return plainBank(count, n);
  }
  return simdBank(kernels, count, n, stride);
}

function simdBank(kernels: SimdKernels, count: number, n: number, stride: number): VectorBank {
  const views = Array.from(
    { length: count },
    (_, k) => new Float64Array(kernels.memory.buffer, 8 * stride * k, n),
  );
  const address = (k: number): number => 8 * stride * k;
  return {
    view: (k) => views[k],
    dot: (j, k) => kernels.dot(address(j), address(k), stride),
    combine: (factor, x, scale, y, w) =>
      kernels.combine(factor, address(x), scale, address(y), address(w), stride),
  };
}

/** The same in JavaScript. */
export function plainBank(count: number, n: number): VectorBank {
  const views = Array.from({ length: count }, () => new Float64Array(n));
  return {
    view: (k) => views[k],
    dot: (j, k) => dot(views[j], views[k]),
    combine: (factor, x, scale, y, w) => combine(factor, views[x], scale, views[y], views[w]),
  };
}

function combine(factor: number, x: Float64Array, scale: number, y: Float64Array, w: Float64Array): number {
  const n = y.length;
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < n; i += 2) {
    const a = scale * y[i] + factor * x[i];
    const b = scale * y[i + 1] + factor * x[i + 1];
    y[i] = a;
    y[i + 1] = b;
    even += a * w[i];
    odd += b * w[i + 1];
  }
  if (i < n) even += (y[i] = scale * y[i] + factor * x[i]) * w[i];
  return even + odd;
}
