import { classifyCriticalPoint, mostVariables, type PointReport } from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Method, Optimizer } from '../optim/index.js';
import type { Path } from './path.js';
import { rateFinding } from './rate.js';
import type { Criterion, EndPoint, StopReason, StopReport } from './stop.js';
import type { Surface } from './surface.js';

/**
 * How far from the end of a walk the critical point may be that its small gradient is taken for: beside a degenerate one gradients
 * are small in a wide neighbourhood.
 */
const reach = 0.05;

/** What ended the walk, and what the point is: a small gradient alone is never called a minimum. */
export function stopReport(
  surface: Surface,
  optimizer: Optimizer | Method,
  path: Path,
  { reason, criterion, value, threshold, row }: Criterion,
  { tol, maximize }: { tol: number; maximize: boolean },
): StopReport {
  const ended = { reason, criterion, value, threshold };
  const isSmall = path.gradientNorm(row) <= tol;
  const known = classified(surface, path, row, isSmall);
  if (typeof known === 'string') {
    return { ...ended, point: { kind: isSmall ? 'unknown' : 'regular', evidence: [known] } };
  }
  const point = endPoint(known, maximize);
  if (reason === 'gradient') return { ...ended, reason: reasonOf(known), point };
  const rate =
    'steps' in optimizer ? undefined : rateFinding(optimizer, path, row, known.eigenvalues, maximize);
  return { ...ended, ...(reason === 'stepLimit' ? rate?.ended : {}), point, advice: rate?.advice };
}

function reasonOf({ kind, corank = 0 }: PointReport): StopReason {
  if (kind === 'minimum' || kind === 'maximum' || kind === 'saddle') return kind;
  // Of a point that is unknown it may be known that the Hessian does not decide.
  return kind === 'regular' || (kind === 'unknown' && corank === 0) ? 'gradient' : 'degenerate';
}

/** What the point of a row is, or why that cannot be said. A gradient above the tolerance counts as zero only where rounding made it. */
function classified({ evaluate }: Surface, path: Path, row: number, isSmall: boolean): PointReport | string {
  const point = path.point(row);
  if (!point.every(Number.isFinite) || !Number.isFinite(path.gradientNorm(row))) {
    return 'the point or its gradient is not finite';
  }
  if (point.length > mostVariables) return `${point.length} variables: no Hessian beyond ${mostVariables}`;
  try {
    return classifyCriticalPoint((x: Tensor) => evaluate(x), point, { reach: isSmall ? reach : 0 });
  } catch (error) {
    // Outside of the domain, or of what power series are made of.
    if (error instanceof ScreeError) return error.message;
    throw error;
  }
}

/** The part of the verdict that is of interest at the end of a walk. */
function endPoint({ kind, singularity, order, wayDown, evidence }: PointReport, maximize: boolean): EndPoint {
  const isCritical = kind !== 'regular' && kind !== 'unknown';
  return {
    kind,
    ...(singularity === undefined || kind === 'regular' ? {} : { singularity }),
    ...(order === undefined ? {} : { order }),
    ...(wayDown === undefined || !isCritical || maximize ? {} : { wayDown }),
    evidence,
  };
}
