import { join } from 'node:path';
import { z } from 'zod';
import type { CompileOptions } from '../compile/index.js';
import { loadDataset, type Dataset, type LoadOptions, type Normalisation, type Task } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Shape } from '../graph/shape.js';
import { unknownName } from '../graph/suggest.js';
import { crossEntropy, models, type Initialised, type Layer } from '../nn/index.js';
import { parseOptimizer } from '../optim/index.js';
import { Generator } from '../random/index.js';
import { newestSound } from './checkpoint.js';
import { Evaluator } from './evaluate.js';
import { readRun, type Run } from './run-folder.js';
import { startState, type Weights } from './start.js';
import { train, type TrainOptions, type TrainResult } from './train.js';

/** What is needed of run.json to make the same model, optimiser and data again. */
const schema = z.object({
  options: z.object({
    optimizer: z.string(),
    schedule: z.string(),
    ownLoss: z.literal(false),
    batchSize: z.int().positive(),
    steps: z.int().positive(),
    checkpointEvery: z.int().positive().nullable(),
  }),
  model: z.object({
    name: z.string(),
    input: z.array(z.int().positive()),
    classes: z.int().positive(),
  }),
  data: z.object({
    name: z.string(),
    from: z.string(),
    classes: z.array(z.string()),
    normalisation: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }),
  }),
  target: z.enum(['onnx', 'javascript']),
});

type Recipe = z.infer<typeof schema>;

/**
 * What run.json says, where it says enough.
 * @throws ScreeError when the run was begun by a program with a model, optimiser, schedule, loss or data of its own
 */
function recipeOf(path: string, run: Run): Recipe {
  const { data, error } = schema.safeParse(run);
  if (data === undefined) {
    const [{ path: place }] = error.issues;
    throw new ScreeError(
      `run '${path}' cannot be made again from its run.json (${place.join('.')}): it was begun by a program with parts of its own; go on with it there`,
    );
  }
  if (!Object.hasOwn(models, data.model.name)) {
    throw new ScreeError(`run '${path}': ${unknownName('model', data.model.name, Object.keys(models))}`);
  }
  return data;
}

/** What may differ when a run goes on. */
export type ResumeOptions = Pick<TrainOptions, 'threads' | 'checkpointEvery' | 'onProgress' | 'signal'> & {
  /** For the data set. */
  readonly load?: LoadOptions;
};

/**
 * Goes on with a run by what its run.json says.
 * @throws ScreeError when it is no run folder, in use, or begun by a program with parts of its own
 */
export async function resumeRun(
  path: string,
  { load, ...options }: ResumeOptions = {},
): Promise<TrainResult> {
  const run = await readRun(path);
  const recipe = recipeOf(path, run);
  const { optimizer, schedule, batchSize, steps, checkpointEvery } = recipe.options;
  return train({
    threads: run.threads,
    checkpointEvery: checkpointEvery ?? undefined,
    ...options,
    model: recipe.model.name,
    data: await loadDataset(recipe.data.from, { ...load, normalisation: recipe.data.normalisation }),
    dataFrom: recipe.data.from,
    optimizer,
    schedule,
    batchSize,
    steps,
    seed: run.seed,
    target: recipe.target,
    out: path,
    resume: true,
  });
}

/** The trained model of a run folder. */
export interface TrainedRun {
  readonly run: Run;
  readonly model: Layer;
  /** What the model started with: for its trees. */
  readonly initial: Initialised;
  /** Shape of one example. */
  readonly input: Shape;
  readonly classes: readonly string[];
  readonly task: Task;
  readonly normalisation: Normalisation;
  /** The checkpoint that the weights are from. */
  readonly checkpoint: { readonly path: string; readonly step: number };
  /** A line for each newer checkpoint that is damaged. */
  readonly damaged: readonly string[];
  readonly weights: Weights;
  readonly evaluator: Evaluator;
  /** The run's data set, standardised as it was then. */
  loadData(options?: LoadOptions): Promise<Dataset>;
}

/**
 * Loads the newest sound checkpoint of a run, to test or to use its model.
 * @param options.threads default those of the run
 * @throws ScreeError when there is no run, or none of its checkpoints is sound
 */
export async function loadRun(
  path: string,
  options: { readonly threads?: number } = {},
): Promise<TrainedRun> {
  const run = await readRun(path);
  const recipe = recipeOf(path, run);
  const { input, classes, name } = recipe.model;
  const model = models[name].build(input, classes);
  const initial = model.init(new Generator(run.seed), input);
  const start = startState(initial, parseOptimizer(recipe.options.optimizer));
  const { checkpoint, damaged } = await newestSound(join(path, 'checkpoints'));
  if (checkpoint === undefined) {
    throw new ScreeError(damaged[0] ?? `run '${path}' has no checkpoint yet; one is saved after every epoch`);
  }
  start.state.load(checkpoint.tensors, checkpoint.path);
  const threads = options.threads ?? run.threads;
  const compile: CompileOptions =
    recipe.target === 'onnx' ? { target: 'onnx', threads } : { target: 'javascript' };
  return {
    run,
    model,
    initial,
    input,
    classes: recipe.data.classes,
    task: { kind: 'classification', classes: recipe.data.classes },
    normalisation: recipe.data.normalisation,
    checkpoint: { path: checkpoint.path, step: checkpoint.step },
    damaged,
    weights: start.weights(),
    evaluator: new Evaluator({ model, initial, input, loss: crossEntropy, compile }),
    loadData: (load) => loadDataset(recipe.data.from, { ...load, normalisation: recipe.data.normalisation }),
  };
}
