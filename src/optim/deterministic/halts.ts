import type { Halt } from './method.js';

/** The halt of a gradient that counts as zero. */
export function zeroGradient(value: number, threshold: number): Halt {
  return { reason: 'gradient', criterion: 'largest component of the gradient', value, threshold };
}

/** The halt of steps so short that no coordinate changes. */
export function tooShort(value: number, threshold: number): Halt {
  return { reason: 'step', criterion: 'length of the step', value, threshold };
}
