/**
 * The two subproblems whose global minimisers are known exactly, in the eigenbasis of H, where they are one equation for a number:
 *
 *   trust region   min gᵀs + ½sᵀHs, ‖s‖ ≤ Δ        (H + λ1)s = −g, λ ≥ max(0, −λ₁), λ·(Δ − ‖s‖) = 0
 *                  (Moré & Sorensen, SIAM J. Sci. Stat. Comput. 4, 1983; Conn, Gould & Toint 2000, section 7.3)
 *   cubic          min gᵀs + ½sᵀHs + σ/3·‖s‖³      (H + λ1)s = −g, λ = σ‖s‖, λ ≥ max(0, −λ₁)
 *                  (Nesterov & Polyak, Math. Programming 108, 2006; Cartis, Gould & Toint, Math. Programming 127, 2011, theorem 3.1)
 *
 * ‖s(λ)‖ falls with λ > −λ₁. In the hard case g has no part in the eigenspace of λ₁ < 0 and ‖s(−λ₁)‖ is too short: then
 * λ = −λ₁, and a multiple of v₁ fills the length. Its sign is free; ours takes the one that agrees with −g where rounding left g a part
 * along v₁. Moré and Sorensen use a Cholesky factor for each λ, a ninth of the work of one decomposition for the
 * three that are usual; with the decomposition the hard case is plain to see and λ₁ is known.
 */
import { axpy, dot, eigenvector, norm, type SymmetricEigen } from '../../linalg/index.js';

export interface SecularSolution {
  /** λ. */
  readonly shift: number;
  readonly isHard: boolean;
}

/** ‖s‖ as it must be for λ: Δ, or λ/σ. */
export type Bound = { readonly radius: number } | { readonly sigma: number };

/** More than Newton's method ever needs; bisection alone would end within it. */
const MOST_STEPS = 200;

/** H's eigenbasis and γ = Vᵀg, the gradient in it. */
export interface Spectral {
  readonly eigen: SymmetricEigen;
  readonly spread: Float64Array;
}

/** step [n] ← −(H + λ1)⁻¹g (+ τv₁), of the length that belongs to λ. */
export function solveSecular({ eigen, spread }: Spectral, bound: Bound, step: Float64Array): SecularSolution {
  const { values } = eigen;
  const n = values.length;
  const least = Math.max(0, -values[0]);
  const size = Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
  const full = 'radius' in bound ? bound.radius : least / bound.sigma;
  // The lowest eigenspace, and whether g lies across it: a smaller part would need a λ that no number can hold.
  let count = 1;
  while (count < n && values[count] - values[0] <= 4 * n * Number.EPSILON * size) count++;
  const along = norm(spread.subarray(0, count));
  const isAcross = along <= Number.EPSILON * Math.max(norm(spread), size * full);
  const first = least > 0 && isAcross ? count : 0;
  const lengthAt = (shift: number): number => {
    let sum = 0;
    for (let k = first; k < n; k++) {
      if (spread[k] === 0) continue;
      const part = spread[k] / (values[k] + shift);
      sum += part * part;
    }
    return Math.sqrt(sum);
  };
  let shift = least;
  let fill = 0;
  if (first > 0 && lengthAt(least) <= full) fill = Math.sqrt(Math.max(0, full ** 2 - lengthAt(least) ** 2));
  else shift = root({ eigen, spread }, bound, least, first, lengthAt);
  step.fill(0);
  for (let k = first; k < n; k++) {
    if (spread[k] !== 0) axpy(-spread[k] / (values[k] + shift), eigenvector(eigen, k), step);
  }
  axpy(spread[0] > 0 ? -fill : fill, eigenvector(eigen, 0), step);
  return { shift, isHard: fill > 0 };
}

/**
 * λ > least with ‖s(λ)‖ = length(λ): Newton's method on 1/length − 1/‖s‖, which is nearly straight (Conn, Gould & Toint, 7.3.3), in a
 * bracket that bisection shrinks where Newton's method would leave it.
 */
function root(
  { eigen: { values }, spread }: Spectral,
  bound: Bound,
  least: number,
  first: number,
  lengthAt: (shift: number) => number,
): number {
  // (λ + λ₁)·‖s‖ ≤ ‖g‖, with ‖s‖ = Δ or ‖s‖ ≥ (λ + λ₁)/σ.
  const size = norm(spread);
  const reach = 'radius' in bound ? size / bound.radius : Math.sqrt(bound.sigma * size);
  const growth = 'radius' in bound ? 0 : 1 / bound.sigma;
  // λ is held as its distance from `least`, where it may be tiny beside it.
  let low = 0;
  let high = reach;
  let gap = reach;
  for (let step = 0; step < MOST_STEPS; step++) {
    const shift = least + gap;
    const actual = lengthAt(shift);
    const wanted = 'radius' in bound ? bound.radius : shift / bound.sigma;
    if (Math.abs(actual - wanted) <= 1e-12 * wanted) break;
    if (actual > wanted) low = gap;
    else high = gap;
    if (high - low <= Number.EPSILON * (least + high)) return least + high;
    let sum = 0;
    for (let k = first; k < values.length; k++) {
      if (spread[k] !== 0) sum += spread[k] ** 2 / (values[k] + shift) ** 3;
    }
    const slope = -sum / actual;
    const newton = gap - (1 / wanted - 1 / actual) / (slope / actual ** 2 - growth / wanted ** 2);
    gap = newton > low && newton < high ? newton : low > 0 ? Math.sqrt(low * high) : high * 1e-3;
  }
  return least + gap;
}

/** m(0) − m(s) of the quadratic part, in the eigenbasis: −gᵀs − ½sᵀHs. */
export function quadraticFall({ eigen, spread }: Spectral, step: Float64Array): number {
  let fall = 0;
  for (let k = 0; k < spread.length; k++) {
    const along = dot(eigenvector(eigen, k), step);
    fall -= along * (spread[k] + (eigen.values[k] * along) / 2);
  }
  return fall;
}
