/** Whether the terms that a verdict rests on stand out from all others, rounding included. */

import type { Series } from '../../transform/jet-series.js';

/** A term of a series on a sphere of radius r: at most size·r^exponent. */
export interface Size {
  readonly exponent: number;
  readonly size: number;
}

/** Each further exponent counts a third, so that all lower terms together stay below half of the leading one, and all higher. */
const margin = Math.log(3);

/**
 * Whether at some distance r a term of size·r^exponent outweighs all lower terms, which are zero but for their bounds, and all
 * higher ones. By Rouché's theorem the derivative then has as many zeros within r as it has of the leading term alone, so that the
 * verdict holds for whatever the lower terms are within their bounds. Where this fails, as close to a cusp at a point that is not
 * known exactly, "zero within its bound" says nothing.
 */
export function leads({ exponent, size }: Size, others: readonly Size[]): boolean {
  let [from, to] = [-Infinity, Infinity];
  for (const other of others) {
    const apart = other.exponent - exponent;
    if (other.size === 0 || apart === 0) continue;
    // log r at which both are of one size.
    const meet = (Math.log(size) - Math.log(other.size)) / apart;
    if (apart < 0) from = Math.max(from, meet + margin);
    else to = Math.min(to, meet - margin);
  }
  return from <= to;
}

/** Ratios of the units of two coordinates that are tried: 10^(k/2). */
const ratios = Array.from({ length: 61 }, (_, k) => ((k - 30) / 2) * Math.LN10);

/**
 * Whether the form of a degree leads in some units of the two coordinates: whether a form has one sign or both does not depend on
 * them.
 */
export function formLeads({ space, value, error }: Series, degree: number): boolean {
  const { exponents, offsets, size: count } = space;
  const logs = Array.from(value, (coefficient, m) => Math.log(Math.abs(coefficient) + error[m]));
  return ratios.some((ratio) => {
    const sizeOf = (m: number, log: number) => Math.exp(log + exponents[m][1] * ratio);
    let size = 0;
    for (let m = offsets[degree]; m < offsets[degree + 1]; m++) {
      size = Math.max(size, sizeOf(m, Math.log(Math.abs(value[m]))));
    }
    const others = Array.from({ length: count }, (_, m) => {
      const [p, q] = exponents[m];
      return { exponent: p + q, size: m === 0 ? 0 : sizeOf(m, logs[m]) };
    });
    return leads({ exponent: degree, size }, others);
  });
}
