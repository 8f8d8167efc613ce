import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';

/** Throws unless an option of a layer is a positive integer. */
export function requireCount(layer: string, option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new ScreeError(`${layer}: ${option} must be a positive integer, not ${value}`);
  }
}

/** A window for people: `3×5`, or `5×5` for one number that stands for all axes. */
export function showWindow(window: number | Shape): string {
  return typeof window === 'number' ? `${window}×${window}` : window.join('×');
}
