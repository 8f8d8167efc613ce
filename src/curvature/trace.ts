/**
 * The trace of a large symmetric matrix from products with random vectors, with a confidence interval.
 *
 *   hutchinson  mean of vᵀAv over random signs v (Hutchinson 1989)
 *   hutch++     a third of the products find the span Q of the large eigenvalues, whose trace is computed exactly; Hutchinson's
 *               estimate is of the rest alone (Meyer, Musco, Musco & Woodruff 2021, arXiv 2010.09649)
 *
 * The interval is Student's over the vectors. Values vᵀAv are skewed where a few eigenvalues carry the trace, which is what
 * hutch++ takes away.
 */
import { ScreeError } from '../graph/errors.js';
import { bernoulli, type Generator } from '../random/index.js';
import { KrylovBasis } from './krylov-basis.js';
import type { LinearOperator } from './lanczos.js';
import { studentQuantile } from './student.js';

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  /** The interval that holds the truth with 95 % confidence. */
  readonly interval: readonly [lower: number, upper: number];
}

/** The mean of independent values, with Student's 95 % interval. */
export function estimateOf(values: readonly number[]): Estimate {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const standardError = Math.sqrt(variance / count);
  const reach = standardError === 0 ? 0 : studentQuantile(0.05, count - 1) * standardError;
  return { value: mean, standardError, interval: [mean - reach, mean + reach] };
}

export interface TraceOptions {
  readonly generator: Generator;
  /** Products to spend; 30 by default, at least 2 (hutchinson) or 6 (hutch++). */
  readonly products?: number;
  readonly method?: 'hutch++' | 'hutchinson';
  readonly signal?: AbortSignal;
}

/**
 * @throws ScreeError for too few products to give an interval
 */
export async function traceEstimate(
  operator: LinearOperator,
  { generator, products = 30, method = 'hutch++', signal }: TraceOptions,
): Promise<Estimate> {
  const least = method === 'hutchinson' ? 2 : 6;
  if (!Number.isInteger(products) || products < least) {
    throw new ScreeError(`traceEstimate: ${products} products; ${method} takes at least ${least}`);
  }
  const { size } = operator;
  const image = new Float64Array(size);
  const multiply = async (v: Float64Array): Promise<number> => {
    if (signal?.aborted) throw new ScreeError('traceEstimate: interrupted');
    await operator.multiply(v, image);
    return dot(v, image);
  };
  const sketched = method === 'hutchinson' ? 0 : Math.min(Math.floor(products / 3), size);
  const basis = new KrylovBasis(size, 'float64');
  for (let k = 0; k < sketched; k++) {
    await multiply(signs(generator, size));
    basis.orthogonalise(image);
    const { length } = basis.orthogonalise(image);
    if (length > 0) basis.push(image, length);
  }
  let exact = 0;
  for (let k = 0; k < basis.count; k++) exact += await multiply(Float64Array.from(basis.vector(k)));
  const values: number[] = [];
  const left = products - 2 * sketched;
  for (let k = 0; k < left; k++) {
    const v = signs(generator, size);
    basis.remove(v, basis.coefficients(v));
    values.push(await multiply(v));
  }
  const rest = estimateOf(values);
  return {
    value: exact + rest.value,
    standardError: rest.standardError,
    interval: [exact + rest.interval[0], exact + rest.interval[1]],
  };
}

/** Independent random signs. */
export function signs(generator: Generator, size: number): Float64Array {
  const { data } = bernoulli(generator, [size], 0.5);
  return Float64Array.from(data, (value) => (value ? 1 : -1));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
