import type { Series } from '../../transform/jet-series.js';
import type { LineVerdict, Turned } from './judge-two.js';
import { short } from './reduced.js';
import { leads } from './dominance.js';
import { zeroFactor } from './splitting.js';

/** Coefficients of a polynomial in y, by rising powers. */
type Powers = Float64Array<ArrayBuffer>;

function product(a: Powers, b: Powers): Powers {
  const out = new Float64Array(a.length);
  a.forEach((x, i) => {
    if (x === 0) return;
    for (let j = 0; i + j < out.length; j++) out[i + j] += x * b[j];
  });
  return out;
}

/** 1, x, x², … up to an exponent. */
function powersOf(x: Powers, most: number): Powers[] {
  const one = new Float64Array(x.length);
  one[0] = 1;
  const powers = [one];
  while (powers.length <= most) powers.push(product(powers[powers.length - 1], x));
  return powers;
}

/** Σ of terms of g, each given its factor, with x^(i − less)·y^j put in. */
function substitute(
  { space: { offsets, order } }: Series,
  x: Powers,
  less: number,
  factor: (place: number, i: number) => number,
): Powers {
  const powers = powersOf(x, order);
  const out = new Float64Array(x.length);
  for (let degree = less; degree <= order; degree++) {
    for (let j = 0; j <= degree - less; j++) {
      const i = degree - j;
      const weight = factor(offsets[degree] + j, i);
      if (weight === 0) continue;
      for (let k = 0; k + j < out.length; k++) out[k + j] += weight * powers[i - less][k];
    }
  }
  return out;
}

/**
 * g along a double root line of its leading form, the y axis: x²·y^(degree − 2) is the form's first term. There the derivative
 * across the line vanishes on a curve x(y) = O(y²), found power by power; g is lowest (or highest) across on it, and what it
 * is there decides.
 */
export function alongDoubleLine(
  { series, splitting }: Turned,
  degree: number,
  sign: 1 | -1,
): LineVerdict & { coefficient?: number } {
  const { order, offsets } = series.space;
  const shift = degree - 2;
  const leading = series.value[offsets[degree] + shift];
  const isNothing = (place: number) => Math.abs(series.value[place]) <= zeroFactor * series.error[place];
  let x: Powers = new Float64Array(order + 1);
  for (let round = 2; round <= order; round++) {
    const slope = substitute(series, x, 1, (place, i) => (isNothing(place) ? 0 : i * series.value[place]));
    const next = x.slice();
    for (let k = 2; k + shift <= order; k++) next[k] -= slope[k + shift] / (2 * leading);
    x = next;
  }
  const along = substitute(series, x, 0, (place) => (isNothing(place) ? 0 : series.value[place]));
  const bounds = substitute(series, x.map(Math.abs), 0, (place) => {
    return series.error[place] + 2 * Number.EPSILON * Math.abs(series.value[place]);
  });
  const first = along.findIndex((value, k) => k > degree && Math.abs(value) > zeroFactor * bounds[k]);
  const branch = (direction: 1 | -1, exponent: number | undefined) => ({
    splitting,
    coefficients: [
      Array.from(x, (value, k) => (direction < 0 && k % 2 === 1 ? -value : value)),
      [0, direction],
    ],
    degree: exponent,
  });
  if (first < 0) {
    return {
      order,
      flat: [branch(1, undefined), branch(-1, undefined)],
      evidence: `on the curve of least change beside the line it vanishes up to order ${order}`,
    };
  }
  const coefficient = along[first];
  const others = Array.from(along, (value, exponent) => ({
    exponent,
    size: exponent === 0 ? 0 : Math.abs(value) + bounds[exponent],
  }));
  if (!leads({ exponent: first, size: Math.abs(along[first]) }, others)) {
    const open = `on the curve of least change beside the line order ${first} is the first that is not zero for certain, but at no distance do lower and higher orders matter less`;
    return { order: first, flat: [], open, evidence: open };
  }
  const evidence = `on the curve of least change beside the line order ${first} follows with coefficient ${short(coefficient)}`;
  if (first % 2 === 1) {
    const direction = Math.sign(coefficient) === sign ? -1 : 1;
    return { order: first, against: branch(direction, first), flat: [], evidence, coefficient };
  }
  const isAgainst = Math.sign(coefficient) !== sign;
  return {
    order: first,
    ...(isAgainst ? { against: branch(1, first) } : {}),
    flat: [],
    evidence,
    coefficient,
  };
}
