/** The verdict on what the Hessian leaves open, by as many orders as it takes. */
import type { Series } from '../../transform/jet-series.js';
import type { Inertia } from './inertia.js';
import { judgeFlat } from './judge-flat.js';
import { judgeMany } from './judge-many.js';
import { judgeTwo } from './judge-two.js';
import type { LocalFunction } from './local.js';
import { judgeOne, polynomialText, short, type ReducedVerdict } from './reduced.js';
import { balanced, leadingDegree, reduce, type Splitting } from './splitting.js';

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

/** @param blur the vector by which the critical point may be elsewhere */
export function judgeKernel(
  f: LocalFunction,
  point: Float64Array,
  inertia: Inertia,
  blur?: Float64Array,
): KernelJudgement {
  const corank = inertia.kernel.length;
  if (corank > 2) return ofMany(f, point, inertia, blur);
  const ladder = corank === 1 ? orders.one : orders.two;
  let judgement: KernelJudgement | undefined;
  // What vanishes to a low order may still not vanish: before it is followed it is carried further.
  for (const order of ladder) {
    const reduction = reduce(f, point, inertia, { order, variables: corank, blur });
    const { splitting, series } = balanced(inertia, reduction.series);
    const verdict = corank === 1 ? judgeOne(series, splitting) : judgeTwo(f, point, splitting, series, blur);
    const begins = leadingDegree(series);
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
  return judgement ?? ofMany(f, point, inertia, blur);
}

function kernelText({ kernel }: Splitting): string {
  const names = ['u', 'v'];
  const axes = kernel.map((vector, k) => `${names[k]} along (${Array.from(vector, short).join(', ')})`);
  return `the Hessian's kernel: ${axes.join(', ')}`;
}

/** Beyond two coordinates. */
function ofMany(
  f: LocalFunction,
  point: Float64Array,
  inertia: Inertia,
  blur?: Float64Array,
): KernelJudgement {
  const { verdict, reducedForm, begins, free } = judgeMany(f, point, inertia, blur);
  const isLow = begins !== undefined && begins < 3;
  const flat = isLow ? { level: false, open: true, evidence: [] } : judgeFlat(f, point, verdict, free, blur);
  return { verdict, ...flat, reducedForm, evidence: [...verdict.evidence, ...flat.evidence], isLow };
}
