/**
 * What a point is, by its gradient and Hessian: second-order conditions, with signs counted only where rounding cannot have
 * made them.
 *
 * An eigenvalue counts as zero up to θ = max(τ·max|λ|, 2·√(L·‖g‖)).
 *   τ = max(√ε, 4nε). A Hessian is right to some of its digits only: terms that cancel take as many as they are larger than
 *       what is left, and derivatives of sums, powers and quotients lose half of the sixteen now and then. An eigenvalue moves
 *       by at most the norm of the error (Weyl), the decomposition itself adds about 4nε·max|λ|.
 *   2·√(L·‖g‖), with L the Lipschitz constant of the Hessian, is for points beside a critical one: Newton's method
 *       converges to it, and no eigenvalue changes its sign on the way, if L·‖g‖ < λ²/2 (Kantorovich 1948; Ortega & Rheinboldt
 *       1970, 12.6.2); half of that is asked for here, because x³ lies on the limit: at 0.001 it has ‖g‖ = 3e-6 and λ = 0.006, as a
 *       parabola may have, and L = 6 tells them apart. Where L is not given, the signs are those at this very point, and the
 *       evidence says so.
 * A minimum is called one only where every eigenvalue is above θ. One below −θ is enough for it to be none.
 */
import { ScreeError } from '../graph/errors.js';
import { eigenvector, symmetricEigen } from '../linalg/index.js';

export interface Classification {
  /**
   * `regular`: the gradient is not zero. `degenerate`: the signs that are certain would suit a minimum or a maximum, but some
   * eigenvalues cannot be told from zero, so that higher derivatives decide.
   */
  readonly kind: 'minimum' | 'maximum' | 'saddle' | 'degenerate' | 'regular';
  /** Of the Hessian, ascending. */
  readonly eigenvalues: readonly number[];
  /** The unit vectors that belong to them. */
  readonly eigenvectors: readonly Float64Array[];
  /** What was measured and compared, a sentence each. */
  readonly evidence: string[];
}

export interface ClassifyOptions {
  /** Euclidean norm of the gradient. */
  readonly gradientNorm: number;
  /** [n, n], row after row. */
  readonly hessian: Float64Array;
  /** Up to this the gradient counts as zero; √ε·max(1, max|λ|) by default: then a Newton step of 1.5e-8 leads to where it is. */
  readonly gradientTolerance?: number;
  /** τ: up to this times the largest |λ|, an eigenvalue counts as zero. */
  readonly tolerance?: number;
  /** L: ‖∇²f(x) − ∇²f(y)‖ ≤ L·‖x − y‖ around the point. */
  readonly hessianLipschitz?: number;
}

const plain = (value: number): string => Number(value.toPrecision(4)).toString();

/**
 * What a point is. See the head of this file.
 * @throws ScreeError for a Hessian that is not square, not symmetric or not finite, and for a gradient norm that is no number.
 * @example
 * ```ts
 * import { classifyPoint } from 'scree/curvature';
 *
 * const { kind } = classifyPoint({ gradientNorm: 0, hessian: Float64Array.of(2, 0, 0, -1) });
 * console.log(kind);
 * ```
 * ```text
 * saddle
 * ```
 */
export function classifyPoint({
  gradientNorm,
  hessian,
  gradientTolerance,
  tolerance,
  hessianLipschitz,
}: ClassifyOptions): Classification {
  const n = Math.round(Math.sqrt(hessian.length));
  if (!(gradientNorm >= 0)) {
    throw new ScreeError(
      `classifyPoint: the norm of the gradient is ${gradientNorm}; it must be a number from 0`,
    );
  }
  const eigen = symmetricEigen(hessian, n);
  const eigenvalues = Array.from(eigen.values);
  const eigenvectors = eigenvalues.map((_, j) => eigenvector(eigen, j));
  const largest = eigenvalues.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const judged = { eigenvalues, eigenvectors };

  const flat = gradientTolerance ?? Math.sqrt(Number.EPSILON) * Math.max(1, largest);
  if (gradientNorm > flat) {
    const evidence = [`the gradient is not zero: its norm ${plain(gradientNorm)} > ${plain(flat)}`];
    return { kind: 'regular', ...judged, evidence };
  }
  const evidence = [`the gradient is zero: its norm ${plain(gradientNorm)} ≤ ${plain(flat)}`];
  const relative = tolerance ?? Math.max(Math.sqrt(Number.EPSILON), 4 * n * Number.EPSILON);
  const rounding = relative * largest;
  const change = 2 * Math.sqrt((hessianLipschitz ?? 0) * gradientNorm);
  const threshold = Math.max(rounding, change);
  if (gradientNorm > 0 && hessianLipschitz === undefined) {
    evidence.push(
      'signs are those at this point: how fast the Hessian changes towards the critical point is not known',
    );
  }
  const positive = eigenvalues.filter((value) => value > threshold).length;
  const negative = eigenvalues.filter((value) => value < -threshold).length;
  const zero = n - positive - negative;
  const why =
    change > rounding
      ? 'what the Hessian may change by on the way to the critical point'
      : `${plain(relative)} of the largest`;
  evidence.push(
    `eigenvalues of the Hessian from ${plain(eigenvalues[0])} to ${plain(eigenvalues[n - 1])}: ${positive} positive, ${negative} negative, ${zero} within ±${plain(threshold)} of zero (${why})`,
  );
  if (positive > 0 && negative > 0) {
    evidence.push('it goes up along some eigenvectors and down along others');
    return { kind: 'saddle', ...judged, evidence };
  }
  if (zero > 0) {
    evidence.push(
      `the Hessian does not decide: higher derivatives do, along ${zero === 1 ? 'one direction' : `${zero} directions`}`,
    );
    return { kind: 'degenerate', ...judged, evidence };
  }
  return { kind: negative > 0 ? 'maximum' : 'minimum', ...judged, evidence };
}
