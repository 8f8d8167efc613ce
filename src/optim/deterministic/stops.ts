import type { Stop } from './method.js';

/** The stop at a gradient that counts as zero. */
export function zeroGradient(value: number, threshold: number): Stop {
  return { reason: 'gradient', criterion: 'largest component of the gradient', value, threshold };
}

/** The stop at steps so short that no coordinate changes. */
export function tooShort(value: number, threshold: number): Stop {
  return { reason: 'step', criterion: 'length of the step', value, threshold };
}

/** The stop at a point where a derivative is not finite, which the function itself may still be. */
export function undefinedDerivative(name: string, entries: Float64Array): Stop | undefined {
  const value = entries.find((entry) => !Number.isFinite(entry));
  if (value === undefined) return undefined;
  return { reason: 'domain', criterion: `entry of the ${name}`, value, threshold: Infinity };
}
