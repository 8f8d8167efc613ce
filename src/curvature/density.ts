/**
 * The density of a large symmetric matrix's eigenvalues by stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017; Ghorbani,
 * Krishnan & Xiao 2019, arXiv 1901.10159): m Lanczos steps from each of a few random starts give Gauss quadratures of the density
 * as each start sees it, with nodes θ and weights s₁²; each node is drawn as a normal curve of width σ. The starts are
 * independent, and so each value comes with a standard error.
 */
import { ScreeError } from '../graph/errors.js';
import type { Generator } from '../random/index.js';
import { KrylovBasis } from './krylov-basis.js';
import { lanczos, type LinearOperator } from './lanczos.js';
import { estimateOf, type Estimate } from './trace.js';

export interface DensityOptions {
  readonly generator: Generator;
  /** Random starts, at least 2; 10 by default. */
  readonly probes?: number;
  /** Lanczos steps from each; 80 by default, at most the order. */
  readonly steps?: number;
  /** Values at which the density is given; 201 by default. */
  readonly points?: number;
  /** σ as a share of the width of the spectrum; 0.01 by default. */
  readonly width?: number;
  readonly storage?: 'float32' | 'float64';
  /** Memory to use again, as in lanczos. */
  readonly basis?: KrylovBasis;
  readonly onStep?: (step: number, steps: number) => void;
  readonly signal?: AbortSignal;
}

export interface SpectralDensity {
  /** Where the density is given. */
  readonly at: Float64Array;
  /** Share of the eigenvalues a unit of their size; the integral is 1. */
  readonly density: Float64Array;
  /** Standard error of each value over the starts. */
  readonly error: Float64Array;
  /** σ of the curves. */
  readonly sigma: number;
  /** A quadrature for each start: Σ weights·f(nodes) is about the mean of f over the eigenvalues. */
  readonly quadratures: readonly { readonly nodes: Float64Array; readonly weights: Float64Array }[];
  /** The sum of all eigenvalues: the mean of the starts' quadratures of λ. */
  readonly trace: Estimate;
}

/**
 * @throws ScreeError for fewer than two starts: one has no error
 */
export async function spectralDensity(
  operator: LinearOperator,
  options: DensityOptions,
): Promise<SpectralDensity> {
  const { generator, probes = 10, points = 201, width = 0.01, storage } = options;
  const steps = Math.min(options.steps ?? 80, operator.size);
  if (!Number.isInteger(probes) || probes < 2) {
    throw new ScreeError(`spectralDensity: ${probes} probes have no standard error; take at least 2`);
  }
  const quadratures: { nodes: Float64Array; weights: Float64Array }[] = [];
  const basis = options.basis ?? new KrylovBasis(operator.size, storage ?? 'float64');
  for (let probe = 0; probe < probes; probe++) {
    const { ritz, weights } = await lanczos(operator, {
      generator: generator.fork(probe),
      top: 0,
      bottom: 0,
      tolerance: 0,
      maxSteps: steps,
      basis,
      signal: options.signal,
      onStep: (step) => options.onStep?.(probe * steps + step, probes * steps),
    });
    quadratures.push({ nodes: ritz, weights });
  }
  const lowest = Math.min(...quadratures.map(({ nodes }) => nodes[0]));
  const highest = Math.max(...quadratures.map(({ nodes }) => nodes[nodes.length - 1]));
  const sigma = width * (highest - lowest) || 1e-3 * Math.abs(highest) || 1;
  const from = lowest - 4 * sigma;
  const step = (highest - lowest + 8 * sigma) / (points - 1);
  const at = Float64Array.from({ length: points }, (_, i) => from + i * step);
  const curves = quadratures.map(({ nodes, weights }) => broadened(at, nodes, weights, sigma));
  const mean = new Float64Array(points);
  const error = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const values = curves.map((curve) => curve[i]);
    const { value, standardError } = estimateOf(values);
    mean[i] = value;
    error[i] = standardError;
  }
  const trace = estimateOf(
    quadratures.map(
      ({ nodes, weights }) => operator.size * nodes.reduce((sum, x, i) => sum + x * weights[i], 0),
    ),
  );
  return { at, density: mean, error, sigma, quadratures, trace };
}

/** A quadrature drawn as normal curves of width σ. */
export function broadened(
  at: Float64Array,
  nodes: Float64Array,
  weights: Float64Array,
  sigma: number,
): Float64Array {
  const height = 1 / (sigma * Math.sqrt(2 * Math.PI));
  return at.map((x) => {
    let sum = 0;
    for (let k = 0; k < nodes.length; k++) {
      const z = (x - nodes[k]) / sigma;
      if (Math.abs(z) < 12) sum += weights[k] * Math.exp(-0.5 * z * z);
    }
    return height * sum;
  });
}

/** The eigenvalue distribution function of a density: the share of eigenvalues up to x, with its standard error over the starts. */
export function shareBelow({ quadratures }: Pick<SpectralDensity, 'quadratures'>, x: number): Estimate {
  return estimateOf(
    quadratures.map(({ nodes, weights }) =>
      nodes.reduce((sum, node, k) => sum + (node < x ? weights[k] : 0), 0),
    ),
  );
}
