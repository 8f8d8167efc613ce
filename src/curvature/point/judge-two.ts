/**
 * The verdict on a reduced function of two coordinates.
 *
 * A leading form of odd degree takes both signs. One of even degree decides where it has one sign alone, or both; along a root
 * line of even multiplicity it says nothing, and the next orders are looked at there: the double roots by following the curve
 * on which the derivative across the line vanishes, those of higher multiplicity by the first edge of Newton's polygon.
 * Three-jets are classified as in Arnold, Gusein-Zade, Varchenko I, §16.2 (the determinator of singularities).
 */
import type { Series } from '../../transform/jet-series.js';
import {
  cubicRoots,
  evaluateForm,
  extremesOf,
  formOf,
  type Direction,
  type MultipleRoot,
} from './binary-form.js';
import { hasDistinctRoots } from './complex-roots.js';
import type { LocalFunction } from './local.js';
import { formLeads } from './dominance.js';
import { newtonEdge, pairLeads } from './newton-edge.js';
import { blurred, short, type Branch, type ReducedVerdict } from './reduced.js';
import { isZero, leadingDegree, reduce, type Splitting } from './splitting.js';
import { alongDoubleLine } from './double-line.js';

/** g in coordinates whose second axis is a multiple root line of its leading form. */
export interface Turned {
  readonly series: Series;
  readonly splitting: Splitting;
  readonly multiplicity: number;
}

export function judgeTwo(
  f: LocalFunction,
  point: ArrayLike<number>,
  splitting: Splitting,
  series: Series,
  blur?: Float64Array,
): ReducedVerdict {
  const { order: carried } = series.space;
  const degree = leadingDegree(series);
  const ray = ([u, v]: Direction, exponent: number | undefined): Branch => ({
    splitting,
    coefficients: [
      [0, u],
      [0, v],
    ],
    degree: exponent,
  });
  if (degree === undefined) {
    const around = Array.from({ length: 8 }, (_, k) => {
      const angle = (k * Math.PI) / 4;
      return ray([Math.cos(angle), Math.sin(angle)], undefined);
    });
    const evidence = [`the reduced function vanishes up to order ${carried}`];
    return { order: carried, flat: around, evidence };
  }
  if (!formLeads(series, degree)) return blurred(degree);
  const turn = (root: MultipleRoot): Turned => turned(f, point, splitting, series, degree, root, blur);
  const form = formOf(series, degree);
  if (degree % 2 === 1) {
    const { lowest, highest } = extremesOf(form);
    const down: Direction =
      -highest.value < lowest.value ? [-highest.direction[0], -highest.direction[1]] : lowest.direction;
    const up: Direction = [-down[0], -down[1]];
    const sort = degree === 3 ? nameCubic(series, turn) : { order: degree, evidence: [] };
    const evidence = [
      `the reduced function begins with a form of degree ${degree}, which takes both signs`,
      ...sort.evidence,
    ];
    return { ...sort, falls: ray(down, degree), rises: ray(up, degree), flat: [], evidence };
  }
  return judgeEven(series, degree, ray, turn);
}

function judgeEven(
  series: Series,
  degree: number,
  ray: (direction: Direction, degree: number) => Branch,
  turn: (root: MultipleRoot) => Turned,
): ReducedVerdict {
  const form = formOf(series, degree);
  const { lowest, highest, touching, isOpen } = extremesOf(form);
  const [low, high] = [lowest, highest].map(({ direction }) => evaluateForm(form, direction));
  const falls = low.value < -low.bound ? ray(lowest.direction, degree) : undefined;
  const rises = high.value > high.bound ? ray(highest.direction, degree) : undefined;
  const singularity = degree === 4 && hasDistinctRoots(form) ? 'X9' : undefined;
  const begins = `the reduced function begins with a form of degree ${degree}`;
  const range = `on the unit circle from ${short(low.value)} to ${short(high.value)}`;
  if (falls !== undefined && rises !== undefined) {
    const evidence = [`${begins}, which takes both signs: ${range}`];
    return { order: degree, singularity, falls, rises, flat: [], evidence };
  }
  if (isOpen) {
    const open = `${begins}, and rounding hides its sign: ${range}`;
    return { order: degree, falls, rises, flat: [], open, evidence: [] };
  }
  if (touching.length === 0) {
    const evidence = [`${begins}, which has one sign: ${range}`];
    return { order: degree, singularity, falls, rises, flat: [], evidence };
  }
  const sign = rises === undefined ? -1 : 1;
  const lines = touching.map((root) => judgeLine(turn(root), degree, sign));
  const against = lines.find((line) => line.against !== undefined)?.against;
  const open = lines.find((line) => line.open !== undefined)?.open;
  return {
    order: Math.max(degree, ...lines.map((line) => line.order)),
    singularity,
    falls: falls ?? (sign > 0 ? against : undefined),
    rises: rises ?? (sign < 0 ? against : undefined),
    flat: lines.flatMap((line) => line.flat),
    open: against === undefined ? open : undefined,
    evidence: [
      `${begins}, which has one sign but for ${touching.length === 1 ? 'a line' : `${touching.length} lines`} where it vanishes: ${range}`,
      ...lines.map((line) => line.evidence),
    ],
  };
}

/** What g does along a root line of its leading form. */
export interface LineVerdict {
  readonly order: number;
  /** A branch on which g has the sign that the form does not have. */
  readonly against?: Branch;
  readonly flat: readonly Branch[];
  readonly open?: string;
  readonly evidence: string;
}

function judgeLine(turned: Turned, degree: number, sign: 1 | -1): LineVerdict {
  return turned.multiplicity === 2 ? alongDoubleLine(turned, degree, sign) : newtonEdge(turned, degree, sign);
}

/**
 * The new coordinates x, y with (u, v) = x·(n, −m) + y·(m, n), for the direction (m, n). Coefficients of the leading form that
 * the root makes zero are set to it, and the others' bounds hold what the direction's own error may do.
 */
function turned(
  f: LocalFunction,
  point: ArrayLike<number>,
  splitting: Splitting,
  given: Series,
  degree: number,
  { direction: [m, n], multiplicity, blur: turn }: MultipleRoot,
  blur?: Float64Array,
): Turned {
  const [first, second] = splitting.kernel;
  const isTurned = m !== 0 || n !== 1;
  const kernel = isTurned
    ? [first.map((value, i) => n * value - m * second[i]), first.map((value, i) => m * value + n * second[i])]
    : [first, second];
  const there = { ...splitting, kernel };
  const { space } = given;
  const source = isTurned
    ? reduce(f, point, there, { order: space.order, variables: 2, blur }).series
    : given;
  const series = { ...source, value: source.value.slice(), error: source.error.slice() };
  const { offsets } = space;
  for (let d = degree; d <= space.order; d++) {
    const size = (j: number) => (j < 0 || j > d ? 0 : Math.abs(source.value[offsets[d] + j]));
    for (let j = 0; j <= d; j++) {
      series.error[offsets[d] + j] += turn * ((d - j + 1) * size(j - 1) + (j + 1) * size(j + 1));
    }
  }
  for (let i = 0; i < multiplicity; i++) {
    series.value[offsets[degree] + degree - i] = 0;
    series.error[offsets[degree] + degree - i] = 0;
  }
  return { splitting: there, multiplicity, series };
}

type Sort = Pick<ReducedVerdict, 'order' | 'singularity'> & { readonly evidence: readonly string[] };

function nameCubic(series: Series, turn: (root: MultipleRoot) => Turned): Sort {
  const roots = cubicRoots(formOf(series, 3));
  switch (roots.kind) {
    case 'three':
      return { order: 3, singularity: 'D4−', evidence: ['the cubic form has three real root lines'] };
    case 'one':
      return { order: 3, singularity: 'D4+', evidence: ['the cubic form has one real root line'] };
    case 'multiple':
      return roots.root.multiplicity === 2 ? nameD(turn(roots.root)) : nameE(turn(roots.root).series);
  }
}

/** x²y + …: along the curve on which ∂g/∂x = 0, g begins with ±y^(k−1) for D_k. */
function nameD(turned: Turned): Sort {
  const { series } = turned;
  const across = series.value[series.space.offsets[3] + 1];
  const { order, coefficient } = alongDoubleLine(turned, 3, 1);
  const about = 'the cubic form has a double root line';
  if (coefficient === undefined) {
    const evidence = [
      `${about}, along which nothing follows up to order ${order}: D_k with k > ${order + 1}`,
    ];
    return { order, evidence };
  }
  // For even k, y ↦ −y brings x²y's coefficient to +1 and turns the sign of the odd power.
  const sign = order % 2 === 0 ? Math.sign(coefficient) : Math.sign(coefficient) * Math.sign(across);
  return {
    order,
    singularity: `D${order + 1}${sign > 0 ? '+' : '−'}`,
    evidence: [`${about}; along it order ${order} follows with coefficient ${short(coefficient)}`],
  };
}

/** x³ + …: multiples of x² fall away, and y⁴, xy³ or y⁵ come next. */
function nameE(series: Series): Sort {
  const { offsets, order } = series.space;
  const about = 'the cubic form is a cube';
  const candidates = [
    { powers: [0, 4], singularity: 'E6', term: 'y⁴' },
    { powers: [1, 3], singularity: 'E7', term: 'xy³' },
    { powers: [0, 5], singularity: 'E8', term: 'y⁵' },
  ] as const;
  const placeOf = ([i, j]: readonly [number, number]) => offsets[i + j] + j;
  const found = candidates.find(({ powers }) => order >= 5 && !isZero(series, placeOf(powers)));
  if (found === undefined)
    return { order: 5, evidence: [`${about}, and none of y⁴, xy³, y⁵ follows: J10 or beyond`] };
  const { powers, singularity, term } = found;
  const coefficient = short(series.value[placeOf(powers)]);
  const follows = `${about}; ${term} follows with coefficient ${coefficient}`;
  if (!pairLeads(series, 3, powers)) {
    return { order: 3, evidence: [`${follows}, but at no distance do lower and higher orders matter less`] };
  }
  return { order: powers[0] + powers[1], singularity, evidence: [follows] };
}
