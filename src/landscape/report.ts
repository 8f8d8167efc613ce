import { compile } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import { classifyCriticalPoint, classifyPoint } from '../curvature/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import type { Method, Optimizer } from '../optim/index.js';
import { hessian, valueAndGrad } from '../transform/index.js';
import type { Path } from './path.js';
import { rateFinding } from './rate.js';
import type { Criterion, PointReport, StopReason, StopReport } from './stop.js';
import type { Surface } from './surface.js';

/** Variables up to which a Hessian is computed to say what a point is. */
const largestHessian = 200;

const plain = (value: number): string => Number(value.toPrecision(4)).toString();

/** What ended the walk, and what the point is: a small gradient alone is never called a minimum. */
export function stopReport(
  surface: Surface,
  optimizer: Optimizer | Method,
  path: Path,
  { reason, criterion, value, threshold, row }: Criterion,
  { tol, maximize }: { tol: number; maximize: boolean },
): StopReport {
  const point = Array.from(path.point(row));
  const norm = path.gradientNorm(row);
  const ended = { reason, criterion, value, threshold };
  const usable = point.every(Number.isFinite) && Number.isFinite(norm) && point.length <= largestHessian;
  if (!usable) {
    const why =
      point.length > largestHessian
        ? `${point.length} variables: no Hessian beyond ${largestHessian}`
        : 'the point or its gradient is not finite';
    return { ...ended, point: { kind: norm <= tol ? 'unknown' : 'regular', evidence: [why] } };
  }
  const curvature = curvatureAt(surface, point, tol);
  const isCritical = norm <= Math.max(tol, curvature.floor);
  const first = isCritical ? criticalPoint(curvature, norm) : regularPoint(norm, tol, curvature.floor);
  const report = first.kind === 'degenerate' ? higherOrders(surface, point, first) : first;
  if (reason === 'gradient') return { ...ended, reason: reasonOf(report.kind), point: report };
  const rate =
    'steps' in optimizer ? undefined : rateFinding(optimizer, path, row, curvature.eigenvalues, maximize);
  return { ...ended, ...(reason === 'stepLimit' ? rate?.ended : {}), point: report, advice: rate?.advice };
}

function reasonOf(kind: PointReport['kind']): StopReason {
  if (kind === 'regular' || kind === 'unknown') return 'gradient';
  return kind === 'minimum' || kind === 'maximum' || kind === 'saddle' ? kind : 'degenerate';
}

/** Variables up to which power series are taken of a point where a walk ended. */
const mostForSeries = 20;
/** How far from there the degenerate point may be: gradients are small in a wide neighbourhood of it. */
const degenerateReach = 0.05;

/** What higher orders say of a point that the Hessian leaves open; the first report where they say nothing. */
function higherOrders({ evaluate }: Surface, point: readonly number[], first: PointReport): PointReport {
  if (point.length > mostForSeries) return first;
  try {
    const report = classifyCriticalPoint((x: Tensor) => evaluate(x), point, { reach: degenerateReach });
    const isDegenerate = (report.corank ?? 0) > 0 && report.kind !== 'unknown';
    if (!isDegenerate) return first;
    const name = report.singularity === undefined ? [] : [`singularity ${report.singularity}`];
    return { kind: report.kind, evidence: [...name, ...report.evidence] };
  } catch (error) {
    if (error instanceof ScreeError) return first;
    throw error;
  }
}

function regularPoint(norm: number, tol: number, floor: number): PointReport {
  const limit = Math.max(tol, floor);
  return { kind: 'regular', evidence: [`norm of the gradient ${plain(norm)} > ${plain(limit)}`] };
}

interface Curvature {
  readonly kind: PointReport['kind'];
  readonly eigenvalues: readonly number[];
  readonly evidence: readonly string[];
  /** Norm of the gradient after one Newton step: far smaller near a point whose Hessian decides, hardly so near others. */
  readonly newtonNorm: number;
  /** Norm below which a gradient is rounding. */
  readonly floor: number;
}

function curvatureAt({ evaluate }: Surface, point: readonly number[], tol: number): Curvature {
  const size = point.length;
  const f = (x: Tensor) => evaluate(x);
  const x = ndarray(Float64Array.from(point));
  const second = compile((at: Tensor) => hessian(f)(at), [float64(size)]).run(x).data;
  const first = compile(valueAndGrad(f), [float64(size)]);
  const gradient = first.run(x).gradient.data;
  const norm = Math.hypot(...gradient);
  const { kind, eigenvalues, eigenvectors, evidence } = classifyPoint({
    gradientNorm: norm,
    hessian: Float64Array.from(second),
    // Whether the gradient is small is for the walk's tolerance to say.
    gradientTolerance: Math.max(norm, tol),
    // How the Hessian changes on the way to the critical point is seen by a Newton step below.
    hessianLipschitz: 0,
  });
  const largest = Math.max(...eigenvalues.map(Math.abs));
  const floor = 100 * Number.EPSILON * largest * (1 + Math.hypot(...point));
  const next = newtonPoint(point, gradient, eigenvalues, eigenvectors);
  const newtonNorm = Math.hypot(...first.run(ndarray(next)).gradient.data);
  return { kind, eigenvalues, evidence, newtonNorm, floor };
}

/** x − H⁻¹g by the eigenvectors (rows), without the directions in which H is zero. */
function newtonPoint(
  point: readonly number[],
  gradient: ArrayLike<number>,
  eigenvalues: readonly number[],
  eigenvectors: readonly ArrayLike<number>[],
): Float64Array {
  const next = Float64Array.from(point);
  eigenvalues.forEach((eigenvalue, k) => {
    if (eigenvalue === 0) return;
    const vector = eigenvectors[k];
    let along = 0;
    for (let i = 0; i < next.length; i++) along += vector[i] * gradient[i];
    for (let i = 0; i < next.length; i++) next[i] -= (along / eigenvalue) * vector[i];
  });
  return next;
}

/**
 * Close to a point where the Hessian is singular its eigenvalues are small but not zero, and their signs say nothing of the
 * point itself: x² + y³ looks like a minimum from y > 0. There a Newton step takes only a part of the way (half for a cubic),
 * while near a point that the Hessian decides it takes all of it.
 */
function criticalPoint({ kind, evidence, newtonNorm, floor }: Curvature, norm: number): PointReport {
  if (kind === 'regular') return { kind: 'unknown', evidence };
  if (kind === 'degenerate' || norm <= floor) return { kind, evidence };
  const decided = newtonNorm <= Math.max(0.1 * norm, floor);
  const step = `a Newton step leaves ${plain(newtonNorm)} of the gradient's ${plain(norm)}`;
  return decided
    ? { kind, evidence: [...evidence, `${step}: the critical point is next to it, with the same signs`] }
    : { kind: 'degenerate', evidence: [...evidence, `${step}: the Hessian is singular nearby`] };
}
