import type { Generator } from '../random/generator.js';

/**
 * A number of Gamma(shape, 1) as its logarithm, which does not underflow for small shapes. Marsaglia and Tsang, "A simple method
 * for generating gamma variables" (2000), from a normal number by Box and Muller; a shape below 1 by Gamma(shape + 1) · U^(1/shape).
 */
function logGamma(generator: Generator, shape: number): number {
  if (shape < 1) {
    return logGamma(generator, shape + 1) + Math.log(1 - generator.uniform()) / shape;
  }
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const radius = Math.sqrt(-2 * Math.log(1 - generator.uniform()));
    const normal = radius * Math.cos(2 * Math.PI * generator.uniform());
    const root = 1 + c * normal;
    const u = 1 - generator.uniform();
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(u) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return Math.log(d) + Math.log(v);
  }
}

/** A number of Beta(alpha, alpha), from 0 to 1. */
export function symmetricBeta(generator: Generator, alpha: number): number {
  const first = logGamma(generator, alpha);
  const second = logGamma(generator, alpha);
  return 1 / (1 + Math.exp(second - first));
}

/**
 * Mixes each row of a batch with the next: weight · row + (1 − weight) · next, in place. In a batch of shuffled rows the next is as good a
 * partner as one that is drawn, and needs no second copy of the batch.
 * @param batch [size, width]
 * @param behind the row that comes after the last, as it was before it was mixed itself
 */
export function mixWithNext(batch: Float32Array, width: number, weight: number, behind: Float32Array): void {
  const last = batch.length - width;
  const other = 1 - weight;
  for (let index = 0; index < last; index++)
    batch[index] = weight * batch[index] + other * batch[index + width];
  for (let index = 0; index < width; index++)
    batch[last + index] = weight * batch[last + index] + other * behind[index];
}
