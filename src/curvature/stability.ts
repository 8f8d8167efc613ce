/** The sharpness that an optimiser's steps bear. */
export interface Stability {
  /** The largest eigenvalue of the Hessian above which steps along its eigenvector grow on a quadratic. */
  readonly threshold: number;
  /** The threshold with its formula, such as `2/lr`. */
  readonly rule: string;
  /** Whether the eigenvalue is that of the Hessian scaled from both sides by the root of what steps are multiplied with. */
  readonly preconditioned: boolean;
}

export interface StabilityOptions {
  readonly lr: number;
  readonly momentum?: unknown;
  readonly nesterov?: unknown;
  readonly beta1?: unknown;
}

/**
 * The threshold of an optimiser on a quadratic, with all examples in every step: gradient descent 2/lr, heavy ball (2 + 2β)/lr,
 * Nesterov (2 + 2β)/((1 + 2β)·lr) (Cohen et al. 2021, arXiv 2103.00065, appendix B), adam (2 + 2β₁)/((1 − β₁)·lr) for the
 * preconditioned Hessian (Cohen et al. 2022, arXiv 2207.14484). Undefined for optimisers whose threshold is not known.
 * @param name such as `sgd`, `momentum`, `nesterov`, `adam`
 */
export function stabilityThreshold(
  name: string,
  { lr, momentum, nesterov, beta1 }: StabilityOptions,
): Stability | undefined {
  const beta = Number(momentum ?? 0);
  if (name === 'adam' || name === 'adamw') {
    const b = Number(beta1);
    return { threshold: (2 + 2 * b) / ((1 - b) * lr), rule: '(2 + 2β₁)/((1 − β₁)·lr)', preconditioned: true };
  }
  if (name === 'nesterov' || (name === 'sgd' && nesterov === true && beta > 0)) {
    return {
      threshold: (2 + 2 * beta) / ((1 + 2 * beta) * lr),
      rule: '(2 + 2β)/((1 + 2β)·lr)',
      preconditioned: false,
    };
  }
  if (name === 'momentum' || (name === 'sgd' && beta > 0)) {
    return { threshold: (2 + 2 * beta) / lr, rule: '(2 + 2β)/lr', preconditioned: false };
  }
  return name === 'sgd' ? { threshold: 2 / lr, rule: '2/lr', preconditioned: false } : undefined;
}
