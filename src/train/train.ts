import { z } from 'zod';
import type { DataSource } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { sizeOf } from '../graph/shape.js';
import { checkpointLayers, type Initialised } from '../nn/index.js';
import { Evaluator } from './evaluate.js';
import type { TrainGroup, WireReport } from './group.js';
import { checkOutput, type Score } from './judge.js';
import { loadWeights } from './export-weights.js';
import { labelType, traceModel, type Learner } from './learner.js';
import { hasStoppedEarly, runLoop, type Progress } from './loop.js';
import { compileStepOf, compileWithinMemory, type StepMemory } from './memory.js';
import { makePlan, planDefaults, type Plan, type PlanOptions } from './plan.js';
import { startPosition, type Best, type Position } from './position.js';
import { Recorder } from './recorder.js';
import type { RunFolder } from './run-folder.js';
import { commonFields, describe, goBack, openRun } from './run-record.js';
import { parametersSha256, startState, type Start } from './start.js';
import type { Stepper } from './step.js';
import { chooseTarget } from './target.js';

export interface TrainOptions extends PlanOptions {
  /** Folder for run.json, metrics and checkpoints; made if need be. Nothing is written without it. */
  readonly out?: string;
  /** Go on with the run in `out`, which was started with the same options. */
  readonly resume?: boolean;
  /** Save a checkpoint after every so many steps too, not only after every epoch. */
  readonly checkpointEvery?: number;
  /** How many of the newest checkpoints stay on the disk; 2 by default. `all` is what a trajectory is drawn from. */
  readonly keep?: number | 'all';
  /** What `loadDataset` was given to get the data: kept in run.json, so that the run's data are found again. */
  readonly dataSource?: DataSource;
  /** A safetensors file with PyTorch's names that the model starts from (see `loadWeights`), in place of random numbers. */
  readonly weights?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the run after the step that is going on; with `out`, a checkpoint is saved. */
  readonly signal?: AbortSignal;
  /** The ranks that train together, each by a call of its own with the same options: see `scree/distributed`. */
  readonly group?: TrainGroup;
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
  /** Of the validation part, after the last epoch that was ended; null also where the data have none. */
  readonly validation: Score | null;
  /** Of the test part, after the last epoch that was ended. */
  readonly test: Score | null;
  /** The epoch with the lowest loss on the validation part; null where the data have none. */
  readonly best: Best | null;
  /** Whether the run's patience ended it before its last step. */
  readonly stoppedEarly: boolean;
  /** Spent on steps and tests, over all sittings. */
  readonly seconds: number;
  /** Mean time of a step, in milliseconds. */
  readonly stepMs: number;
  /** The step that this sitting began with; null for a new run. */
  readonly resumedFrom: number | null;
  /** SHA-256 of the parameters as they were trained, tensor after tensor. */
  readonly parametersSha256: string;
  /** Where several ranks trained together. */
  readonly wire?: WireReport;
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
  readonly program: Stepper;
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
 * @example
 * ```ts
 * import { loadDataset } from 'scree/data';
 * import { train } from 'scree/train';
 *
 * const { report } = await train({ model: 'mlp', data: await loadDataset('digits'), steps: 20, seed: 1 });
 * console.log(report.steps, report.parameters);
 * ```
 * ```text
 * 20 167178
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { checkpointEvery, keep } = options;
  if (checkpointEvery !== undefined && !(Number.isInteger(checkpointEvery) && checkpointEvery >= 1)) {
    throw new ScreeError(`train: checkpoints come every 1 or more steps, not every ${checkpointEvery}`);
  }
  if (keep !== undefined && keep !== 'all' && !(Number.isInteger(keep) && keep >= 1)) {
    throw new ScreeError(`train: 1 or more checkpoints are kept, or all of them, not ${keep}`);
  }
  const { group } = options;
  const open = await makePlan(options, group && ((rows) => group.partOf(rows)));
  const { chosen, data, generator, optimizer, batchSize, judge, threads } = open;
  const { model, name } = chosen;
  const random = model.init(generator.fork('init'), data.inputShape);
  const initial = options.weights === undefined ? random : await loadWeights(options.weights, random);
  checkOutput(name, data.name, data.task, data.inputShape, initial.output);
  const start = startState(initial, optimizer);
  const { checkpointActivations } = open;
  const trained =
    checkpointActivations === undefined
      ? model
      : checkpointLayers(model, initial, data.inputShape, checkpointActivations);
  const network = {
    model: trained,
    initial,
    input: { shape: data.inputShape, dtype: data.train.inputs.dtype },
  };
  const { target = planDefaults.target, deterministic } = options;
  const onTune = (done: number, total: number) => options.onProgress?.({ kind: 'tuning', done, total });
  const where = await chooseTarget(target, { threads, deterministic, onTune }, () => traceModel(network));
  const plan: Plan = { ...open, ...where };
  const label = labelType(data.task, data.inputShape);
  const learner: Learner = { ...network, label, judge, compile: plan.compile };
  const cyclesMomentum = plan.schedule.momentum !== undefined;
  const { mixes } = plan;
  const request = { ...learner, start, optimizer, batchSize, cyclesMomentum, mixes };
  const compileWith = group ? group.compileStep.bind(group) : compileStepOf;
  const program = await compileWithinMemory(request, plan, model, compileWith);
  const evaluator = new Evaluator(learner);
  try {
    return await openAndRun(options, { plan, initial, start, program, evaluator });
  } finally {
    program.close();
    await evaluator.close();
  }
}

/** Undefined where the engine does not say beforehand. */
function memoryOf({ start, program: { memoryBytes } }: Parts): StepMemory | undefined {
  return memoryBytes === undefined ? undefined : { state: start.state.bytes, plan: memoryBytes };
}

function countParameters({ parameters }: Initialised): number {
  return flattenTree(parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Opens the run folder, if there is to be one, and runs in it. */
async function openAndRun(options: TrainOptions, parts: Parts): Promise<TrainResult> {
  const { out, resume = false, onProgress = () => undefined, group } = options;
  const { plan, start } = parts;
  const fresh = { position: startPosition(plan.schedule), tensors: {} };
  const description = describe(options, plan, countParameters(parts.initial));
  await group?.check(commonFields(description));
  const isFirst = group === undefined || group.rank === 0;
  if (out === undefined || !isFirst) {
    if (resume && isFirst) {
      throw new ScreeError('train: resume needs out, the folder of the run to go on with');
    }
    const position = (await group?.begin(start.state, fresh.position, {})) ?? fresh.position;
    return run(options, parts, { position, resumedFrom: resume ? position.step : null });
  }
  const warn = (message: string) => onProgress({ kind: 'warning', message });
  const folder = await openRun(out, description, resume, plan, warn);
  try {
    const { position, tensors } = resume ? await goBack(folder, plan, start, warn) : fresh;
    await group?.begin(start.state, position, tensors);
    const resumedFrom = resume ? position.step : null;
    const keep = options.keep === 'all' ? Infinity : options.keep;
    const recorder = await Recorder.open(folder, { resumeFrom: resumedFrom ?? undefined, keep });
    const result = await runAndClose(options, parts, { position, resumedFrom, folder, recorder });
    await folder.update({
      status: result.finished ? 'finished' : 'interrupted',
      result: z.record(z.string(), z.json()).parse(result.report),
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
  let result: TrainResult;
  try {
    result = await run(options, parts, sitting);
  } catch (error) {
    // What went wrong first is what is told.
    await sitting.recorder?.close().catch(() => undefined);
    throw error;
  }
  await sitting.recorder?.close();
  return result;
}

async function run(options: TrainOptions, parts: Parts, sitting: Sitting): Promise<TrainResult> {
  const { plan, initial, start } = parts;
  const { position, resumedFrom, folder, recorder } = sitting;
  const { checkpointEvery, signal, onProgress = () => undefined, group } = options;
  const { chosen, data, optimizer, batchSize, accumulate, target, hint, threads, epochs, steps } = plan;
  const memory = memoryOf(parts);
  const about = {
    run: folder?.path ?? null,
    model: chosen.name,
    data: data.name,
    parameters: countParameters(initial),
  };
  onProgress({
    kind: 'start',
    ...about,
    task: data.task,
    network: chosen.model,
    initial,
    input: data.inputShape,
    optimizer: optimizer.name,
    batchSize,
    accumulate,
    checkpointActivations: plan.checkpointActivations,
    target,
    hint,
    memoryBytes: memory && memory.state + memory.plan,
    threads,
    ranks: group?.size ?? 1,
    epochs,
    steps,
    resumedFrom,
  });
  const loop = { ...parts, position, recorder, checkpointEvery, onProgress, signal, group };
  const finished = await runLoop(loop);
  const { parameters, state } = start.weights();
  const copy = (array: NDArray): NDArray => ({ ...array, data: array.data.slice() });
  return {
    report: {
      ...about,
      epochs: Math.ceil(position.step / plan.batches.perEpoch),
      steps: position.step,
      seed: plan.seed,
      train: position.scores?.train ?? null,
      validation: position.scores?.validation ?? null,
      test: position.scores?.test ?? null,
      best: position.best ?? null,
      stoppedEarly: position.step < plan.steps && hasStoppedEarly(plan, position),
      seconds: position.seconds,
      stepMs: position.step === 0 ? 0 : (position.stepSeconds / position.step) * 1000,
      resumedFrom,
      parametersSha256: parametersSha256(start),
      ...(group?.report && { wire: group.report }),
    },
    finished,
    parameters: unflattenTree(initial.parameters, parameters.map(copy)),
    state: unflattenTree(initial.state, state.map(copy)),
  };
}
