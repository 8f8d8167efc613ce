import type { Optimizer } from '../optim/index.js';
import type { Path } from './path.js';
import type { StopReport } from './stop.js';

export interface RateFinding {
  /** What ended the walk in place of the step limit. */
  readonly ended?: Pick<StopReport, 'reason' | 'criterion' | 'value' | 'threshold'>;
  readonly advice?: string;
}

const plain = (value: number): string => Number(value.toPrecision(4)).toString();

/**
 * The largest learning rate times curvature for which gradient descent is stable on a quadratic: 2, with heavy-ball momentum β
 * 2 + 2β, with Nesterov's (2 + 2β)/(1 + 2β). Undefined for methods that rescale the gradient.
 */
function stabilityLimit({ name, options }: Optimizer): number | undefined {
  const momentum = typeof options.momentum === 'number' ? options.momentum : 0;
  if (name === 'nesterov' || (name === 'sgd' && options.nesterov === true)) {
    return (2 + 2 * momentum) / (1 + 2 * momentum);
  }
  return name === 'sgd' || name === 'momentum' ? 2 + 2 * momentum : undefined;
}

/** Rows over which a walk that diverges must have grown. */
const grown = 5;

/** Below this share of the largest stable rate a walk that ran out of steps is called too slow. */
const slow = 0.01;

/** What the learning rate has to do with how a walk went: too large for the curvature at its end, or far too small. */
export function rateFinding(
  optimizer: Optimizer,
  path: Path,
  row: number,
  eigenvalues: readonly number[],
  maximize: boolean,
): RateFinding | undefined {
  const limit = stabilityLimit(optimizer);
  const curvature = Math.max(...eigenvalues.map((value) => (maximize ? -value : value)));
  if (limit === undefined || !(curvature > 0)) return undefined;
  const lr = optimizer.learningRate(Math.max(0, row - 1));
  const stable = `the largest stable rate here is ${plain(limit)}/L = ${plain(limit / curvature)} (L = ${plain(curvature)}, the largest curvature)`;
  const grows =
    row >= grown &&
    Array.from(
      { length: grown },
      (_, k) => path.gradientNorm(row - k) > path.gradientNorm(row - k - 1),
    ).every(Boolean);
  if (lr * curvature >= limit) {
    const ended = {
      reason: 'diverged' as const,
      criterion: 'learning rate times the largest curvature',
      value: lr * curvature,
      threshold: limit,
    };
    return { ...(grows ? { ended } : {}), advice: `lr ${plain(lr)} is too large: ${stable}` };
  }
  if (lr * curvature < slow * limit) return { advice: `lr ${plain(lr)} is too slow: ${stable}` };
  return undefined;
}
