import { availableParallelism } from 'node:os';
import {
  batches,
  parseAugmentation,
  type Augmentation,
  type Batches,
  type BatchPart,
  type Dataset,
} from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Layer, Segments } from '../nn/index.js';
import { parseOptimizer, parseSchedule, type Optimizer, type Schedule } from '../optim/index.js';
import { Generator } from '../random/index.js';
import { chooseModel, type ChosenModel } from './choose-model.js';
import { judgeOf, type Judge } from './judge.js';
import { defaultLoss, parseLoss, type Loss } from './losses.js';
import type { ChosenTarget, Engine } from './target.js';

/** What is trained on what, and how. */
export interface PlanOptions {
  /**
   * The name of a model (`mlp`, `lenet`, `cnn`), the path of a module whose default export is one (`./model.ts`), or a layer that
   * gives what the data's task needs: a number for each class, one number, or a number for each character at each place.
   */
  readonly model?: string | Layer;
  readonly data: Dataset;
  /** Default `adamw:lr=4e-3`. */
  readonly optimizer?: string | Optimizer;
  /**
   * By name, with the optimiser's rate as its peak, or as a function of the steps already taken. Default `onecycle`, or the
   * rate that an optimiser brings which is given as an object.
   */
  readonly schedule?: string | Schedule;
  /** Passes over the training part. Default 5, or as many as make 500 steps. */
  readonly epochs?: number;
  /** Steps in place of epochs. */
  readonly steps?: number;
  /** Examples a step. Default 64; the rows that are left of an epoch wait for another order. */
  readonly batchSize?: number;
  /**
   * Parts that a batch is cut into, whose mean gradients make one step: less memory, and the same step but for float32's last bits and
   * batch norm, which takes each part for a batch. Default 1.
   */
  readonly accumulate?: number;
  /**
   * Segments that the model's layers are cut into, whose insides the backward pass computes again in place of keeping them: less memory, a
   * third more time, and the same step. `sqrt`: as many as the root of the layers' count. Default: everything is kept.
   */
  readonly checkpointActivations?: Segments;
  /** How examples for training are changed, in each epoch anew, as text: `flip,crop:padding=4,mixup:alpha=0.2`. Default: not at all. */
  readonly augment?: string;
  /** Epochs without a fall of the validation part's loss after which the run ends. Default: none ends it. */
  readonly patience?: number;
  /** Of everything random. Default 0. */
  readonly seed?: number;
  /**
   * What the learning rate is multiplied by for a batch that is so many times as large (Goyal et al. 2017, arXiv 1706.02677), reached on a
   * line from 1 over the first twentieth of the steps. Default 1.
   */
  readonly lrScale?: number;
  /** By name, `crossentropy:labelSmoothing=0.1`, or as a function. Default `crossentropy`, for a number `mse`. */
  readonly loss?: string | Loss;
  /** What computes. Default `auto`: native where a oneDNN library is found, else ONNX Runtime. Another one gives other last bits. */
  readonly target?: Engine;
  /**
   * Takes the same algorithms of the native target on every machine; by default those that are quickest on this one, which are
   * measured once. Default false.
   */
  readonly deterministic?: boolean;
  /** Threads of a step. Default: those of the machine. Another number may change the last bits of the result. */
  readonly threads?: number;
}

/** The defaults of a run, in one place: the command line shows them too. */
export const planDefaults = {
  model: 'lenet',
  optimizer: 'adamw:lr=4e-3',
  schedule: 'onecycle',
  batchSize: 64,
  accumulate: 1,
  lrScale: 1,
  seed: 0,
  target: 'auto',
  /** Where neither epochs nor steps are given: so many, or as many as make `leastSteps`. */
  leastEpochs: 5,
  leastSteps: 500,
} as const;

/** A run with nothing left open but what computes it. */
export interface OpenPlan {
  readonly chosen: ChosenModel;
  readonly data: Dataset;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly batches: Batches;
  /** Whether they are mixed. */
  readonly mixes: boolean;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly checkpointActivations: Segments | undefined;
  readonly lrScale: number;
  readonly patience: number | undefined;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Epochs begun. */
  readonly epochs: number;
  readonly seed: number;
  readonly generator: Generator;
  readonly judge: Judge;
  readonly threads: number;
}

/** A run with nothing left open. */
export type Plan = OpenPlan & ChosenTarget;

function requireInteger(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ScreeError(`train: ${name} must be an integer from ${low} to ${high}, not ${value}`);
}

/** Eleven days of a step a millisecond; a number beyond is a slip of the keyboard. */
const most = 1e9;

/**
 * Checks the options and fills in the defaults.
 * @param partOf the rows of a batch that this process takes, where others take the rest
 * @throws ScreeError naming the first option that is unknown or out of its range, with the range
 */
export async function makePlan(
  options: PlanOptions,
  partOf?: (batchSize: number) => BatchPart,
): Promise<OpenPlan> {
  const { data, seed = planDefaults.seed, batchSize = planDefaults.batchSize, patience } = options;
  const { lrScale = planDefaults.lrScale } = options;
  const { accumulate = planDefaults.accumulate, loss = defaultLoss(data.task) } = options;
  const { threads = availableParallelism() } = options;
  requireInteger('threads', threads, 1, 1024);
  requireInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('batch size', batchSize, 1, data.train.size);
  requireInteger('accumulate', accumulate, 1, batchSize);
  if (!(lrScale > 0 && lrScale <= 1e6)) {
    throw new ScreeError(`train: lrScale must be a number above 0 and up to 1e6, not ${lrScale}`);
  }
  checkPatience(patience, data);
  const generator = new Generator(seed);
  const shuffle = generator.fork('shuffle');
  const augmentation = parseAugment(options.augment, data);
  const augment = augmentation && {
    augmentation,
    generator: generator.fork('augment'),
    normalisation: data.normalisation,
  };
  const cut = batches(data.train, { batchSize, shuffle, dropLast: true, augment, part: partOf?.(batchSize) });
  const steps = countSteps(options, cut.perEpoch);
  const optimizer =
    typeof options.optimizer === 'object'
      ? options.optimizer
      : parseOptimizer(options.optimizer ?? planDefaults.optimizer);
  return {
    chosen: await chooseModel(options.model ?? planDefaults.model, data),
    data,
    optimizer,
    schedule: scaled(chooseSchedule(options, optimizer, steps), lrScale, steps),
    batches: cut,
    mixes: augmentation?.mixup !== undefined,
    batchSize,
    accumulate,
    checkpointActivations: options.checkpointActivations,
    lrScale,
    patience,
    steps,
    epochs: Math.ceil(steps / cut.perEpoch),
    seed,
    generator,
    judge: judgeOf(data.task, typeof loss === 'string' ? parseLoss(loss, data.task) : loss, data.inputShape),
    threads,
  };
}

function countSteps({ epochs, steps }: PlanOptions, perEpoch: number): number {
  if (steps !== undefined) {
    if (epochs !== undefined) throw new ScreeError('train: give epochs or steps, not both');
    requireInteger('steps', steps, 1, most);
    return steps;
  }
  const { leastEpochs, leastSteps } = planDefaults;
  const count = epochs ?? Math.max(leastEpochs, Math.ceil(leastSteps / perEpoch));
  requireInteger('epochs', count, 1, Math.floor(most / perEpoch));
  return count * perEpoch;
}

/** @throws ScreeError for what cannot be done to such examples */
function parseAugment(text: string | undefined, { name, task }: Dataset): Augmentation | undefined {
  if (text === undefined) return undefined;
  const augmentation = parseAugmentation(text);
  if (task.kind !== 'characters') return augmentation;
  throw new ScreeError(`train: ${name} gives characters, which are not augmented; leave out ${text}`);
}

function checkPatience(patience: number | undefined, { name, validation }: Dataset): void {
  if (patience === undefined) return;
  requireInteger('patience', patience, 1, most);
  if (validation !== undefined) return;
  throw new ScreeError(
    `train: patience watches the loss of a validation part, and ${name} has none here; hold rows back (--validation-split 0.1)`,
  );
}

function chooseSchedule(options: PlanOptions, optimizer: Optimizer, steps: number): Schedule {
  if (typeof options.schedule === 'function') return options.schedule;
  const name = scheduleName(options);
  if (name === null) return optimizer.learningRate;
  const { lr } = optimizer.options;
  if (typeof lr !== 'number') {
    throw new ScreeError(
      `train: ${optimizer.name} has no option lr for the schedule to start from; give one as a function`,
    );
  }
  return parseSchedule(name, { lr, steps });
}

/** A schedule whose rate grows on a line to so many times its own, over the first twentieth of the steps. */
function scaled(schedule: Schedule, factor: number, steps: number): Schedule {
  if (factor === 1) return schedule;
  const warmup = Math.ceil(steps / 20);
  const rate = (step: number) => schedule(step) * (1 + (factor - 1) * Math.min(1, step / warmup));
  return Object.assign(rate, { momentum: schedule.momentum, plateau: schedule.plateau });
}

/** The text of a loss or null where it is a function. */
export function lossName({ data, loss = defaultLoss(data.task) }: PlanOptions): string | null {
  return typeof loss === 'string' ? loss : null;
}

/** The text of an optimiser or null where it was given as an object, which no file can hold. */
export function optimizerName({ optimizer = planDefaults.optimizer }: PlanOptions): string | null {
  return typeof optimizer === 'string' ? optimizer : null;
}

/** The text of a schedule or null where it is a function. */
export function scheduleName(options: PlanOptions): string | null {
  const { schedule = optimizerName(options) === null ? null : planDefaults.schedule } = options;
  return typeof schedule === 'string' ? schedule : null;
}
