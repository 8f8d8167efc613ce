import { norm } from '../../linalg/index.js';
import { followCritical } from './continuation.js';
import type { LocalFunction } from './local.js';
import { short, type ReducedVerdict } from './reduced.js';
import { liftBranch } from './way-down.js';

/** Whether the branches on which g vanishes are curves of critical points. */
export function judgeFlat(
  f: LocalFunction,
  point: Float64Array,
  { flat, open, falls, rises }: ReducedVerdict,
  free: number,
  blur?: Float64Array,
): { level: boolean; open: boolean; evidence: string[] } {
  const stays = open === undefined ? [] : [open];
  if (flat.length === 0) return { level: false, open: open !== undefined, evidence: stays };
  // Both signs decide already: whether critical points go on does not matter.
  if (falls !== undefined && rises !== undefined) return { level: false, open: false, evidence: stays };
  const found = flat.map((branch) => followCritical(f, liftBranch(f, point, branch), free));
  if (found.every(({ isCritical }) => isCritical)) {
    const distance = Math.max(...found.map((one) => one.distance));
    if (blur !== undefined && distance < 100 * norm(blur)) {
      const near = `critical points were followed to a distance of ${short(distance)} only, which is no farther than the point is known`;
      return { level: false, open: true, evidence: [...stays, near] };
    }
    const gradient = Math.max(...found.map((one) => one.gradientNorm));
    const text = `critical points go on beside it, all on one level: followed by Newton's method to a distance of ${short(distance)}, where the gradient is at most ${short(gradient)}`;
    return { level: true, open: open !== undefined, evidence: [...stays, text] };
  }
  const text = 'no curve of critical points goes out from it as far as it was followed';
  return { level: false, open: true, evidence: [...stays, text] };
}
