import type { BatchPart } from '../data/index.js';
import type { NDArray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import { ScreeError } from '../graph/errors.js';
import type { Found, StepShare } from '../train/index.js';
import { bucketGradient } from './buckets.js';
import type { WireChoice } from './choice.js';
import { Workspace } from './codec/workspace.js';
import type { Collective } from './collective/collective.js';
import { Departures } from './departures.js';
import type { Exchange } from './exchange/exchange.js';

/**
 * The rows of a batch that a rank takes: those of the ranks follow one another, none is left and none taken twice.
 * @throws ScreeError when there are more ranks than rows
 */
export function rowsOf(batchSize: number, rank: number, ranks: number): BatchPart {
  if (batchSize < ranks) {
    throw new ScreeError(
      `train: a batch of ${batchSize} cannot be shared by ${ranks} ranks; take ${ranks} examples or more, or fewer ranks`,
    );
  }
  const border = (index: number) => Math.floor((index * batchSize) / ranks);
  return { first: border(rank), count: border(rank + 1) - border(rank) };
}

/** Times and bytes of the steps of this sitting. */
export interface Tally {
  steps: number;
  sentBytes: number;
  /** From a step's start until its end, without waiting for the exchange. */
  computeMs: number;
  /** While any bucket was under way: coded, sent, or waited for. */
  exchangeMs: number;
  /** What of it a step waited for, its gradient being complete. */
  waitedMs: number;
}

export interface GradientShare extends StepShare {
  readonly exchange: Exchange;
  /** Exchanges by another choice from now on; what was counted so far is forgotten. */
  use(choice: WireChoice): void;
  readonly tally: Tally;
  /** Called before each step: what is sent from now on is counted. */
  start(): void;
  /**
   * Where ranks train on their own: called after each step, it makes their parameters the same when it is time to, or `now`.
   * @param step from 1
   */
  readonly meet?: (parameters: readonly NDArray[], step: number, now: boolean) => Promise<void>;
  /** Called before each step where ranks do not step together. */
  readonly beginLoose?: (parameters: readonly NDArray[], step: number) => void;
  /** Whether a rank wished the run to end, as agreed in the last step. */
  readonly stopping: boolean;
}

export interface ShareRequest {
  readonly collective: Collective;
  readonly choice: WireChoice;
  /** Shapes of the parameters in the model, and as the step holds them. */
  readonly shapes: readonly Shape[];
  readonly held: readonly Shape[];
  /** What all ranks begin with. */
  readonly parameters: readonly NDArray[];
  readonly batchSize: number;
  /** Parts that each rank cuts its rows into. */
  readonly parts: number;
  readonly seed: number;
  /** Whether buckets leave while the gradient is still being computed. */
  readonly overlap: boolean;
  /** Asked in every step: whether this rank wishes the run to end. */
  readonly wantsToStop: () => boolean;
}

/**
 * Room for a rank's gradient, and its exchange with the others.
 * @throws ScreeError when there are more ranks than rows in a batch, or codec and exchange do not go together
 */
export function shareOf(request: ShareRequest): GradientShare {
  const { collective, choice, shapes, held, parameters, batchSize, parts, seed, overlap, wantsToStop } =
    request;
  const { rank, size } = collective;
  const { count } = rowsOf(batchSize, rank, size);
  const workspace = new Workspace();
  const { buckets, gradients, members } = bucketGradient(workspace, shapes, choice.bucketBytes);
  const { makeExchange, makeSynchroniser, codec, bucketBytes } = choice;
  const common = { collective, workspace, seed };
  const synchroniser = makeSynchroniser?.({
    ...common,
    codec,
    bucketBytes,
    shapes,
    parameters,
    exchange: makeExchange,
  });
  const exchangeOf = (chosen: WireChoice): Exchange =>
    chosen.makeExchange({ ...common, codec: chosen.codec, buckets });
  const loose = synchroniser?.loose;
  // Gradients stay where they are while ranks train on their own.
  let exchange: Exchange =
    synchroniser === undefined
      ? exchangeOf(choice)
      : { reduce: () => Promise.resolve(), state: synchroniser.state, times: synchroniser.times };
  const nothing: Tally = { steps: 0, sentBytes: 0, computeMs: 0, exchangeMs: 0, waitedMs: 0 };
  const tally = { ...nothing };
  let stopping = false;
  const departures = new Departures(buckets.length, (bucket, step) => exchange.reduce(bucket, step));
  let mark = { sentBytes: 0, busyMs: 0 };
  const look = () => ({ sentBytes: collective.traffic.sentBytes, busyMs: departures.busyMs });

  /** Counts what is waited for, and what was sent and under way since the mark. */
  async function counted<T>(work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await departures.counted(work);
    tally.waitedMs += performance.now() - began;
    const now = look();
    tally.sentBytes += now.sentBytes - mark.sentBytes;
    tally.exchangeMs += now.busyMs - mark.busyMs;
    mark = now;
    return result;
  }

  /** Loss, mean and the wish to end of all ranks: numbers so few that they are summed as they are. */
  async function combine({ loss, mean }: Found): Promise<Found> {
    // Ranks that do not wait for each other each know their own rows only.
    if (loose !== undefined) return { loss, mean };
    const share = count / batchSize;
    const sums = Float64Array.of(loss * share, mean * share, Number(wantsToStop()));
    await collective.allReduce(sums);
    stopping = sums[2] > 0;
    return { loss: sums[0], mean: sums[1] };
  }

  return {
    rows: count,
    firstPart: rank * parts,
    weight: synchroniser === undefined ? (count * size) / batchSize : 1,
    gradients: gradients.map((array, index): NDArray => ({ ...array, shape: held[index] })),
    groups: overlap && size > 1 && synchroniser === undefined ? members : undefined,
    start() {
      mark = look();
    },
    begin: (bucket, step) => departures.complete(bucket, step),
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
      const [whole] = await counted(() => Promise.all([combine(found), departures.finish(step)]));
      return whole;
    },
    ...(loose && {
      beginLoose: (current: readonly NDArray[], step: number) => loose.begin(current, step),
    }),
    ...(synchroniser && {
      async meet(current: readonly NDArray[], step: number, now: boolean) {
        const { every } = synchroniser;
        if (loose !== undefined) {
          await counted(() => (now ? loose.meet(current) : loose.step(current, step, wantsToStop())));
          stopping = loose.endsAt(step);
          return;
        }
        // Who has met after this step need not meet again.
        if (now && step % every === 0) return;
        await counted(() => synchroniser.afterStep(current, now ? Math.ceil(step / every) * every : step));
      },
    }),
  };
}
