import { monomials, zeroSeries, type Series } from '../../transform/jet-series.js';
import { norm } from '../../linalg/index.js';
import { formOf } from './binary-form.js';
import { arcPoint, type LocalFunction } from './local.js';
import {
  arcOf,
  isZero,
  isZeroPart,
  leadingDegree,
  polynomialCurve,
  reduce,
  zeroFactor,
  type Splitting,
} from './splitting.js';

/** The highest order that a degenerate point next to the given one is looked for by. */
const highest = 12;

/**
 * The degenerate point next to one that was given with some digits only. Close to it the reduced function begins with small
 * terms of orders 1 and 2, and Newton's method finds it slowly and to a part of the digits. But if order k is to be the first,
 * the derivative of order k − 1 is linear to first order and its zero well-conditioned; there all lower orders must fall away.
 */
export function findShift(
  f: LocalFunction,
  point: Float64Array,
  splitting: Splitting,
  series: Series,
  farthest: number,
): Float64Array | undefined {
  const { variables } = series.space;
  if (variables > 2 || splitting.kernel.length !== variables) return undefined;
  // In kernel coordinates, whose units may differ: how far that is in the variables is for the caller to see.
  const far = farthest / Math.min(...splitting.kernel.map(norm));
  const shift = variables === 1 ? shiftOne(series, far) : shiftTwo(series, far);
  if (shift === undefined) return undefined;
  const coefficients = shift.map((value) => [0, value]);
  const { normal } = reduce(f, point, splitting, {
    order: 4,
    variables: 1,
    curve: polynomialCurve(coefficients),
  });
  return arcPoint(arcOf(point, splitting, coefficients, normal, 2), 1);
}

function shiftOne(series: Series, farthest: number): [number] | undefined {
  const { value, error } = series;
  for (let k = 3; k <= Math.min(highest, series.space.order); k++) {
    if (isZero(series, k) || isZero(series, k - 1)) continue;
    const shift = -value[k - 1] / (k * value[k]);
    if (Math.abs(shift) > farthest) continue;
    // What is left of orders 1 to k − 2 at the shifted place, against what made it up.
    let fits = true;
    for (let order = 1; order <= k - 2 && fits; order++) {
      let [rest, size] = [0, 0];
      for (let j = order; j < value.length; j++) {
        const term = binomial(j, order) * value[j] * shift ** (j - order);
        rest += term;
        size += Math.abs(term);
      }
      fits = Math.abs(rest) <= 0.02 * size + zeroFactor * error[order];
    }
    if (fits) return [shift];
  }
  return undefined;
}

function binomial(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= k; i++) product = (product * (n - k + i)) / i;
  return product;
}

function shiftTwo(series: Series, farthest: number): [number, number] | undefined {
  for (let k = 3; k <= Math.min(highest, series.space.order); k++) {
    if (isZeroPart(series, k) || isZeroPart(series, k - 1)) continue;
    const shift = solveShift(series, k, farthest);
    if (shift === undefined || !(Math.hypot(...shift) <= farthest)) continue;
    if (fitsTwo(series, k, shift)) return shift;
  }
  return undefined;
}

/** The least-squares solution of ∇(form of degree k)·s = −(form of degree k − 1). */
function solveShift(series: Series, k: number, farthest: number): [number, number] | undefined {
  const { coefficients: leading } = formOf(series, k);
  const { coefficients: before } = formOf(series, k - 1);
  let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < k; i++) {
    const [a, b] = [(k - i) * leading[i], (i + 1) * leading[i + 1]];
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ra -= a * before[i];
    rb -= b * before[i];
  }
  const determinant = aa * bb - ab * ab;
  if (determinant > 1e-12 * (aa + bb) ** 2) {
    return [(bb * ra - ab * rb) / determinant, (aa * rb - ab * ra) / determinant];
  }
  const trace = aa + bb;
  if (trace === 0) return undefined;
  // A power of one linear factor says how far to go across its root line; higher orders say how far along it.
  const across: [number, number] = [ra / trace, rb / trace];
  const size = Math.hypot(ab, Math.min(aa, bb) - trace);
  const along: readonly [number, number] = aa >= bb ? [-ab / size, aa / size] : [bb / size, -ab / size];
  const step = alongLine(series, along, farthest);
  return [across[0] + step * along[0], across[1] + step * along[1]];
}

/** The shift along a root line by what g is on it, or by its first derivative across where it is nothing there; else 0. */
function alongLine(series: Series, [m, n]: readonly [number, number], farthest: number): number {
  const { space, value, error } = series;
  for (const crossed of [0, 1]) {
    const line = zeroSeries(monomials(1, space.order - crossed));
    for (let degree = crossed; degree <= space.order; degree++) {
      for (let j = 0; j <= degree; j++) {
        const i = degree - j;
        const place = space.offsets[degree] + j;
        const factor =
          crossed === 0
            ? m ** i * n ** j
            : (i === 0 ? 0 : i * m ** (i - 1) * n ** j * n) - (j === 0 ? 0 : j * m ** i * n ** (j - 1) * m);
        line.value[degree - crossed] += factor * value[place];
        line.error[degree - crossed] +=
          Math.abs(factor) * (error[place] + 4 * Number.EPSILON * Math.abs(value[place]));
      }
    }
    if (leadingDegree(line) === undefined) continue;
    return shiftOne(line, farthest)?.[0] ?? 0;
  }
  return 0;
}

/** Whether the terms of degrees 1 to k − 1 fall away at the shifted place. */
function fitsTwo(series: Series, k: number, [du, dv]: readonly [number, number]): boolean {
  const { value, space } = series;
  const left = new Float64Array(space.offsets[k]);
  const size = new Float64Array(space.offsets[k]);
  for (let m = 1; m < space.size; m++) {
    if (value[m] === 0) continue;
    const [p, q] = space.exponents[m];
    for (let i = 0; i <= p; i++) {
      for (let j = 0; j <= q; j++) {
        if (i + j === 0 || i + j >= k) continue;
        const term = binomial(p, i) * binomial(q, j) * value[m] * du ** (p - i) * dv ** (q - j);
        const place = space.offsets[i + j] + j;
        left[place] += term;
        size[place] += Math.abs(term);
      }
    }
  }
  for (let degree = 1; degree < k; degree++) {
    const range = [space.offsets[degree], space.offsets[degree + 1]] as const;
    const most = 0.02 * Math.max(...size.subarray(...range));
    for (let m = range[0]; m < range[1]; m++) {
      if (Math.abs(left[m]) > most + zeroFactor * series.error[m]) return false;
    }
  }
  return true;
}
