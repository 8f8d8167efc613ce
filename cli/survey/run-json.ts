import type { RitzPair } from '../../src/curvature/index.js';
import { conditionBounds, kindOf, verdictOf, type RunSurvey } from './run-report.js';

const pair = ({ value, error, converged }: RitzPair) => ({ value, error, converged });

/** The survey as a program reads it; eigenvectors, as long as all parameters, are left out. */
export function runJson(survey: RunSurvey, files: readonly string[]) {
  const { path, model, data, step, statistics, network, stability, plane, line, escape } = survey;
  const { spectrum, density, layers } = network;
  return {
    run: path,
    model,
    data,
    step,
    statistics,
    parameters: network.parameters,
    examples: network.examples,
    value: network.value,
    gradientNorm: network.gradientNorm,
    kind: kindOf(network),
    verdict: verdictOf(network),
    top: spectrum.top.map(pair),
    bottom: spectrum.bottom.map(pair),
    lanczos: {
      steps: spectrum.steps,
      stop: spectrum.stop,
      rounding: spectrum.rounding,
      ritz: Array.from(spectrum.ritz),
      weights: Array.from(spectrum.weights),
    },
    bounds: {
      // JSON knows no infinity.
      lower: Number.isFinite(spectrum.bounds.lower) ? spectrum.bounds.lower : null,
      upper: Number.isFinite(spectrum.bounds.upper) ? spectrum.bounds.upper : null,
      probability: 1 - spectrum.bounds.failure,
    },
    // None of an indefinite Hessian, or where the smallest eigenvalue cannot be told from zero.
    conditionNumber: conditionBounds(network) ?? null,
    waysDown: network.waysDown.map(({ parameters: _, ...way }) => way),
    ...(escape && { escape }),
    kinks: network.kinks,
    ...(stability && {
      stability: {
        optimizer: stability.optimizer,
        lr: stability.lr,
        rule: stability.rule,
        threshold: stability.threshold,
        sharpness: network.scaledSharpness ?? pair(spectrum.top[0]),
        preconditioned: stability.preconditioned,
      },
    }),
    ...(density && {
      density: {
        at: Array.from(density.at),
        density: Array.from(density.density),
        error: Array.from(density.error),
        sigma: density.sigma,
      },
      trace: density.trace,
    }),
    ...(layers && { layers }),
    ...(plane && {
      plane: { ...plane, grid: { ...plane.grid, values: Array.from(plane.grid.values, finite) } },
    }),
    ...(line && { line: { ...line, values: line.values.map(finite) } }),
    ...(files.length > 0 && { files }),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
