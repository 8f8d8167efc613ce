import { z } from 'zod';
import type { CompileOptions } from '../compile/index.js';
import {
  dataSourceSchema,
  loadDataset,
  tableEncodingSchema,
  type Dataset,
  type LoadOptions,
  type Normalisation,
  type TableEncoding,
  type Task,
} from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import type { Initialised, Layer } from '../nn/index.js';
import { parseOptimizer } from '../optim/index.js';
import { Generator } from '../random/index.js';
import { newestSound, type Checkpoint } from './checkpoint.js';
import { chooseModel } from './choose-model.js';
import { Evaluator } from './evaluate.js';
import { judgeOf } from './judge.js';
import { labelType, traceModel } from './learner.js';
import { parseLoss } from './losses.js';
import { checkpointFolders, readRun, type Run } from './run-folder.js';
import { modelHasChanged } from './run-record.js';
import { startState, type Weights } from './start.js';
import { chooseTarget, targets, type Engine } from './target.js';
import { train, type TrainOptions, type TrainResult } from './train.js';

const taskSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('classification'), classes: z.array(z.string()) }),
  z.object({ kind: z.literal('regression'), target: z.string(), mean: z.number(), std: z.number() }),
  z.object({ kind: z.literal('characters'), alphabet: z.array(z.string()) }),
]);

/** What is needed of run.json to make the same model, optimiser and data again. */
const schema = z.object({
  options: z.object({
    optimizer: z.string(),
    schedule: z.string(),
    loss: z.string(),
    batchSize: z.int().positive(),
    accumulate: z.int().positive(),
    checkpointActivations: z.union([z.int().positive(), z.literal('sqrt')]).nullish(),
    steps: z.int().positive(),
    patience: z.int().positive().nullable(),
    augment: z.string().nullable(),
    // Runs of earlier versions say nothing of it.
    weights: z.string().nullish(),
    checkpointEvery: z.int().positive().nullable(),
    keep: z.union([z.int().positive(), z.literal('all')]).nullish(),
    lrScale: z.number().positive().default(1),
    deterministic: z.boolean().nullish(),
  }),
  model: z.object({
    name: z.string(),
    path: z.string().optional(),
    sha256: z.string().optional(),
    input: z.array(z.int().positive()),
  }),
  data: z.object({
    name: z.string(),
    ...dataSourceSchema.shape,
    task: taskSchema,
    normalisation: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }).nullable(),
    encoding: tableEncodingSchema.optional(),
    rows: z.object({ validation: z.int().optional() }),
  }),
  target: z.enum(targets),
});

type Recipe = z.infer<typeof schema>;

/**
 * What run.json says, where it says enough.
 * @throws ScreeError when the run was begun by a program with a model, optimiser, schedule, loss or data of its own
 */
function recipeOf(path: string, run: Run): Recipe {
  const { data, error } = schema.safeParse(run);
  if (data !== undefined) return data;
  const [{ path: place }] = error.issues;
  throw new ScreeError(
    `run '${path}' cannot be made again from its run.json (${place.join('.')}): it was begun by a program with parts of its own; go on with it there`,
  );
}

function loadData({ data }: Recipe, load?: LoadOptions): Promise<Dataset> {
  return loadDataset(data.from, { ...data.options, ...load, normalisation: data.normalisation ?? undefined });
}

/** What may differ when a run goes on. */
export type ResumeOptions = Pick<
  TrainOptions,
  'target' | 'threads' | 'checkpointEvery' | 'keep' | 'onProgress' | 'signal' | 'group'
> & {
  /** For the data set. */
  readonly load?: LoadOptions;
  /** What run.json says, where the caller knows it: another rank's disk may not have it. */
  readonly run?: Run;
};

/**
 * What `train` is to be given to go on with a run, by its run.json.
 * @throws ScreeError when it is no run folder, or begun by a program with parts of its own
 */
export async function resumeOptions(
  path: string,
  { load, run: known, ...options }: ResumeOptions = {},
): Promise<TrainOptions> {
  const run = known ?? (await readRun(path));
  const recipe = recipeOf(path, run);
  const { patience, augment, weights, checkpointEvery, keep, deterministic, ...rest } = recipe.options;
  const { checkpointActivations, ...same } = rest;
  return {
    ...same,
    patience: patience ?? undefined,
    augment: augment ?? undefined,
    deterministic: deterministic ?? undefined,
    weights: weights ?? undefined,
    checkpointActivations: checkpointActivations ?? undefined,
    target: recipe.target,
    threads: run.threads,
    checkpointEvery: checkpointEvery ?? undefined,
    keep: keep ?? undefined,
    ...options,
    model: recipe.model.path ?? recipe.model.name,
    data: await loadData(recipe, load),
    dataSource: { from: recipe.data.from, options: recipe.data.options },
    seed: run.seed,
    out: path,
    resume: true,
  };
}

/**
 * Goes on with a run by what its run.json says.
 * @throws ScreeError when it is no run folder, in use, or begun by a program with parts of its own
 */
export async function resumeRun(path: string, options?: ResumeOptions): Promise<TrainResult> {
  return train(await resumeOptions(path, options));
}

/** Which state of a run: the newest, or that with the lowest loss on the validation part. */
export type CheckpointChoice = 'best' | 'last';

export interface LoadRunOptions {
  /** Default that of the run; where it was native and no oneDNN library is found here, ONNX Runtime. */
  readonly target?: Engine;
  /** Default those of the run. */
  readonly threads?: number;
  /** Default `best` where the data have a validation part. */
  readonly checkpoint?: CheckpointChoice;
  /** Called while convolutions are measured, once on a machine, before they first run: how many are done, of how many. */
  readonly onTune?: (done: number, total: number) => void;
}

/** The trained model of a run folder. */
export interface TrainedRun {
  readonly run: Run;
  readonly model: Layer;
  /** What the model started with: for its trees. */
  readonly initial: Initialised;
  /** Shape of one example. */
  readonly input: Shape;
  readonly task: Task;
  /** What the inputs were standardised with; absent for characters. */
  readonly normalisation?: Normalisation;
  /** How the columns of a table became numbers. */
  readonly encoding?: TableEncoding;
  /** The checkpoint that the weights are from. */
  readonly checkpoint: {
    readonly path: string;
    readonly step: number;
    readonly choice: CheckpointChoice;
  };
  /** What the user should know: newer checkpoints that are damaged, a model's file that has changed. */
  readonly warnings: readonly string[];
  readonly weights: Weights;
  readonly evaluator: Evaluator;
  /** How the run's programs are compiled. */
  readonly compile: CompileOptions;
  /** The run's data set, standardised as it was then. */
  loadData(options?: LoadOptions): Promise<Dataset>;
}

/**
 * Loads the model of a run as it was at a checkpoint, to test or to use it.
 * @throws ScreeError when there is no run, or none of its checkpoints is sound
 */
export async function loadRun(
  path: string,
  { target, threads, checkpoint: wanted, onTune }: LoadRunOptions = {},
): Promise<TrainedRun> {
  const run = await readRun(path);
  const recipe = recipeOf(path, run);
  const { input, path: file, sha256, name } = recipe.model;
  const { task, normalisation, encoding, rows } = recipe.data;
  const chosen = await chooseModel(file ?? name, { name: recipe.data.name, inputShape: input, task });
  const { model } = chosen;
  const initial = model.init(new Generator(run.seed), input);
  const start = startState(initial, parseOptimizer(recipe.options.optimizer));
  const choice = wanted ?? (rows.validation === undefined ? 'last' : 'best');
  const { checkpoint, damaged } = await findCheckpoint(path, choice, rows.validation !== undefined);
  start.state.load(checkpoint.tensors, checkpoint.path);
  const usual = recipe.target === 'native' ? 'auto' : recipe.target;
  const network = { model, initial, input: { shape: input, dtype: model.takes ?? 'float32' } } as const;
  const { compile } = await chooseTarget(
    target ?? usual,
    { threads: threads ?? run.threads, deterministic: recipe.options.deterministic ?? undefined, onTune },
    () => traceModel(network),
  );
  const learner = {
    ...network,
    label: labelType(task, input),
    judge: judgeOf(task, parseLoss(recipe.options.loss, task), input),
    compile,
  } as const;
  return {
    run,
    model,
    initial,
    input,
    task,
    ...(normalisation && { normalisation }),
    ...(encoding && { encoding }),
    checkpoint: { path: checkpoint.path, step: checkpoint.step, choice },
    warnings: [
      ...damaged,
      ...(file !== undefined && chosen.file?.sha256 !== sha256 ? [modelHasChanged(file)] : []),
    ],
    weights: start.weights(),
    evaluator: new Evaluator(learner),
    compile,
    loadData: (load) => loadData(recipe, load),
  };
}

async function findCheckpoint(
  path: string,
  choice: CheckpointChoice,
  hasValidation: boolean,
): Promise<{ checkpoint: Checkpoint; damaged: readonly string[] }> {
  const { checkpoint, damaged } = await newestSound(checkpointFolders(path)[choice]);
  if (checkpoint !== undefined) return { checkpoint, damaged };
  if (damaged.length > 0) throw new ScreeError(damaged[0]);
  throw new ScreeError(
    choice === 'last' || hasValidation
      ? `run '${path}' has no checkpoint yet; one is saved after every epoch`
      : `run '${path}' has no best checkpoint: its data have no validation part to tell it by; take the last one`,
  );
}
