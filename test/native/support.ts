import { describe } from 'vitest';
import { findLibrary } from '../../src/compile/native/index.js';
import type { NDArray } from '../../src/graph/index.js';

/** Tests that need a oneDNN library (`scree native install`, which `npm test` runs); skipped where there is none. */
export const hasNative = 'found' in findLibrary();
export const describeNative = hasNative ? describe : describe.skip;

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
