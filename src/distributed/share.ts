import type { NDArray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import { ScreeError } from '../graph/errors.js';
import type { Found, StepShare } from '../train/index.js';
import { bucketGradient } from './buckets.js';
import type { WireChoice } from './choice.js';
import { Workspace } from './codec/workspace.js';
import type { Collective } from './collective/collective.js';
import type { Exchange } from './exchange/exchange.js';
import { exchangeByName } from './exchange/registry.js';

/** The rows of a batch that a rank takes: those of the ranks follow one another, none is left and none taken twice. */
export function rowsOf(batchSize: number, rank: number, ranks: number): { first: number; count: number } {
  const border = (index: number) => Math.floor((index * batchSize) / ranks);
  return { first: border(rank), count: border(rank + 1) - border(rank) };
}

/** Times and bytes of the steps of this sitting. */
export interface Tally {
  steps: number;
  sentBytes: number;
  /** From a step's start until its end, without waiting for the exchange. */
  computeMs: number;
  /** While any bucket was under way. */
  exchangeMs: number;
  /** What a step waited for its exchange. */
  waitedMs: number;
}

export interface GradientShare extends StepShare {
  readonly exchange: Exchange;
  /** Exchanges by another choice from now on; what was counted so far is forgotten. */
  use(choice: WireChoice): void;
  readonly tally: Tally;
  /** Whether a rank wished the run to end, as agreed in the last step. */
  readonly stopping: boolean;
}

export interface ShareRequest {
  readonly collective: Collective;
  readonly choice: WireChoice;
  /** Shapes of the parameters in the model, and as the step holds them. */
  readonly shapes: readonly Shape[];
  readonly held: readonly Shape[];
  readonly batchSize: number;
  /** Parts that each rank cuts its rows into. */
  readonly parts: number;
  readonly seed: number;
  /** Asked in every step: whether this rank wishes the run to end. */
  readonly wantsToStop: () => boolean;
}

/**
 * Room for a rank's gradient, and its exchange with the others.
 * @throws ScreeError when there are more ranks than rows in a batch, or codec and exchange do not go together
 */
export function shareOf(request: ShareRequest): GradientShare {
  const { collective, choice, shapes, held, batchSize, parts, seed, wantsToStop } = request;
  const { rank, size } = collective;
  const { first, count } = rowsOf(batchSize, rank, size);
  if (batchSize < size) {
    throw new ScreeError(
      `train: a batch of ${batchSize} cannot be shared by ${size} ranks; take ${size} examples or more, or fewer ranks`,
    );
  }
  const workspace = new Workspace();
  const { buckets, gradients } = bucketGradient(workspace, shapes, choice.bucketBytes);
  const exchangeOf = ({ codec, exchange: name }: WireChoice): Exchange =>
    exchangeByName(name)({ collective, codec, workspace, buckets, seed });
  let exchange = exchangeOf(choice);
  const nothing: Tally = { steps: 0, sentBytes: 0, computeMs: 0, exchangeMs: 0, waitedMs: 0 };
  const tally = { ...nothing };
  let stopping = false;

  /** Loss, mean and the wish to end of all ranks: numbers so few that they are summed as they are. */
  async function combine({ loss, mean }: Found): Promise<Found> {
    const share = count / batchSize;
    const sums = Float64Array.of(loss * share, mean * share, Number(wantsToStop()));
    await collective.allReduce(sums);
    stopping = sums[2] > 0;
    return { loss: sums[0], mean: sums[1] };
  }

  return {
    firstRow: first,
    rows: count,
    firstPart: rank * parts,
    weight: (count * size) / batchSize,
    gradients: gradients.map((array, index): NDArray => ({ ...array, shape: held[index] })),
    get exchange() {
      return exchange;
    },
    use(next) {
      exchange = exchangeOf(next);
      Object.assign(tally, nothing);
    },
    tally,
    get stopping() {
      return stopping;
    },
    async reduce(found, step) {
      const began = performance.now();
      const { sentBytes } = collective.traffic;
      const [whole] = await Promise.all([
        combine(found),
        ...buckets.map((_, bucket) => exchange.reduce(bucket, step)),
      ]);
      const waited = performance.now() - began;
      tally.sentBytes += collective.traffic.sentBytes - sentBytes;
      tally.exchangeMs += waited;
      tally.waitedMs += waited;
      return whole;
    },
  };
}
