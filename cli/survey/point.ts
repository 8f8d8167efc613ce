import { classifyCriticalPoint, mostVariables } from '../../src/curvature/point/critical-point.js';
import type { PointReport } from '../../src/curvature/point/critical-point.js';
import { classifyLargePoint } from '../../src/curvature/point/large-point.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { columnsOf } from '../terminal/live.js';
import { styleFor } from '../terminal/style.js';
import { readPoint } from '../walk/assignments.js';
import type { Ground } from '../walk/surface-argument.js';
import type { SurveyOptions } from './options.js';
import { pointLines } from './point-lines.js';

/** What a point of a formula is, and which way is down. */
export async function surveyPoint(ground: Ground, { at = '', json = false }: SurveyOptions): Promise<void> {
  const { surface } = ground;
  const point = readPoint(at, surface.variables, '--at');
  const f = (x: Tensor) => surface.evaluate(x);
  const report =
    point.length > mostVariables ? await classifyLargePoint(f, point) : classifyCriticalPoint(f, point);
  if (json) {
    process.stdout.write(`${JSON.stringify(pointJson(report))}\n`);
    return;
  }
  const look = { columns: columnsOf(process.stdout), style: styleFor(process.stdout) };
  process.stdout.write(`${pointLines(ground, report, look).join('\n')}\n`);
}

/** Every key is there: null stands for what a point does not have. */
function pointJson(report: PointReport): Record<string, unknown> {
  const { point, value, gradient, gradientNorm, hessian, eigenvalues, eigenvectors, kind, evidence } = report;
  const { singularity = null, corank = null, order = null, reducedForm = null, wayDown = null } = report;
  return {
    point,
    value,
    gradient,
    gradientNorm,
    hessian,
    eigenvalues,
    eigenvectors,
    kind,
    singularity,
    corank,
    order,
    reducedForm,
    wayDown,
    evidence,
  };
}
