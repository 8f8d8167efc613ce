import { ScreeError } from '../../src/graph/errors.js';
import type { SurveyOptions } from './options.js';

export const planeKinds = ['random', 'trajectory'] as const;
export type PlaneKind = (typeof planeKinds)[number];

/** The kind of plane that was asked for: --plane alone is a random one. */
export function planeKind({ plane }: SurveyOptions): PlaneKind | undefined {
  if (plane === undefined || plane === false) return undefined;
  if (plane === true) return 'random';
  const kind = planeKinds.find((one) => one === plane);
  if (kind === undefined) {
    throw new ScreeError(`survey: there is no plane '${plane}'; take ${planeKinds.join(' or ')}`);
  }
  return kind;
}

/** Throws for a count that is none. */
export function checkCounts(options: SurveyOptions): void {
  const checks = [
    ['top', options.top, 0],
    ['bottom', options.bottom, 0],
    ['samples', options.samples, 1],
    ['batch', options.batch, 1],
    ['steps', options.steps, 1],
    ['size', options.size, 2],
  ] as const;
  for (const [name, value, least] of checks) {
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
      throw new ScreeError(`survey: --${name} ${value} must be a whole number from ${least}`);
    }
  }
}
