import type { Series } from '../../transform/jet-series.js';
import { leads } from './dominance.js';
import { isZero, leadingDegree, type Splitting } from './splitting.js';

/** A half-branch t ≥ 0 in the kernel: a polynomial in t for each kernel coordinate of a splitting. */
export interface Branch {
  readonly splitting: Splitting;
  readonly coefficients: readonly (readonly number[])[];
  /** The degree in t of f's change along it; undefined where f does not change to the order that is carried. */
  readonly degree: number | undefined;
}

/** What the reduced function g does near 0. */
export interface ReducedVerdict {
  /** The order that decided, or the last one that was looked at. */
  readonly order: number;
  /** Arnold's name, where the class has one that is known here. */
  readonly singularity?: string;
  /** Along which g is below 0, and above. */
  readonly falls?: Branch;
  readonly rises?: Branch;
  /** Along which g vanishes as far as it is carried. */
  readonly flat: readonly Branch[];
  /** What stayed undecided. */
  readonly open?: string;
  /** The terms that would decide do not stand out from what is not known: higher orders do not help. */
  readonly isBlurred?: boolean;
  readonly evidence: readonly string[];
}

/** The verdict on a reduced function of one coordinate: the first coefficient that is not zero says it all. */
export function judgeOne(series: Series, splitting: Splitting): ReducedVerdict {
  const order = leadingDegree(series);
  const ray = (sign: number, degree: number | undefined): Branch => ({
    splitting,
    coefficients: [[0, sign]],
    degree,
  });
  if (order === undefined) {
    const { order: carried } = series.space;
    return {
      order: carried,
      flat: [ray(1, undefined), ray(-1, undefined)],
      evidence: [`the reduced function vanishes up to order ${carried}`],
    };
  }
  const { value, error } = series;
  const others = Array.from(value, (coefficient, exponent) => ({
    exponent,
    size: exponent === 0 ? 0 : Math.abs(coefficient) + error[exponent],
  }));
  if (!leads({ exponent: order, size: Math.abs(value[order]) }, others)) return blurred(order);
  const sign = Math.sign(series.value[order]);
  const isOdd = order % 2 === 1;
  const singularity = isOdd ? `A${order - 1}` : `A${order - 1}${sign > 0 ? '+' : '−'}`;
  return {
    order,
    singularity,
    ...(isOdd || sign < 0 ? { falls: ray(isOdd ? -sign : 1, order) } : {}),
    ...(isOdd || sign > 0 ? { rises: ray(isOdd ? sign : 1, order) } : {}),
    flat: [],
    evidence: [
      `the reduced function begins with order ${order}, whose coefficient is ${short(series.value[order])}`,
    ],
  };
}

/** What is said where the leading terms do not stand out. */
export function blurred(order: number): ReducedVerdict {
  return {
    order,
    flat: [],
    open: `order ${order} is the first that is not zero for certain, but at no distance from the point do its terms outweigh what lower orders may be, as far as the point is known, and what higher ones are`,
    isBlurred: true,
    evidence: [],
  };
}

export const short = (value: number): string => Number(value.toPrecision(4)).toString();

/** Of kernel coordinates: u, v, w, or u1, u2, … of more. */
export function coordinateName(axis: number, count: number): string {
  return count <= 3 ? ['u', 'v', 'w'][axis] : `u${axis + 1}`;
}

/** A polynomial in the kernel coordinates as text, up to a degree, without the terms that are zero. */
export function polynomialText(series: Series, degree: number): string {
  const { exponents, offsets, variables } = series.space;
  const end = offsets[Math.min(degree, series.space.order) + 1];
  let text = '';
  for (let m = 1; m < end; m++) {
    if (isZero(series, m)) continue;
    const factors = exponents[m].flatMap((power, i) =>
      power === 0 ? [] : [coordinateName(i, variables) + (power === 1 ? '' : `^${power}`)],
    );
    text += termText(series.value[m], factors.join('*'), text === '');
  }
  return text === '' ? '0' : text;
}

/** ` + 3*x^2`, or `3*x^2` where it is the first. */
export function termText(coefficient: number, factor: string, isFirst: boolean): string {
  const size = Math.abs(coefficient);
  const rounded = Number(size.toPrecision(10));
  const number = rounded === 1 && factor !== '' ? '' : `${rounded}`;
  const product = [number, factor].filter((part) => part !== '').join('*');
  if (isFirst) return coefficient < 0 ? `-${product}` : product;
  return coefficient < 0 ? ` - ${product}` : ` + ${product}`;
}
