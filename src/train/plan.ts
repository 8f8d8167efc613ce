import { availableParallelism } from 'node:os';
import type { CompileOptions } from '../compile/index.js';
import { batches, outputSize, type Batches, type Dataset } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';
import { crossEntropy, models, type Layer } from '../nn/index.js';
import { parseOptimizer, parseSchedule, type Optimizer, type Schedule } from '../optim/index.js';
import { Generator } from '../random/index.js';
import type { Loss } from './step.js';

/** What is trained on what, and how. */
export interface PlanOptions {
  /** The name of a model (`mlp`, `lenet`, `cnn`), or a layer that gives a number for each class. */
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
  /** Of everything random. Default 0. */
  readonly seed?: number;
  /** Default the mean cross-entropy. */
  readonly loss?: Loss;
  /** Default `onnx`. */
  readonly target?: 'onnx' | 'javascript';
  /** Threads of a step. Default: those of the machine. Another number may change the last bits of the result. */
  readonly threads?: number;
}

/** The defaults of a run, in one place: the command line shows them too. */
export const planDefaults = {
  model: 'lenet',
  optimizer: 'adamw:lr=4e-3',
  schedule: 'onecycle',
  batchSize: 64,
  seed: 0,
  target: 'onnx',
  /** Where neither epochs nor steps are given: so many, or as many as make `leastSteps`. */
  leastEpochs: 5,
  leastSteps: 500,
} as const;

/** A run with nothing left open. */
export interface Plan {
  readonly model: Layer;
  readonly modelName: string;
  readonly data: Dataset;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly batches: Batches;
  readonly batchSize: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Epochs begun. */
  readonly epochs: number;
  readonly seed: number;
  readonly generator: Generator;
  readonly loss: Loss;
  readonly target: 'onnx' | 'javascript';
  readonly threads: number;
  readonly compile: CompileOptions;
}

function requireInteger(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ScreeError(`train: ${name} must be an integer from ${low} to ${high}, not ${value}`);
}

/** Eleven days of a step a millisecond; a number beyond is a slip of the keyboard. */
const most = 1e9;

/**
 * Checks the options and fills in the defaults.
 * @throws ScreeError naming the first option that is unknown or out of its range, with the range
 */
export function makePlan(options: PlanOptions): Plan {
  const { data, seed = planDefaults.seed, batchSize = planDefaults.batchSize, loss = crossEntropy } = options;
  const { target = planDefaults.target, threads = availableParallelism() } = options;
  requireInteger('threads', threads, 1, 1024);
  requireInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('batch size', batchSize, 1, data.train.size);
  const generator = new Generator(seed);
  const shuffle = generator.fork('shuffle');
  const cut = batches(data.train, { batchSize, shuffle, dropLast: true });
  const steps = countSteps(options, cut.perEpoch);
  const optimizer =
    typeof options.optimizer === 'object'
      ? options.optimizer
      : parseOptimizer(options.optimizer ?? planDefaults.optimizer);
  const { model, modelName } = chooseModel(options);
  return {
    model,
    modelName,
    data,
    optimizer,
    schedule: chooseSchedule(options, optimizer, steps),
    batches: cut,
    batchSize,
    steps,
    epochs: Math.ceil(steps / cut.perEpoch),
    seed,
    generator,
    loss,
    target,
    threads,
    compile: target === 'onnx' ? { target, threads } : { target },
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

function chooseModel({ model = planDefaults.model, data }: PlanOptions): { model: Layer; modelName: string } {
  if (typeof model !== 'string') return { model, modelName: model.name };
  if (!Object.hasOwn(models, model)) throw new ScreeError(unknownName('model', model, Object.keys(models)));
  return { model: models[model].build(data.inputShape, outputSize(data.task)), modelName: model };
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

/** The text of an optimiser or null where it was given as an object, which no file can hold. */
export function optimizerName({ optimizer = planDefaults.optimizer }: PlanOptions): string | null {
  return typeof optimizer === 'string' ? optimizer : null;
}

/** The text of a schedule or null where it is a function. */
export function scheduleName(options: PlanOptions): string | null {
  const { schedule = optimizerName(options) === null ? null : planDefaults.schedule } = options;
  return typeof schedule === 'string' ? schedule : null;
}
