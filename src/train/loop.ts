import { setImmediate } from 'node:timers/promises';
import type { Batch, Task } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import type { Initialised, Layer, Segments } from '../nn/index.js';
import type { Evaluator } from './evaluate.js';
import type { TrainGroup } from './group.js';
import type { Score } from './judge.js';
import type { Plan } from './plan.js';
import { encodePosition, type EpochScores, type Position } from './position.js';
import type { Recorder } from './recorder.js';
import type { Start } from './start.js';
import type { Found, Stepper } from './step.js';
import type { Target } from './target.js';

/** What a loop tells while it runs. */
export type Progress =
  | {
      readonly kind: 'start';
      /** The run folder; null where nothing is written. */
      readonly run: string | null;
      readonly model: string;
      readonly data: string;
      readonly task: Task;
      /** The model itself, what it starts with, and the shape of one example: for a summary. */
      readonly network: Layer;
      readonly initial: Initialised;
      readonly input: Shape;
      /** How many numbers are trained. */
      readonly parameters: number;
      readonly optimizer: string;
      readonly batchSize: number;
      /** Parts that a batch is cut into. */
      readonly accumulate: number;
      /** Segments whose activations are computed again, where they are. */
      readonly checkpointActivations: Segments | undefined;
      readonly target: Target;
      /** Where a quicker engine could be had: how, in one line. */
      readonly hint?: string;
      /** What a step takes at most, weights and all, in bytes; where the engine plans it. */
      readonly memoryBytes?: number;
      readonly threads: number;
      /** That train together. */
      readonly ranks: number;
      /** Of the whole run. */
      readonly epochs: number;
      readonly steps: number;
      /** Steps taken before; null for a new run. */
      readonly resumedFrom: number | null;
    }
  | {
      readonly kind: 'step';
      /** Steps taken. */
      readonly step: number;
      /** From 1. */
      readonly epoch: number;
      /** Of this step's batch, before the step. */
      readonly score: Score;
      readonly lr: number;
    }
  /** Convolutions are measured, once on a machine, before they first run: how many are done. */
  | { readonly kind: 'tuning'; readonly done: number; readonly total: number }
  | { readonly kind: 'testing'; readonly step: number; readonly epoch: number }
  | (EpochScores & {
      readonly kind: 'epoch';
      readonly step: number;
      /** From 1. */
      readonly epoch: number;
      /** Whether no epoch before had so low a loss on the validation part; false where there is none. */
      readonly isBest: boolean;
      /** Spent in this epoch's steps and its test. */
      readonly seconds: number;
    })
  | { readonly kind: 'warning'; readonly message: string };

export interface LoopParts {
  readonly plan: Plan;
  readonly start: Start;
  readonly program: Stepper;
  readonly evaluator: Evaluator;
  /** Moved on by the loop. */
  readonly position: Position;
  readonly recorder: Recorder | undefined;
  /** Also save after every so many steps. */
  readonly checkpointEvery: number | undefined;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal | undefined;
  /** Where several ranks train together. */
  readonly group: TrainGroup | undefined;
}

/** The longest that timers and signals wait for a target that keeps the thread. */
const yieldEveryMs = 30;

/** The batches from a step on, epoch after epoch. */
function* batchesFrom({ batches, steps }: Plan, first: number): IterableIterator<Batch> {
  let step = first;
  while (step < steps) {
    const index = step % batches.perEpoch;
    for (const batch of batches.epoch(Math.floor(step / batches.perEpoch), index)) {
      if (step++ === steps) return;
      yield batch;
    }
  }
}

/** A step that is being taken. */
interface Running {
  readonly result: Promise<Found>;
  readonly lr: number;
  /** From 1. */
  readonly epoch: number;
}

/** Starts one step after the other; each call prepares the batch of the next while its step runs. Undefined after the last. */
function steps(parts: LoopParts): () => Running | undefined {
  const { plan, program, position } = parts;
  const keys = plan.generator.fork('step');
  const batches = batchesFrom(plan, position.step);
  let batch = batches.next();
  return () => {
    if (batch.done) return undefined;
    const { epoch } = batch.value;
    const { step } = position;
    const lr = rate(parts);
    const result = program.run(batch.value, {
      lr,
      step: step + 1,
      random: keys.fork(step),
      momentum: plan.schedule.momentum?.(step),
    });
    batch = batches.next();
    return { result, lr, epoch: epoch + 1 };
  };
}

/** Whether the loss of the validation part has not fallen for as long as the plan bears. */
export function hasStoppedEarly({ patience, batches }: Plan, { step, best }: Position): boolean {
  if (patience === undefined || best === undefined) return false;
  return Math.ceil(step / batches.perEpoch) - best.epoch >= patience;
}

/**
 * Runs a plan from a position to its end, or to the step at which the signal came: then everything is saved.
 * @returns whether the end was reached, which the plan's patience may bring about early
 * @throws ScreeError when the loss is no longer finite, or something cannot be saved; the checkpoints saved before stay
 */
export async function runLoop(parts: LoopParts): Promise<boolean> {
  const { plan, position, recorder, checkpointEvery, signal, group } = parts;
  const begin = steps(parts);
  // All ranks must end after the same step.
  const aborted = () => (group === undefined ? signal?.aborted === true : group.stopping);
  const over = () => position.step === plan.steps || hasStoppedEarly(plan, position);
  const next = () => (aborted() || over() ? undefined : begin());
  let running = next();
  let epochBegan = performance.now();
  let mark = epochBegan;
  let lastYield = epochBegan;
  try {
    while (running !== undefined) {
      const { lr, epoch } = running;
      const found = await running.result;
      const now = performance.now();
      position.stepSeconds += (now - mark) / 1000;
      position.seconds += (now - mark) / 1000;
      mark = now;
      const step = count(position, found);
      if (!Number.isFinite(found.loss)) throw await diverged(`the loss is ${found.loss}`, lr, parts);
      const ended = step % plan.batches.perEpoch === 0 || step === plan.steps;
      const pause = ended || aborted() || (checkpointEvery !== undefined && step % checkpointEvery === 0);
      // Where nothing waits for the state, the next step runs while this one is told.
      running = pause ? undefined : begin();
      tell(parts, step, epoch, found, lr);
      let isBest = false;
      if (pause) await group?.settle(step);
      if (ended) {
        isBest = await testEpoch(parts, epoch, epochBegan);
        epochBegan = performance.now();
        position.seconds += (epochBegan - now) / 1000;
      }
      if (pause) {
        await save(parts, lr, isBest);
        mark = performance.now();
        running = next();
      }
      if (now - lastYield > yieldEveryMs) {
        await setImmediate();
        lastYield = now;
      }
    }
  } finally {
    // The program writes into the state until its step is done.
    await running?.result.catch(() => undefined);
  }
  await recorder?.settle();
  return over();
}

/** Counts a step that was taken. */
function count(position: Position, { loss, mean }: Found): number {
  position.lossSum += loss;
  position.meanSum += mean;
  position.batchesSummed++;
  return ++position.step;
}

function tell(
  { plan, recorder, onProgress }: LoopParts,
  step: number,
  epoch: number,
  { loss, mean }: Found,
  lr: number,
): void {
  const score = plan.judge.score(loss, mean);
  recorder?.row({ step, epoch, ...score, lr });
  onProgress({ kind: 'step', step, epoch, score, lr });
}

/** The learning rate of the next step. */
function rate({ plan, position }: LoopParts): number {
  return plan.schedule(position.step) * (position.plateau?.factor ?? 1);
}

/** @returns whether no epoch before was as good */
async function testEpoch(parts: LoopParts, epoch: number, epochBegan: number): Promise<boolean> {
  const { plan, start, evaluator, position, recorder, onProgress, group } = parts;
  const { step } = position;
  const { data, judge } = plan;
  onProgress({ kind: 'testing', step, epoch });
  const evaluate = async () => {
    const weights = start.weights();
    const validation = data.validation && (await evaluator.score(weights, data.validation));
    return { validation, test: await evaluator.score(weights, data.test) };
  };
  const { validation, test } = await (group === undefined ? evaluate() : group.share(evaluate));
  const count = position.batchesSummed;
  const train = judge.score(position.lossSum / count, position.meanSum / count, data.train);
  Object.assign(position, { scores: { train, validation, test }, lossSum: 0, meanSum: 0, batchesSummed: 0 });
  if (position.plateau !== undefined) {
    position.plateau = plan.schedule.plateau?.update(position.plateau, (validation ?? test).loss);
  }
  const isBest = validation !== undefined && validation.loss < (position.best?.validation.loss ?? Infinity);
  if (isBest) position.best = { step, epoch, validation, test };
  recorder?.row({ step, epoch, ...prefixed('validation', validation), ...prefixed('test', test) });
  const seconds = (performance.now() - epochBegan) / 1000;
  onProgress({ kind: 'epoch', step, epoch, train, validation, test, isBest, seconds });
  return isBest;
}

/** `testLoss`, `testAccuracy` and so on. */
function prefixed(part: string, score: Score | undefined): Record<string, number> {
  const entries = Object.entries(score ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [`${part}${name[0].toUpperCase()}${name.slice(1)}`, value]),
  );
}

/** Never a state that is not finite: the sound one before it stays the newest. */
async function save(parts: LoopParts, lr: number, isBest: boolean): Promise<void> {
  const { start, position, recorder, group } = parts;
  if (recorder === undefined) {
    await group?.gather();
    return;
  }
  const broken = start.state.firstNonFinite();
  if (broken !== undefined) throw await diverged(`${broken} is no longer finite`, lr, parts);
  const more = await group?.gather();
  const tensors = () => ({ ...start.state.tensors(), ...more });
  await recorder.save(position.step, tensors, encodePosition(position), isBest);
}

async function diverged(what: string, lr: number, parts: LoopParts): Promise<ScreeError> {
  const { plan, position, recorder } = parts;
  const { name, options } = plan.optimizer;
  const peak = Number(options.lr);
  const lower = peak > 0 ? ` (lr=${Number((peak / 10).toPrecision(2))})` : '';
  await recorder?.settle();
  const kept = recorder?.lastSaved === undefined ? '' : `; the last sound state is in ${recorder.lastSaved}`;
  return new ScreeError(
    `${what} at step ${position.step}, where the learning rate was ${Number(lr.toPrecision(3))}: the run diverged; ` +
      `take a smaller rate${lower} or clip the gradient (${name}+clipnorm)${kept}`,
  );
}
