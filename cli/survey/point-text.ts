import type { PointReport } from '../../src/curvature/point/critical-point.js';
import { numberText } from '../../src/landscape/draw-text.js';

/** Numbers of a vector that are shown. */
export const mostEntries = 6;

/** `degenerate saddle (D4−)`. */
export function kindText({ kind, singularity }: Pick<PointReport, 'kind' | 'singularity'>): string {
  const name = kind.replace('-', ' ');
  return singularity === undefined || singularity === 'A1' ? name : `${name} (${singularity})`;
}

/** Which way f falls from the point, and how far. */
export function wayText(
  { kind, wayDown }: Pick<PointReport, 'kind' | 'wayDown'>,
  variables: readonly string[],
): string {
  if (wayDown === undefined) {
    if (kind === 'minimum' || kind === 'degenerate-minimum') return 'none: it is a minimum';
    return kind === 'valley' ? 'none: the valley is the lowest around' : 'none is known';
  }
  const { direction, curve, until, decrease } = wayDown;
  const fall = `f falls by ${numberText(decrease, 4)}`;
  if (curve !== undefined) {
    const parts = curve.text.slice(0, mostEntries).map((text, i) => `${variables[i]} = ${text}`);
    const rest = curve.text.length > parts.length ? ', …' : '';
    return `${parts.join(', ')}${rest}: ${fall} until t = ${numberText(until)}`;
  }
  const entries = (direction ?? []).slice(0, mostEntries).map((entry) => numberText(entry, 4));
  const rest = (direction ?? []).length > entries.length ? ', …' : '';
  return `along (${entries.join(', ')}${rest}): ${fall} within ${numberText(until)}`;
}
