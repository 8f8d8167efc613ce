import { isDeepStrictEqual } from 'node:util';
import type { BatchPart } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { zeros, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import { Generator } from '../random/index.js';
import {
  AccumulatedStep,
  parametersSha256,
  type Position,
  type Stepper,
  type StepRequest,
  type TrainGroup,
  type TrainingState,
  type WireReport,
} from '../train/index.js';
import { chooseAutomatically, weighable } from './automatic.js';
import { carryOver, layoutOf, nameStates, statesOf } from './carry-over.js';
import { chooseWire, type WireChoice, type WireOptions } from './choice.js';
import type { CoderState } from './codec/codec.js';
import type { Collective } from './collective/collective.js';
import { differenceOf } from './difference.js';
import { broadcastObject, collectObjects, gatherObjects, shareWork } from './objects.js';
import { rowsOf, shareOf, type GradientShare } from './share.js';

export interface GroupOptions extends WireOptions {
  /** Of the run, for codecs that draw. Default 0. */
  readonly seed?: number;
  /** Ends the run on all ranks after the step that is going on. */
  readonly signal?: AbortSignal;
  /**
   * Whether gradients leave while others are still being computed. Default: on the native engine, where it costs nothing, and between
   * processes; ONNX Runtime computes in stages for it, which takes some percent more of the processor.
   */
  readonly overlap?: boolean;
  /** How long others wait for rank 0's test before they ask for a sign of life, in milliseconds. Default 10 s. */
  readonly heartbeatMs?: number;
  /** Told why `auto` chose what it chose. */
  readonly onNote?: (note: string) => void;
}

/**
 * The ranks of a collective as one that trains: every rank makes its group with the same options and calls `train` with it.
 * @throws ScreeError for a codec or an exchange that is unknown, or that do not go together
 */
export function trainGroup(collective: Collective, options: GroupOptions = {}): TrainGroup {
  return new Ranks(collective, options);
}

class Ranks implements TrainGroup {
  readonly rank: number;
  readonly size: number;
  #choice: WireChoice | undefined;
  #share: GradientShare | undefined;
  #request: StepRequest | undefined;

  constructor(
    private readonly collective: Collective,
    private readonly options: GroupOptions,
  ) {
    this.rank = collective.rank;
    this.size = collective.size;
    // What is out of range is told before data are read.
    if (options.compress !== 'auto') this.#choice = chooseWire(options);
    else weighable(options.exchange);
  }

  get description() {
    const { exchange, compress, feedback, bucketBytes } = this.known(this.#choice);
    return { exchange, compress, feedback, bucketBytes, batchNorm: 'local', ranks: this.size };
  }

  get stopping(): boolean {
    return this.#share?.stopping === true;
  }

  get report(): WireReport | undefined {
    if (this.#share === undefined || this.#request === undefined) return undefined;
    const { tally, exchange } = this.#share;
    const { steps } = tally;
    const each = (total: number) => (steps === 0 ? 0 : total / steps);
    const values = this.#request.start.types.held.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const bytesPerStep = each(tally.sentBytes);
    const rawBytesPerStep = ((2 * (this.size - 1)) / this.size) * 4 * values;
    const codecMs = Math.min(exchange.times.codecMs, tally.exchangeMs);
    return {
      ranks: this.size,
      exchange: this.description.exchange,
      codec: this.description.compress,
      bytesPerStep,
      rawBytesPerStep,
      ratio: bytesPerStep === 0 ? null : rawBytesPerStep / bytesPerStep,
      computeMs: each(tally.computeMs),
      codecMs: each(codecMs),
      wireMs: each(tally.exchangeMs - codecMs),
      hiddenMs: each(Math.max(0, tally.exchangeMs - tally.waitedMs)),
    };
  }

  async check(fields: Readonly<Record<string, unknown>>): Promise<void> {
    const difference = differenceOf(await gatherObjects(this.collective, fields));
    if (difference !== undefined) throw new ScreeError(`train: ${difference}`);
  }

  partOf(batchSize: number): BatchPart {
    return rowsOf(batchSize, this.rank, this.size);
  }

  async compileStep(request: StepRequest, parts: number): Promise<Stepper> {
    const { collective, options } = this;
    const { start, batchSize, optimizer } = request;
    this.#request = request;
    if (this.size > 1 && start.types.state.length > 0) {
      options.onNote?.(
        'batch norm is local: each rank normalises by its own rows, and running statistics become their mean',
      );
    }
    const shapes = start.types.parameters.map(({ shape }) => shape);
    // What is to be chosen is measured with gradients as they are.
    const choice = this.#choice ?? chooseWire({ ...options, compress: 'none', exchange: undefined });
    if (optimizer.gradientAt !== undefined && choice.compress !== 'none') {
      throw new ScreeError(
        `train: ${optimizer.name} takes two gradients a step, whose residuals would mix; it goes with compress none, not ${choice.compress}`,
      );
    }
    const share = shareOf({
      collective,
      choice,
      shapes,
      held: start.types.held.map(({ shape }) => shape),
      parameters: start.state.current.slice(0, shapes.length),
      batchSize,
      parts,
      seed: options.seed ?? 0,
      overlap: options.overlap ?? (request.compile.target === 'native' || collective.kind === 'mpi'),
      wantsToStop: () => options.signal?.aborted === true,
    });
    this.#share = share;
    const stepper = await AccumulatedStep.compile(request, parts, share);
    if (this.#choice === undefined) {
      const computeMs = await trialMs(request, stepper, share);
      const chosen =
        optimizer.gradientAt === undefined
          ? await chooseAutomatically(collective, shapes, computeMs, options)
          : { choice, why: `compress auto takes none: ${optimizer.name} takes two gradients a step` };
      this.#choice = chosen.choice;
      share.use(chosen.choice);
      options.onNote?.(chosen.why);
    }
    return {
      async run(batch, values) {
        const began = performance.now();
        const waited = share.tally.waitedMs;
        share.start();
        share.beginLoose?.(start.state.current.slice(0, shapes.length), values.step);
        const found = await stepper.run(batch, values);
        await share.meet?.(start.state.current.slice(0, shapes.length), values.step, false);
        share.tally.steps++;
        share.tally.computeMs += performance.now() - began - (share.tally.waitedMs - waited);
        return found;
      },
      close: () => stepper.close(),
    };
  }

  async begin(
    state: TrainingState,
    position: Position,
    saved: Readonly<Record<string, NDArray>>,
  ): Promise<Position> {
    const { collective, rank } = this;
    const told = await broadcastObject(collective, position);
    if (told.step === 0) return told;
    for (const { data } of state.current) {
      await collective.broadcast(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 0);
    }
    const old = await broadcastObject(collective, rank === 0 ? statesOf(saved) : []);
    if (old.length === 0) return told;
    const own = this.kept();
    const layouts = await gatherObjects(collective, layoutOf(own));
    // Other ranks, or the same ones on other hosts.
    const mine = isDeepStrictEqual(layouts, old.map(layoutOf)) ? old[rank] : carryOver(old, layouts, rank);
    for (const [name, { data }] of Object.entries(mine)) own[name].data.set(data);
    return told;
  }

  async settle(step: number): Promise<void> {
    const { collective, size } = this;
    const { exchange, meet } = this.known(this.#share);
    await exchange.settle?.();
    const { start } = this.known(this.#request);
    const trained = start.types.parameters.length;
    await meet?.(start.state.current.slice(0, trained), step, true);
    if (size === 1) return;
    for (const { data, dtype } of start.state.current.slice(trained, trained + start.types.state.length)) {
      // Counters are the same everywhere.
      if (dtype !== 'float32' && dtype !== 'float64') continue;
      const mean = Float64Array.from(data);
      await collective.allReduce(mean);
      data.set(mean.map((sum) => sum / size));
    }
    const hashes = await gatherObjects(collective, parametersSha256(start));
    const other = hashes.findIndex((hash) => hash !== hashes[0]);
    if (other < 0) return;
    throw new ScreeError(
      `train: after step ${step}, rank ${other} holds other parameters than rank 0 (SHA-256 ${hashes[other].slice(0, 12)}…, not ` +
        `${hashes[0].slice(0, 12)}…): its memory, its processor or its version of the engine is not as the others'`,
    );
  }

  share<T>(work: () => Promise<T>): Promise<T> {
    return shareWork(this.collective, work, this.options.heartbeatMs);
  }

  async gather(): Promise<Readonly<Record<string, NDArray>>> {
    const state = this.kept();
    const own: CoderState = Object.fromEntries(
      Object.entries(state).map(([name, array]) => [name, { ...array, data: array.data.slice() }]),
    );
    return nameStates(await collectObjects(this.collective, own));
  }

  /** What this rank keeps that others do not: of its exchange, and where it trains on its own, of its optimiser. Views. */
  private kept(): CoderState {
    const { exchange, meet } = this.known(this.#share);
    if (meet === undefined) return exchange.state;
    const { state, types } = this.known(this.#request).start;
    const moments = state.current.slice(types.parameters.length + types.state.length);
    const named = moments.map((array, index) => [`optimizer.${index}`, array] as const);
    return { ...exchange.state, ...Object.fromEntries(named) };
  }

  private known<T>(value: T | undefined): T {
    if (value === undefined) throw new ScreeError('train group: no step has been compiled yet');
    return value;
  }
}

/** Steps that are taken to see how long one computes; the first is not counted. */
const trials = 3;

/** Takes some steps on a batch of zeros, and the state back. @returns the shortest time of one without its exchange */
async function trialMs(request: StepRequest, stepper: Stepper, share: GradientShare): Promise<number> {
  const { start, input, label, mixes } = request;
  const { state } = start;
  const before = state.current.map(({ data }) => data.slice());
  const blank = ({ shape, dtype }: TensorType) => zeros([share.rows, ...shape], dtype);
  const labels = blank(label);
  const batch = { inputs: blank(input), labels, ...(mixes && { mix: { labels, weight: zeros([]) } }) };
  let shortest = Infinity;
  for (let step = 1; step <= trials; step++) {
    const waited = share.tally.waitedMs;
    const began = performance.now();
    await stepper.run(batch, { lr: 0, step, random: new Generator(step), momentum: 0 });
    const computeMs = performance.now() - began - (share.tally.waitedMs - waited);
    if (step > 1) shortest = Math.min(shortest, computeMs);
  }
  // The sides of the state have changed places: both are as they were.
  for (const side of [state.current, state.next]) side.forEach(({ data }, index) => data.set(before[index]));
  return shortest;
}
