import { setImmediate } from 'node:timers/promises';
import type { Batch } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Evaluator } from './evaluate.js';
import type { Plan } from './plan.js';
import { encodePosition, type Position } from './position.js';
import type { Recorder } from './recorder.js';
import type { Start } from './start.js';
import type { Score, TrainingStep } from './step.js';

/** What a loop tells while it runs. */
export type Progress =
  | {
      readonly kind: 'start';
      /** The run folder; null where nothing is written. */
      readonly run: string | null;
      readonly model: string;
      readonly data: string;
      /** How many numbers are trained. */
      readonly parameters: number;
      readonly optimizer: string;
      readonly batchSize: number;
      readonly target: string;
      readonly threads: number;
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
      /** Of this step's batch. */
      readonly loss: number;
      readonly accuracy: number;
      readonly lr: number;
    }
  | { readonly kind: 'testing'; readonly step: number; readonly epoch: number }
  | {
      readonly kind: 'epoch';
      readonly step: number;
      /** From 1. */
      readonly epoch: number;
      /** Mean over the batches of the epoch, each as it was before its step. */
      readonly train: Score;
      /** Of the test part, after the epoch. */
      readonly test: Score;
      /** Spent in this epoch's steps and its test. */
      readonly seconds: number;
    }
  | { readonly kind: 'warning'; readonly message: string };

export interface LoopParts {
  readonly plan: Plan;
  readonly start: Start;
  readonly program: TrainingStep;
  readonly evaluator: Evaluator;
  /** Moved on by the loop. */
  readonly position: Position;
  readonly recorder: Recorder | undefined;
  /** Also save after every so many steps. */
  readonly checkpointEvery: number | undefined;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal | undefined;
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
  readonly result: Promise<Score>;
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
    const { inputs, labels, epoch } = batch.value;
    const { step } = position;
    const lr = rate(parts);
    const result = program.run(inputs, labels, {
      lr,
      step: step + 1,
      key: keys.fork(step).key,
      momentum: plan.schedule.momentum?.(step),
    });
    batch = batches.next();
    return { result, lr, epoch: epoch + 1 };
  };
}

/**
 * Runs a plan from a position to its end, or to the step at which the signal came: then everything is saved.
 * @returns whether the end was reached
 * @throws ScreeError when the loss is no longer finite, or something cannot be saved; the checkpoints saved before stay
 */
export async function runLoop(parts: LoopParts): Promise<boolean> {
  const { plan, position, recorder, checkpointEvery, signal } = parts;
  const begin = steps(parts);
  const aborted = () => signal?.aborted === true;
  let running = aborted() ? undefined : begin();
  let epochBegan = performance.now();
  let mark = epochBegan;
  let lastYield = epochBegan;
  try {
    while (running !== undefined) {
      const { lr, epoch } = running;
      const score = await running.result;
      const now = performance.now();
      position.stepSeconds += (now - mark) / 1000;
      position.seconds += (now - mark) / 1000;
      mark = now;
      const step = count(parts, score);
      if (!Number.isFinite(score.loss)) throw await diverged(`the loss is ${score.loss}`, lr, parts);
      const ended = step % plan.batches.perEpoch === 0 || step === plan.steps;
      const pause = ended || aborted() || (checkpointEvery !== undefined && step % checkpointEvery === 0);
      // Where nothing waits for the state, the next step runs while this one is told.
      running = pause ? undefined : begin();
      tell(parts, step, epoch, score, lr);
      if (ended) {
        await testEpoch(parts, epoch, epochBegan);
        epochBegan = performance.now();
        position.seconds += (epochBegan - now) / 1000;
      }
      if (pause) {
        await save(parts, lr);
        mark = performance.now();
        running = aborted() ? undefined : begin();
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
  return position.step === plan.steps;
}

/** Counts a step that was taken. */
function count({ position }: LoopParts, { loss, accuracy }: Score): number {
  position.lossSum += loss;
  position.accuracySum += accuracy;
  position.batchesSummed++;
  return ++position.step;
}

function tell(
  { recorder, onProgress }: LoopParts,
  step: number,
  epoch: number,
  score: Score,
  lr: number,
): void {
  const { loss, accuracy } = score;
  recorder?.row({ step, epoch, loss, accuracy, lr });
  onProgress({ kind: 'step', step, epoch, loss, accuracy, lr });
}

/** The learning rate of the next step. */
function rate({ plan, position }: LoopParts): number {
  return plan.schedule(position.step) * (position.plateau?.factor ?? 1);
}

async function testEpoch(parts: LoopParts, epoch: number, epochBegan: number): Promise<void> {
  const { plan, start, evaluator, position, recorder, onProgress } = parts;
  const { step } = position;
  onProgress({ kind: 'testing', step, epoch });
  const test = await evaluator.score(start.weights(), plan.data.test);
  const train = {
    loss: position.lossSum / position.batchesSummed,
    accuracy: position.accuracySum / position.batchesSummed,
  };
  Object.assign(position, { scores: { train, test }, lossSum: 0, accuracySum: 0, batchesSummed: 0 });
  if (position.plateau !== undefined) {
    position.plateau = plan.schedule.plateau?.update(position.plateau, test.loss);
  }
  recorder?.row({ step, epoch, testLoss: test.loss, testAccuracy: test.accuracy });
  onProgress({ kind: 'epoch', step, epoch, train, test, seconds: (performance.now() - epochBegan) / 1000 });
}

/** Never a state that is not finite: the sound one before it stays the newest. */
async function save(parts: LoopParts, lr: number): Promise<void> {
  const { start, position, recorder } = parts;
  if (recorder === undefined) return;
  const broken = start.state.firstNonFinite();
  if (broken !== undefined) throw await diverged(`${broken} is no longer finite`, lr, parts);
  await recorder.save(position.step, () => start.state.tensors(), encodePosition(position));
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
