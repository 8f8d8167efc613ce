/** The verdict on what the Hessian leaves open, by as many orders as it takes. */
import { Generator, normal as normalNumbers } from '../../random/index.js';
import type { Series } from '../../transform/jet-series.js';
import { followCritical } from './continuation.js';
import type { Inertia } from './inertia.js';
import { judgeTwo } from './judge-two.js';
import { norm } from '../../linalg/index.js';
import type { LocalFunction } from './local.js';
import { judgeOne, polynomialText, short, type Branch, type ReducedVerdict } from './reduced.js';
import { balanced, leadingDegree, polynomialCurve, reduce, type Splitting } from './splitting.js';
import { liftBranch } from './way-down.js';

export interface KernelJudgement {
  readonly verdict: ReducedVerdict;
  /** Critical points go on beside the point. */
  readonly level: boolean;
  /** Whether something stayed undecided. */
  readonly open: boolean;
  readonly reducedForm?: string;
  readonly evidence: readonly string[];
  /** The reduced function, and the coordinates it is in. */
  readonly series?: Series;
  readonly splitting?: Splitting;
  /** Whether it begins below order 3: the point is not yet the critical one. */
  readonly isLow: boolean;
}

/** Orders to which the reduced function is carried, one after the other, for one and for two coordinates. */
const orders = { one: [12, 30, 64], two: [12, 24] };
const raysOrder = 12;

/** @param blur the vector by which the critical point may be elsewhere */
export function judgeKernel(
  f: LocalFunction,
  point: Float64Array,
  inertia: Inertia,
  blur?: Float64Array,
): KernelJudgement {
  const corank = inertia.kernel.length;
  if (corank > 2) return judgeRays(f, point, inertia, blur);
  const ladder = corank === 1 ? orders.one : orders.two;
  let judgement: KernelJudgement | undefined;
  for (const order of ladder) {
    const reduction = reduce(f, point, inertia, { order, variables: corank, blur });
    const { splitting, series } = balanced(inertia, reduction.series);
    const verdict = corank === 1 ? judgeOne(series, splitting) : judgeTwo(f, point, splitting, series, blur);
    const begins = leadingDegree(series);
    // What vanishes to a low order may still not vanish: before it is followed it is carried further.
    if (begins === undefined && order === ladder[0]) continue;
    const flat = judgeFlat(f, point, verdict, begins === undefined ? corank : 1, blur);
    judgement = {
      verdict,
      ...flat,
      reducedForm: polynomialText(series, begins === undefined ? order : verdict.order),
      evidence: [kernelText(splitting), ...verdict.evidence, ...flat.evidence],
      series,
      splitting,
      isLow: begins !== undefined && begins < 3,
    };
    if (!judgement.open || verdict.isBlurred) break;
  }
  return judgement ?? judgeRays(f, point, inertia, blur);
}

function kernelText({ kernel }: Splitting): string {
  const names = ['u', 'v'];
  const axes = kernel.map((vector, k) => `${names[k]} along (${Array.from(vector, short).join(', ')})`);
  return `the Hessian's kernel: ${axes.join(', ')}`;
}

/** Whether the branches on which g vanishes are curves of critical points. */
function judgeFlat(
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

/** Beyond two coordinates: what rays of the kernel show. Both signs are a proof of a saddle; the rest is not. */
function judgeRays(
  f: LocalFunction,
  point: Float64Array,
  inertia: Inertia,
  blur?: Float64Array,
): KernelJudgement {
  const corank = inertia.kernel.length;
  const generator = new Generator(7).fork('rays');
  const rays: number[][] = inertia.kernel.map((_, k) => inertia.kernel.map((__, c) => Number(c === k)));
  for (let k = 0; k < 16 + 2 * corank; k++) {
    const ray = Array.from(normalNumbers(generator, [corank], { dtype: 'float64' }).data);
    const length = Math.hypot(...ray);
    rays.push(ray.map((value) => value / length));
  }
  const verdicts = rays.map((ray) => {
    const curve = polynomialCurve(ray.map((value) => [0, value]));
    const { series } = reduce(f, point, inertia, { order: raysOrder, variables: 1, curve, blur });
    const verdict = judgeOne(series, inertia);
    const along = (branch: Branch | undefined): Branch | undefined =>
      branch && {
        ...branch,
        coefficients: ray.map((value) => [0, value * branch.coefficients[0][1]]),
      };
    const flat = verdict.flat.flatMap((branch) => along(branch) ?? []);
    return { ...verdict, falls: along(verdict.falls), rises: along(verdict.rises), flat };
  });
  const steepest = (side: 'falls' | 'rises') =>
    verdicts.filter((one) => one[side] !== undefined).sort((a, b) => a.order - b.order)[0]?.[side];
  const [falls, rises] = [steepest('falls'), steepest('rises')];
  const flat = verdicts.flatMap((one) => one.flat).slice(0, 24);
  const counts = (side: 'falls' | 'rises') => verdicts.filter((one) => one[side] !== undefined).length;
  const evidence = [
    `${corank} directions are left open: singularities are named for up to 2`,
    `of ${rays.length} lines through the point in them, ${counts('rises')} rise and ${counts('falls')} fall to one side at least, by orders up to ${raysOrder}`,
  ];
  const order = Math.min(...verdicts.map((one) => one.order));
  const verdict: ReducedVerdict = { order, falls, rises, flat, evidence };
  const isLow = order < 3;
  if (falls !== undefined && rises !== undefined && !isLow)
    return { verdict, level: false, open: false, evidence, isLow };
  const isFlat = verdicts.every((one) => one.flat.length > 0);
  if (!isFlat) {
    return { verdict, level: false, open: true, evidence, isLow };
  }
  const follow = judgeFlat(f, point, verdict, corank, blur);
  return { verdict, ...follow, reducedForm: '0', isLow: false, evidence: [...evidence, ...follow.evidence] };
}
