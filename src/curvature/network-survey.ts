/** The curvature of a network's loss at its weights, measured: what `scree survey RUN` tells. */
import type { CompileOptions } from '../compile/index.js';
import { Generator } from '../random/index.js';
import { spectralDensity, type SpectralDensity } from './density.js';
import { escapeAlong, type LineEscape } from './escape-network.js';
import { KrylovBasis, lengthOf } from './krylov-basis.js';
import { lanczos, type LanczosResult, type LinearOperator, type RitzPair } from './lanczos.js';
import { blockExtremes, blockTraces, layersOf, type LayerBlock } from './layer-blocks.js';
import {
  checkFinite,
  exampleCount,
  LossFunction,
  partTypes,
  type BatchedLoss,
  type FloatVector,
} from './network.js';
import { curvatureOperator } from './network-products.js';
import type { Estimate } from './trace.js';
import { trace } from '../ops/index.js';
import type { Tensor } from '../graph/tensor.js';

export interface NetworkSurveyOptions {
  readonly compile?: CompileOptions;
  readonly keepBytes?: number;
  /** Eigenvalues at either end; 5 each by default. */
  readonly top?: number;
  readonly bottom?: number;
  /** Lanczos steps at most; see {@link lanczos}. */
  readonly maxSteps?: number;
  /** Also the spectral density, the trace and the layers' shares of it. */
  readonly density?: boolean;
  /** Also the largest and the smallest eigenvalue of each layer's block: up to 20 products a layer. */
  readonly layers?: boolean;
  readonly probes?: number;
  readonly densitySteps?: number;
  /** For adam and its like: sharpness is that of the Hessian times this from both sides. */
  readonly scaling?: FloatVector;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** What is being done, and how much of it. */
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

/** One way down, as it was tried. */
export interface WayDown {
  readonly along: 'gradient' | 'negative curvature';
  readonly step: number;
  readonly decrease: number;
  readonly value: number;
  /** The weights there. */
  readonly parameters: FloatVector;
}

/** A Ritz value without its vector, which would keep its basis. */
type Eigenvalue = Omit<RitzPair, 'vector'>;

/** What was measured of a layer's block of the Hessian. */
export interface LayerSurvey extends LayerBlock {
  /** With `density`. */
  readonly trace?: Estimate;
  /** With `layers`. */
  readonly largest?: Eigenvalue;
  readonly smallest?: Eigenvalue;
}

export interface NetworkSurvey {
  readonly parameters: number;
  readonly examples: number;
  readonly value: number;
  readonly gradientNorm: number;
  readonly spectrum: LanczosResult;
  readonly density?: SpectralDensity;
  readonly layers?: readonly LayerSurvey[];
  /** The largest eigenvalue of the scaled Hessian, where a scaling was given. */
  readonly scaledSharpness?: { readonly value: number; readonly error: number };
  /** What was tried, the best first. */
  readonly waysDown: readonly WayDown[];
  /** Ops in the model whose derivative jumps, such as relu. */
  readonly kinks: readonly string[];
  readonly keptBytes: number;
}

type Leaves = readonly Tensor[];

const kinked = new Set([
  'relu',
  'leakyRelu',
  'maxPool',
  'abs',
  'maximum',
  'minimum',
  'max',
  'min',
  'clip',
  'sign',
]);

/** Names of the ops between parameters and output whose first derivative jumps somewhere. */
export function kinksOf(loss: BatchedLoss): string[] {
  const [part] = loss.parts;
  const types = partTypes(part);
  const { nodes } = trace<[Leaves, Leaves, Leaves], Leaves>(
    (parameters, examples, shared) => [loss.output(parameters, examples, shared)],
    [[...loss.parameters], types.examples, types.shared],
  );
  return [...new Set(nodes.map(({ op }) => op.name).filter((name) => kinked.has(name)))];
}

/** D·H·D for a diagonal D. */
function scaled(operator: LinearOperator, scaling: FloatVector): LinearOperator {
  const w = new Float64Array(operator.size);
  return {
    size: operator.size,
    async multiply(v, out) {
      for (let i = 0; i < w.length; i++) w[i] = scaling[i] * v[i];
      await operator.multiply(w, out);
      for (let i = 0; i < w.length; i++) out[i] *= scaling[i];
    },
  };
}

/**
 * Measures the curvature at the weights: eigenvalues at both ends with intervals, the ways down, and with `density` the
 * distribution of all eigenvalues.
 * @throws ScreeError for weights that are not finite, or where derivatives overflow
 */
export async function surveyNetwork(
  loss: BatchedLoss,
  at: FloatVector,
  options: NetworkSurveyOptions = {},
): Promise<NetworkSurvey> {
  const { compile = {}, keepBytes, seed = 0, signal, top = 5, bottom = 5, maxSteps, scaling } = options;
  checkFinite(loss, at);
  const generator = new Generator(seed);
  // One memory for all bases, one after the other.
  const basis = new KrylovBasis(at.length, loss.parameters[0].dtype === 'float64' ? 'float64' : 'float32');
  const isLarge = at.length > 1e6;
  const tell = (what: string) => (done: number, of: number) => options.onProgress?.(what, done, of);
  const f = new LossFunction(loss, compile);
  const operator = await curvatureOperator('hessian', loss, at, { compile, keepBytes });
  try {
    const { value, gradient } = await f.gradient(at);
    const gradientNorm = lengthOf(gradient);
    const spectrum = await lanczos(operator, {
      generator: generator.fork('lanczos'),
      // Both ends always: the spread is between them.
      top: Math.max(1, top),
      bottom: Math.max(1, bottom),
      maxSteps,
      basis,
      signal,
      onStep: tell('eigenvalues'),
    });
    const waysDown: WayDown[] = [];
    if (gradientNorm > 0) {
      const down = gradient.map((x) => -x / gradientNorm);
      const tried = await escapeAlong(loss, f, at, down, { value, bothWays: false });
      waysDown.push({ along: 'gradient', ...pick(tried) });
    }
    const [lowest] = spectrum.bottom;
    if (lowest.value + lowest.error < 0) {
      const tried = await escapeAlong(loss, f, at, lowest.vector(), { value });
      waysDown.push({ along: 'negative curvature', ...pick(tried) });
    }
    waysDown.sort((a, b) => b.decrease - a.decrease);
    const scaledTop =
      scaling &&
      (await lanczos(scaled(operator, scaling), {
        generator: generator.fork('scaled'),
        bottom: 0,
        maxSteps: 40,
        basis,
        signal,
        onStep: tell('preconditioned sharpness'),
      }));
    const density =
      options.density === true
        ? await spectralDensity(operator, {
            generator: generator.fork('density'),
            // Large networks pay for every product: fewer, and the standard errors say so.
            probes: options.probes ?? (isLarge ? 4 : 10),
            steps: options.densitySteps ?? (isLarge ? 40 : 80),
            basis,
            signal,
            onStep: tell('density'),
          })
        : undefined;
    const blocks = layersOf(loss);
    const traces =
      density && (await blockTraces(operator, blocks, { generator: generator.fork('layers'), signal }));
    const extremes: Pick<LayerSurvey, 'largest' | 'smallest'>[] = [];
    for (const block of options.layers === true ? blocks : []) {
      const found = await blockExtremes(operator, block, { generator: generator.fork(block.name), signal });
      extremes.push({ largest: withoutVector(found.largest), smallest: withoutVector(found.smallest) });
      tell('layers')(extremes.length, blocks.length);
    }
    return {
      parameters: operator.size,
      examples: exampleCount(loss),
      value,
      gradientNorm,
      spectrum,
      waysDown,
      kinks: kinksOf(loss),
      keptBytes: operator.keptBytes,
      ...(scaledTop && { scaledSharpness: { value: scaledTop.top[0].value, error: scaledTop.top[0].error } }),
      ...(density && { density }),
      ...((traces ?? options.layers) && {
        layers: blocks.map((block, index) => ({
          ...block,
          ...(traces && { trace: traces[index] }),
          ...extremes[index],
        })),
      }),
    };
  } finally {
    operator.close();
    f.close();
  }
}

function withoutVector({ value, error, converged }: RitzPair): Eigenvalue {
  return { value, error, converged };
}

function pick({ step, decrease, value, parameters }: LineEscape): Omit<WayDown, 'along'> {
  return { step, decrease, value, parameters };
}
