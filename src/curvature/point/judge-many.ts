/**
 * The verdict on a reduced function of more than two coordinates: no class is named, and what is said is proven or left open.
 *
 * Lines on which it falls and others on which it rises prove a saddle; every leading form of odd degree has them. A leading form of
 * even degree that is above zero on the faces of a cube, by bounds over boxes, proves a minimum. A sum of functions of coordinates of their own is judged
 * part by part, by the first orders that decide each; terms beyond the order that is carried, which may join the parts, are
 * smaller than those near the point.
 */
import { Generator, normal } from '../../random/index.js';
import type { Series } from '../../transform/jet-series.js';
import { symmetricEigen } from '../../linalg/index.js';
import { leads, type Size } from './dominance.js';
import { boundOnCube, meanCurvature, partOf, steepDirections } from './forms-many.js';
import { judgeTwo } from './judge-two.js';
import type { LocalFunction } from './local.js';
import { coordinateName, judgeOne, polynomialText, type Branch, type ReducedVerdict } from './reduced.js';
import { balanced, isZero, leadingDegree, polynomialCurve, reduce, type Splitting } from './splitting.js';

/** Orders to which the reduced function of 3, 4, … coordinates is carried: a thousand coefficients at most. */
const orders = [12, 10, 8, 6, 5, 4, 4, 4];
const raysOrder = 12;
/** Changes of coordinates, each by the one before. */
const roundings = 3;
/** Terms of a reduced form that are written out. */
const mostTerms = 40;

export interface ManyJudgement {
  readonly verdict: ReducedVerdict;
  /** The order of the first form, where there is one. */
  readonly begins: number | undefined;
  readonly reducedForm?: string;
  /** Coordinates along which nothing is known to change. */
  readonly free: number;
}

export function judgeMany(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  blur?: Float64Array,
): ManyJudgement {
  const count = splitting.kernel.length;
  const about = `${count} directions are left open: singularities are named for up to 2`;
  const order = orders[count - 3];
  const series =
    order === undefined ? undefined : reduce(f, point, splitting, { order, variables: count, blur }).series;
  const begins = series && leadingDegree(series);
  if (series === undefined || begins === undefined) {
    const verdict = judgeRays(f, point, splitting, [], blur);
    const isFlat = verdict.falls === undefined && verdict.rises === undefined && verdict.open === undefined;
    return {
      verdict: { ...verdict, evidence: [about, ...verdict.evidence] },
      begins: verdict.order < 3 ? verdict.order : undefined,
      ...(isFlat ? { reducedForm: '0' } : {}),
      free: count,
    };
  }
  const blocks = blocksOf(series);
  const verdicts = blocks.map((axes) => {
    const kernel = axes.map((axis) => splitting.kernel[axis]);
    return judgeBlock(f, point, { ...splitting, kernel }, axes.length === count ? series : order, blur);
  });
  const names = blocks.map((axes) => axes.map((axis) => coordinateName(axis, count)).join(', '));
  const parts = verdicts.flatMap((verdict, k) =>
    [...verdict.evidence, ...(verdict.open === undefined ? [] : [verdict.open])].map((text) =>
      blocks.length === 1 ? text : `of (${names[k]}): ${text}`,
    ),
  );
  const sum = `up to order ${order} the reduced function is a sum of functions of ${names.map((text) => `(${text})`).join(', ')}`;
  const decided = Math.max(...verdicts.map((verdict) => verdict.order));
  const isOpen =
    verdicts.some(({ open }) => open !== undefined) ||
    (blocks.length > 1 && isJoined(series, blocks, decided));
  const text = polynomialText(series, decided);
  return {
    verdict: {
      order: decided,
      falls: first(verdicts, 'falls'),
      rises: first(verdicts, 'rises'),
      flat: verdicts.flatMap(({ flat }) => flat),
      ...(isOpen ? { open: 'that it has no other sign is not proven' } : {}),
      evidence: [about, ...(blocks.length === 1 ? [] : [sum]), ...parts],
    },
    begins,
    ...(text.split(' ').length <= 2 * mostTerms ? { reducedForm: text } : {}),
    free: Math.max(
      1,
      verdicts.reduce(
        (total, { flat }, k) =>
          total +
          (flat.length > 0 && verdicts[k].rises === undefined && verdicts[k].falls === undefined
            ? blocks[k].length
            : 0),
        0,
      ),
    ),
  };
}

/** That of the lowest order. */
function first(verdicts: readonly ReducedVerdict[], side: 'falls' | 'rises'): Branch | undefined {
  const found = verdicts.filter((verdict) => verdict[side] !== undefined);
  return found.sort((a, b) => a.order - b.order)[0]?.[side];
}

/** Groups of coordinates no two of which share a term. */
function blocksOf(series: Series): number[][] {
  const { exponents, variables } = series.space;
  const group = Array.from({ length: variables }, (_, axis) => axis);
  exponents.forEach((powers, m) => {
    if (m === 0 || isZero(series, m)) return;
    const joined = new Set(powers.flatMap((power, axis) => (power > 0 ? [group[axis]] : [])));
    const lowest = Math.min(...joined);
    group.forEach((of, axis) => {
      if (joined.has(of)) group[axis] = lowest;
    });
  });
  return [...new Set(group)].map((of) => group.flatMap((other, axis) => (other === of ? [axis] : [])));
}

/** Whether rounding may hide terms below an order that join the blocks. */
function isJoined({ space, value, error }: Series, blocks: readonly number[][], order: number): boolean {
  const blockOf = new Map(blocks.flatMap((axes, k) => axes.map((axis) => [axis, k])));
  return space.exponents.slice(0, space.offsets[order]).some((powers, m) => {
    const joined = new Set(powers.flatMap((power, axis) => (power > 0 ? [blockOf.get(axis)] : [])));
    return joined.size > 1 && (value[m] !== 0 || error[m] !== 0);
  });
}

/** @param known the reduced function, or the order to which it is carried */
function judgeBlock(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  known: Series | number,
  blur?: Float64Array,
): ReducedVerdict {
  const variables = splitting.kernel.length;
  const series =
    typeof known === 'number' ? reduce(f, point, splitting, { order: known, variables, blur }).series : known;
  if (variables === 1) return judgeOne(series, splitting);
  if (variables === 2) {
    const units = balanced(splitting, series);
    return judgeTwo(f, point, units.splitting, units.series, blur);
  }
  return judgeForm(f, point, splitting, series, blur);
}

function judgeForm(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  series: Series,
  blur?: Float64Array,
): ReducedVerdict {
  const degree = leadingDegree(series);
  if (degree === undefined) return judgeRays(f, point, splitting, [], blur);
  const form = partOf(series, degree);
  const begins = `the reduced function begins with a form of degree ${degree}`;
  const rays = judgeRays(f, point, splitting, steepDirections(form), blur);
  if (rays.falls !== undefined && rays.rises !== undefined) {
    return { ...rays, flat: [], evidence: [begins, ...rays.evidence] };
  }
  const sign = rays.falls === undefined ? 1 : -1;
  const round = rounded(f, point, splitting, series, degree, blur);
  const bound = boundOnCube(partOf(round, degree), sign);
  if (bound === undefined) {
    const open = `${begins}, and lines show one sign of it`;
    return { ...rays, flat: [], open, evidence: rays.evidence };
  }
  if (!leads({ exponent: degree, size: bound }, sizesBeside(round, degree))) {
    const open = `${begins} of one sign, but at no distance from the point does it outweigh what lower orders may be and what higher ones are`;
    return { ...rays, flat: [], open, evidence: [] };
  }
  const proof = `${begins}, which has one sign, by bounds over boxes that cover all directions`;
  return { ...rays, order: degree, flat: [], open: undefined, evidence: [proof] };
}

/** What each other degree is at most where no coordinate is above 1. */
function sizesBeside({ space: { offsets, order }, value, error }: Series, degree: number): Size[] {
  const sizeOf = (numbers: Float64Array) => numbers.reduce((sum, entry) => sum + Math.abs(entry), 0);
  return Array.from({ length: order }, (_, k): Size => {
    const range = [offsets[k + 1], offsets[k + 2]] as const;
    return { exponent: k + 1, size: sizeOf(value.slice(...range)) + sizeOf(error.slice(...range)) };
  }).filter(({ exponent }) => exponent !== degree);
}

/**
 * The reduced function in coordinates in which its leading form of even degree is about as large in all directions, if such are found: then few
 * boxes suffice. A sum of powers of linear forms becomes one of nearly orthogonal ones.
 */
function rounded(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  series: Series,
  degree: number,
  blur?: Float64Array,
): Series {
  const variables = splitting.kernel.length;
  let there: Splitting = splitting;
  let form = series;
  for (let round = 0; round < roundings; round++) {
    const { values, vectors } = symmetricEigen(meanCurvature(partOf(form, degree)), variables);
    const sign = Math.sign(values[0]);
    if (values.some((value) => !(sign * value > 1e-9 * Math.abs(values[0] + values[variables - 1]))))
      return series;
    const kernel = Array.from(values, (value, k) => {
      const direction = new Float64Array(point.length);
      there.kernel.forEach((vector, c) => {
        const share = vectors[k * variables + c] / Math.sqrt(Math.abs(value));
        vector.forEach((entry, i) => (direction[i] += share * entry));
      });
      return direction;
    });
    there = { ...there, kernel };
    const order = round + 1 < roundings ? degree : series.space.order;
    form = reduce(f, point, there, { order, variables, blur }).series;
  }
  return form;
}

/** What lines of the kernel show: along its axes, given directions and some others. Both signs prove a saddle, the rest nothing. */
function judgeRays(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  given: readonly (readonly number[])[],
  blur?: Float64Array,
): ReducedVerdict {
  const { kernel } = splitting;
  const generator = new Generator(7).fork('rays');
  const axes = kernel.map((_, k) => kernel.map((__, c) => Number(c === k)));
  const others = Array.from({ length: 16 + 2 * kernel.length }, () => {
    const ray = Array.from(normal(generator, [kernel.length], { dtype: 'float64' }).data);
    const length = Math.hypot(...ray);
    return ray.map((value) => value / length);
  });
  const rays = [...axes, ...given, ...others];
  const verdicts = rays.map((ray) => {
    const curve = polynomialCurve(ray.map((value) => [0, value]));
    const { series } = reduce(f, point, splitting, { order: raysOrder, variables: 1, curve, blur });
    const verdict = judgeOne(series, splitting);
    const along = (branch: Branch | undefined): Branch | undefined =>
      branch && { ...branch, coefficients: ray.map((value) => [0, value * branch.coefficients[0][1]]) };
    const flat = verdict.flat.flatMap((branch) => along(branch) ?? []);
    return { ...verdict, falls: along(verdict.falls), rises: along(verdict.rises), flat };
  });
  const counts = (side: 'falls' | 'rises') => verdicts.filter((one) => one[side] !== undefined).length;
  const [falls, rises] = [first(verdicts, 'falls'), first(verdicts, 'rises')];
  const isFlat = verdicts.every(({ flat }) => flat.length > 0);
  const isBoth = falls !== undefined && rises !== undefined;
  return {
    order: Math.min(...verdicts.map(({ order }) => order)),
    falls,
    rises,
    flat: isFlat ? verdicts.flatMap(({ flat }) => flat).slice(0, 24) : [],
    ...(isFlat || isBoth ? {} : { open: 'lines alone do not decide it' }),
    evidence: [
      `of ${rays.length} lines through the point in them, ${counts('rises')} rise and ${counts('falls')} fall to one side at least, by orders up to ${raysOrder}`,
    ],
  };
}
