/** The diagonal blocks of a curvature matrix, one for each layer: how much of the curvature lies within it. */
import { ScreeError } from '../graph/errors.js';
import { sizeOf } from '../graph/shape.js';
import type { Generator } from '../random/index.js';
import { lanczos, type LinearOperator } from './lanczos.js';
import type { BatchedLoss, FloatVector } from './network.js';
import { estimateOf, signs, type Estimate } from './trace.js';

/** Parameters that lie next to each other in the vector of all. */
export interface LayerBlock {
  /** The layer's name: those of its parameters up to the last dot. */
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

/** The layers, in the order of the parameters. */
export function layersOf({ names, parameters }: Pick<BatchedLoss, 'names' | 'parameters'>): LayerBlock[] {
  const blocks: { name: string; start: number; size: number }[] = [];
  let start = 0;
  names.forEach((path, leaf) => {
    const name = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : path;
    const size = sizeOf(parameters[leaf].shape);
    const last = blocks.at(-1);
    if (last?.name === name) last.size += size;
    else blocks.push({ name, start, size });
    start += size;
  });
  return blocks;
}

/** The block itself as a matrix: a product costs one of the whole matrix. */
export function blockOperator(operator: LinearOperator, { start, size }: LayerBlock): LinearOperator {
  const whole = new Float64Array(operator.size);
  const image = new Float64Array(operator.size);
  return {
    size,
    async multiply(v: FloatVector, out) {
      whole.set(v, start);
      await operator.multiply(whole, image);
      out.set(image.subarray(start, start + size));
    },
  };
}

/**
 * The trace of every block, all from the same products with random signs v: the mean of v·(Hv) over the block's places.
 * `probes` products are taken, at least 2; 10 by default.
 */
export async function blockTraces(
  operator: LinearOperator,
  blocks: readonly LayerBlock[],
  { generator, probes = 10, signal }: { generator: Generator; probes?: number; signal?: AbortSignal },
): Promise<Estimate[]> {
  if (!(probes >= 2)) throw new ScreeError(`blockTraces: ${probes} probes have no error; take at least 2`);
  const sums = blocks.map((): number[] => []);
  const image = new Float64Array(operator.size);
  for (let probe = 0; probe < probes; probe++) {
    if (signal?.aborted) throw new ScreeError('blockTraces: interrupted');
    const v = signs(generator, operator.size);
    await operator.multiply(v, image);
    blocks.forEach(({ start, size }, index) => {
      let sum = 0;
      for (let i = start; i < start + size; i++) sum += v[i] * image[i];
      sums[index].push(sum);
    });
  }
  return sums.map(estimateOf);
}

/** The largest and the smallest eigenvalue of a block, each with its interval. */
export async function blockExtremes(
  operator: LinearOperator,
  block: LayerBlock,
  options: { generator: Generator; maxSteps?: number; signal?: AbortSignal },
) {
  const { top, bottom } = await lanczos(blockOperator(operator, block), {
    maxSteps: 20,
    tolerance: 1e-2,
    storage: 'float32',
    ...options,
  });
  return { largest: top[0], smallest: bottom[0] };
}
