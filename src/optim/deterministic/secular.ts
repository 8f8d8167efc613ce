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
  // λ is held as its distance from `least`, beside which it may be too small to show: H + λ1 has the values poles + gap.
  const poles = values.map((value) => value + least);
  const size = Math.max(Math.abs(values[0]), Math.abs(values[n - 1]));
  let count = 1;
  while (count < n && values[count] - values[0] <= 4 * n * Number.EPSILON * size) count++;
  // What rounding puts along the lowest eigenspace does not count.
  const isAcross = norm(spread.subarray(0, count)) <= Number.EPSILON * norm(spread);
  const secular = { poles, spread, first: least > 0 && isAcross ? count : 0 };
  const full = 'radius' in bound ? bound.radius : least / bound.sigma;
  const short = secular.first > 0 ? lengthAt(secular, 0) : Infinity;
  const isHard = short <= full;
  const gap = isHard ? 0 : root(secular, bound, least);
  step.fill(0);
  for (let k = secular.first; k < n; k++) {
    if (spread[k] !== 0) axpy(-spread[k] / (poles[k] + gap), eigenvector(eigen, k), step);
  }
  if (isHard) {
    const fill = Math.sqrt(Math.max(0, full ** 2 - short ** 2));
    axpy(spread[0] > 0 ? -fill : fill, eigenvector(eigen, 0), step);
  }
  return { shift: least + gap, isHard };
}

/** ‖s‖² = Σ γₖ²/(poleₖ + gap)², from k = first on. */
interface Secular {
  readonly poles: Float64Array;
  readonly spread: Float64Array;
  readonly first: number;
}

function lengthAt({ poles, spread, first }: Secular, gap: number): number {
  let length = 0;
  for (let k = first; k < poles.length; k++) {
    if (spread[k] !== 0) length = Math.hypot(length, spread[k] / (poles[k] + gap));
  }
  return length;
}

/**
 * The gap > 0 where ‖s‖ = length(λ): Newton's method on 1/length − 1/‖s‖, which is nearly straight (Conn, Gould & Toint, 7.3.3), in a
 * bracket that bisection shrinks where Newton's method would leave it.
 */
function root(secular: Secular, bound: Bound, least: number): number {
  const { poles, spread, first } = secular;
  // (λ + λ₁)·‖s‖ ≤ ‖g‖, with ‖s‖ = Δ or ‖s‖ ≥ (λ + λ₁)/σ.
  const size = norm(spread);
  let high = 'radius' in bound ? size / bound.radius : Math.sqrt(bound.sigma * size);
  const growth = 'radius' in bound ? 0 : 1 / bound.sigma;
  let low = 0;
  let gap = high;
  for (let step = 0; step < MOST_STEPS; step++) {
    const actual = lengthAt(secular, gap);
    const wanted = 'radius' in bound ? bound.radius : (least + gap) / bound.sigma;
    if (Math.abs(actual - wanted) <= 1e-12 * wanted) break;
    if (actual > wanted) low = gap;
    else high = gap;
    if (high - low <= Number.EPSILON * high) return high;
    // −d‖s‖/dgap = Σ γ²/(pole + gap)³/‖s‖, all divided by ‖s‖ lest squares overflow.
    let fall = 0;
    for (let k = first; k < poles.length; k++) {
      if (spread[k] === 0) continue;
      const share = spread[k] / (poles[k] + gap) / actual;
      fall += (share * share) / (poles[k] + gap);
    }
    const newton = gap - (1 - wanted / actual) / (-fall * (wanted / actual) - growth / wanted);
    gap = newton > low && newton < high ? newton : low > 0 ? Math.sqrt(low) * Math.sqrt(high) : high * 1e-3;
  }
  return gap;
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
