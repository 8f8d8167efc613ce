import type { LineVerdict, Turned } from './judge-two.js';
import { zeroFactor } from './splitting.js';

interface Term {
  /** Powers of x and y. */
  readonly i: number;
  readonly j: number;
  readonly value: number;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/**
 * g along a root line of multiplicity four or more of its leading form, the y axis, by the first edge of Newton's polygon:
 * the curves x = c·t^p, y = ±t^q on which the edge's terms are of one order, and a polynomial in c of their sum.
 */
export function newtonEdge({ series, splitting }: Turned, degree: number, sign: 1 | -1): LineVerdict {
  const { order, offsets } = series.space;
  const terms: Term[] = [];
  for (let d = degree; d <= order; d++) {
    for (let j = 0; j <= d; j++) {
      const place = offsets[d] + j;
      const value = series.value[place];
      if (Math.abs(value) > zeroFactor * series.error[place])
        terms.push({ i: d - j, j, value: sign * value });
    }
  }
  const corner = terms
    .filter(({ i, j }) => i + j === degree)
    .reduce((lowest, term) => (term.i < lowest.i ? term : lowest));
  const below = terms.filter(({ i }) => i < corner.i);
  const axis = (direction: 1 | -1) => ({
    splitting,
    coefficients: [[0], [0, direction]],
    degree: undefined,
  });
  if (below.length === 0) {
    const evidence = `along the line, a root of multiplicity ${corner.i}, nothing follows up to order ${order}`;
    return { order, flat: [axis(1), axis(-1)], evidence };
  }
  const slopeOf = ({ i, j }: Term) => (j - corner.j) / (corner.i - i);
  const slope = Math.min(...below.map(slopeOf));
  const edge = [corner, ...below.filter((term) => Math.abs(slopeOf(term) - slope) < 1e-9)];
  const last = edge.reduce((lowest, term) => (term.i < lowest.i ? term : lowest));
  const [rise, run] = [last.j - corner.j, corner.i - last.i];
  const common = divisor(rise, run);
  const [p, q] = [rise / common, run / common];
  const exponent = p * corner.i + q * corner.j;
  const curve = (c: number, side: 1 | -1, change: number | undefined) => ({
    splitting,
    coefficients: [
      [...new Array<number>(p).fill(0), c],
      [...new Array<number>(q).fill(0), side],
    ],
    degree: change,
  });
  const highest = Math.max(...edge.map(({ i, j }) => i + j));
  const text = `along the line, a root of multiplicity ${corner.i}, the terms of order ${highest} follow`;
  for (const side of [1, -1] as const) {
    const lowest = lowestOf(edge, side);
    if (lowest.value < -1e-9 * lowest.size) {
      const evidence = `${text} and turn the sign`;
      return {
        order: highest,
        against: curve(lowestOf(edge, side, 'value').at, side, exponent),
        flat: [],
        evidence,
      };
    }
    if (lowest.value < 1e-9 * lowest.size) {
      const evidence = `${text} and vanish on a curve`;
      const flat = [1, -1].flatMap((other) => {
        const there = lowestOf(edge, other as 1 | -1);
        return there.value < 1e-9 * there.size ? [curve(there.at, other as 1 | -1, undefined)] : [];
      });
      return { order: highest, flat, evidence };
    }
  }
  return { order: highest, flat: [], evidence: `${text} and keep the sign` };
}

/** Where Σ vᵢⱼ·cⁱ·sideʲ is least over c, as it is or as a share of the sizes of its terms. */
function lowestOf(
  edge: readonly Term[],
  side: 1 | -1,
  measure: 'share' | 'value' = 'share',
): { at: number; value: number; size: number } {
  const sum = (c: number) => edge.reduce((total, { i, j, value }) => total + value * c ** i * side ** j, 0);
  const size = (c: number) =>
    edge.reduce((total, { i, value }) => total + Math.abs(value) * Math.abs(c) ** i, 0);
  const ratio = (c: number) => (measure === 'share' ? sum(c) / size(c) : sum(c));
  let best = 0;
  for (let k = -400; k <= 400; k++) {
    const c = Math.sinh(k / 40);
    if (!(ratio(c) >= ratio(best))) best = c;
  }
  let width = Math.max(0.05, 0.05 * Math.abs(best));
  for (let k = 0; k < 60; k++) {
    for (const c of [best - width, best + width]) if (ratio(c) < ratio(best)) best = c;
    width /= 1.7;
  }
  const whole = Math.round(best);
  if (Math.abs(best - whole) < 1e-6 && ratio(whole) <= ratio(best) + 1e-12) best = whole;
  return { at: best, value: sum(best), size: size(best) };
}
