import { outputSize } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { sizeOf } from '../graph/shape.js';
import type { Initialised } from '../nn/index.js';
import { Evaluator } from './evaluate.js';
import { runLoop, type Progress } from './loop.js';
import { makePlan, type Plan, type PlanOptions } from './plan.js';
import { startPosition, type Position } from './position.js';
import { Recorder } from './recorder.js';
import type { RunFolder } from './run-folder.js';
import { goBack, openRun } from './run-record.js';
import { startState, type Start } from './start.js';
import { TrainingStep, type Score } from './step.js';

export interface TrainOptions extends PlanOptions {
  /** Folder for run.json, metrics and checkpoints; made if need be. Nothing is written without it. */
  readonly out?: string;
  /** Go on with the run in `out`, which was started with the same options. */
  readonly resume?: boolean;
  /** Save a checkpoint after every so many steps too, not only after every epoch. */
  readonly checkpointEvery?: number;
  /** What `loadDataset` was given to get the data: kept in run.json, so that the run's data are found again. */
  readonly dataFrom?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the run after the step that is going on; with `out`, a checkpoint is saved. */
  readonly signal?: AbortSignal;
}

/** What a run reached, as plain JSON. */
export interface TrainReport {
  /** The run folder; null where nothing is written. */
  readonly run: string | null;
  readonly model: string;
  readonly data: string;
  /** How many numbers are trained. */
  readonly parameters: number;
  /** Epochs begun, and steps taken, over all sittings. */
  readonly epochs: number;
  readonly steps: number;
  readonly seed: number;
  /** Means over the batches of the last epoch, each as it was before its step; null where no epoch was ended. */
  readonly train: Score | null;
  /** Of the test part, after the last epoch that was ended. */
  readonly test: Score | null;
  /** Spent on steps and tests, over all sittings. */
  readonly seconds: number;
  /** Mean time of a step, in milliseconds. */
  readonly stepMs: number;
  /** The step that this sitting began with; null for a new run. */
  readonly resumedFrom: number | null;
}

export interface TrainResult {
  readonly report: TrainReport;
  /** False where the signal came before the end. */
  readonly finished: boolean;
  /** The trained parameters (as the optimiser would have them tested), in the tree of `model.init`. */
  readonly parameters: Tree<NDArray>;
  /** The model's state, in the tree of `model.init`. */
  readonly state: Tree<NDArray>;
}

interface Parts {
  readonly plan: Plan;
  readonly initial: Initialised;
  readonly start: Start;
  readonly program: TrainingStep;
  readonly evaluator: Evaluator;
}

/** One time that a run is worked on: from its beginning or from a checkpoint. */
interface Sitting {
  readonly position: Position;
  readonly resumedFrom: number | null;
  readonly folder?: RunFolder;
  readonly recorder?: Recorder;
}

/**
 * Trains a model on a data set. Everything random comes from the seed: the same options, seed and count of threads give the
 * same bits, also for a run that was stopped or killed and went on.
 * @throws ScreeError (by rejection) for options that do not go together, a run that diverges, and whatever cannot be saved
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { checkpointEvery } = options;
  if (checkpointEvery !== undefined && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1)) {
    throw new ScreeError(`train: checkpoints come every 1 or more steps, not every ${checkpointEvery}`);
  }
  const plan = makePlan(options);
  const initial = plan.model.init(plan.generator.fork('init'), plan.data.inputShape);
  checkClasses(plan, initial.output);
  const start = startState(initial, plan.optimizer);
  const { model, loss, compile, optimizer, batchSize, data } = plan;
  const request = { model, initial, input: data.inputShape, loss, compile };
  const cyclesMomentum = plan.schedule.momentum !== undefined;
  const program = await TrainingStep.compile({ ...request, start, optimizer, batchSize, cyclesMomentum });
  const evaluator = new Evaluator(request);
  try {
    return await open(options, { plan, initial, start, program, evaluator });
  } finally {
    program.close();
    await evaluator.close();
  }
}

function checkClasses({ modelName, data }: Plan, output: readonly number[]): void {
  const outputs = outputSize(data.task);
  if (output.length === 1 && output[0] === outputs) return;
  throw new ScreeError(
    `train: ${modelName} gives [${output.join(',')}] for an example; ${data.name} needs [${outputs}], a number for each class`,
  );
}

function countParameters({ parameters }: Initialised): number {
  return flattenTree(parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Opens the run folder, if there is to be one, and runs in it. */
async function open(options: TrainOptions, parts: Parts): Promise<TrainResult> {
  const { out, resume = false, onProgress = () => undefined } = options;
  if (out === undefined) {
    if (resume) throw new ScreeError('train: resume needs out, the folder of the run to go on with');
    return run(options, parts, { position: startPosition(parts.plan.schedule), resumedFrom: null });
  }
  const warn = (message: string) => onProgress({ kind: 'warning', message });
  const folder = await openRun(out, options, parts.plan, countParameters(parts.initial), warn);
  try {
    const position = resume
      ? await goBack(folder, parts.plan, parts.start, warn)
      : startPosition(parts.plan.schedule);
    const resumedFrom = resume ? position.step : null;
    const recorder = await Recorder.open(folder, resumedFrom ?? undefined);
    const result = await runAndClose(options, parts, { position, resumedFrom, folder, recorder });
    await folder.update({
      status: result.finished ? 'finished' : 'interrupted',
      result: { ...result.report, train: { ...result.report.train }, test: { ...result.report.test } },
    });
    return result;
  } catch (error) {
    // What went wrong is told even where it cannot be written down.
    await folder.update({ status: 'failed' }).catch(() => undefined);
    throw error;
  } finally {
    await folder.close();
  }
}

async function runAndClose(options: TrainOptions, parts: Parts, sitting: Sitting): Promise<TrainResult> {
  try {
    return await run(options, parts, sitting);
  } finally {
    await sitting.recorder?.close();
  }
}

async function run(options: TrainOptions, parts: Parts, sitting: Sitting): Promise<TrainResult> {
  const { plan, initial, start } = parts;
  const { position, resumedFrom, folder, recorder } = sitting;
  const { checkpointEvery, signal, onProgress = () => undefined } = options;
  const { modelName, data, optimizer, batchSize, target, threads, epochs, steps } = plan;
  const about = {
    run: folder?.path ?? null,
    model: modelName,
    data: data.name,
    parameters: countParameters(initial),
  };
  onProgress({
    kind: 'start',
    ...about,
    optimizer: optimizer.name,
    batchSize,
    target,
    threads,
    epochs,
    steps,
    resumedFrom,
  });
  const finished = await runLoop({ ...parts, position, recorder, checkpointEvery, onProgress, signal });
  const { parameters, state } = start.weights();
  const copy = (array: NDArray): NDArray => ({ ...array, data: array.data.slice() });
  return {
    report: {
      ...about,
      epochs: Math.ceil(position.step / plan.batches.perEpoch),
      steps: position.step,
      seed: plan.seed,
      train: position.scores?.train ?? null,
      test: position.scores?.test ?? null,
      seconds: position.seconds,
      stepMs: position.step === 0 ? 0 : (position.stepSeconds / position.step) * 1000,
      resumedFrom,
    },
    finished,
    parameters: unflattenTree(initial.parameters, parameters.map(copy)),
    state: unflattenTree(initial.state, state.map(copy)),
  };
}
