import { afterAll, beforeAll, describe } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { findLibrary } from '../../src/compile/native/index.js';
import type { NDArray, Tensor } from '../../src/graph/index.js';

/** Tests that need a oneDNN library (`scree native install`, which `npm test` runs); skipped where there is none. */
export const hasNative = 'found' in findLibrary();
export const describeNative = hasNative ? describe : describe.skip;

/** Lets the programs of a file's tests share a worker thread: one that stays open keeps it. */
export function keepWorker(): void {
  let keeper: { close(): void } | undefined;
  beforeAll(async () => {
    if (!hasNative) return;
    const type = { shape: [64, 64], dtype: 'float32' } as const;
    keeper = await compile((x: Tensor) => x.matmul(x), [type], { target: 'native' });
  });
  afterAll(() => keeper?.close());
}

/** ‖actual − expected‖ / ‖expected‖. */
export function relativeError(actual: NDArray, expected: NDArray): number {
  let error = 0;
  let norm = 0;
  expected.data.forEach((value, index) => {
    error += (actual.data[index] - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(error) / Math.max(Math.sqrt(norm), 1e-30);
}
