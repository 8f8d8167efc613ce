import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { outputSize } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { newestSound, type Checkpoint } from './checkpoint.js';
import { dataChecksum } from './data-identity.js';
import { lossName, optimizerName, scheduleName, type Plan } from './plan.js';
import { decodePosition, startPosition, type Position } from './position.js';
import { readRun, RunFolder, type Run, type RunDescription } from './run-folder.js';
import type { Start } from './start.js';
import type { TrainOptions } from './train.js';
import { screeVersion } from './version.js';

/** What run.json is to say of a run. */
export function describe(options: TrainOptions, plan: Plan, parameters: number): RunDescription {
  const { data, chosen } = plan;
  const { normalisation, encoding, train, validation, test } = data;
  return {
    scree: screeVersion,
    options: {
      optimizer: optimizerName(options),
      schedule: scheduleName(options),
      loss: lossName(options),
      batchSize: plan.batchSize,
      accumulate: plan.accumulate,
      checkpointActivations: plan.checkpointActivations ?? null,
      steps: plan.steps,
      patience: plan.patience ?? null,
      augment: options.augment ?? null,
      weights: options.weights ?? null,
      checkpointEvery: options.checkpointEvery ?? null,
      keep: options.keep ?? null,
      lrScale: plan.lrScale,
      deterministic: options.deterministic ?? null,
      distributed: options.group?.description ?? null,
    },
    model: { name: chosen.name, ...chosen.file, input: [...data.inputShape], outputs: outputSize(data.task) },
    data: {
      name: data.name,
      from: options.dataSource?.from ?? null,
      options: z.json().parse(options.dataSource?.options ?? {}),
      task: z.json().parse(data.task),
      normalisation: normalisation ? { mean: [...normalisation.mean], std: [...normalisation.std] } : null,
      ...(encoding && { encoding }),
      rows: { train: train.size, ...(validation && { validation: validation.size }), test: test.size },
      sha256: dataChecksum(data),
    },
    seed: plan.seed,
    threads: plan.threads,
    target: plan.target,
    engine: plan.engine,
    parameters,
  };
}

/** What must be the same on all ranks of a run, by the names that a message gives. */
export function commonFields({ options, model, data, ...rest }: RunDescription): Record<string, unknown> {
  const { scree, engine, seed, target } = rest;
  return {
    version: scree,
    engine,
    ...options,
    model: model.name,
    'model file': model.sha256 ?? null,
    data: data.name,
    'data (SHA-256)': data.sha256,
    seed,
    target,
  };
}

/**
 * Makes the folder of a new run, or opens that of a run to go on with.
 * @throws ScreeError when there is a run already, or when the run to go on with is another one
 */
export async function openRun(
  path: string,
  description: RunDescription,
  resume: boolean,
  plan: Plan,
  warn: (message: string) => void,
): Promise<RunFolder> {
  if (!resume) return RunFolder.create(path, description);
  const begun = await readRun(path);
  compare(path, begun, description, plan, warn);
  // What it goes on with now is what it goes on with the next time.
  const { target, engine, options } = description;
  return RunFolder.resume(path, {
    target,
    engine,
    options: { ...begun.options, distributed: options.distributed ?? null },
  });
}

/** How many ranks trained a run: the one thing of them that may change. */
function withoutRanks(option: unknown): unknown {
  if (typeof option !== 'object' || option === null || !('ranks' in option)) return option;
  const { ranks: _, ...rest } = option;
  return rest;
}

/** Throws where going on would not give the run that was begun; warns where only its last bits may differ. */
function compare(
  path: string,
  run: Run,
  now: RunDescription,
  { chosen: { file } }: Plan,
  warn: (message: string) => void,
): void {
  const { checkpointEvery: _then, keep: _kept, ...optionsThen } = run.options;
  const { checkpointEvery: _now, keep: _keep, ...optionsNow } = now.options;
  const { sha256: _fileThen, ...modelThen } = run.model;
  const { sha256: _fileNow, ...modelNow } = now.model;
  const must: [string, unknown, unknown][] = [
    ...Object.keys(optionsNow).map((key): [string, unknown, unknown] => [
      key,
      withoutRanks(optionsThen[key] ?? null),
      withoutRanks(optionsNow[key]),
    ]),
    ['model', modelThen, modelNow],
    ['data', run.data.name, now.data.name],
    ['seed', run.seed, now.seed],
  ];
  for (const [what, then, is] of must) {
    if (isDeepStrictEqual(then, is)) continue;
    throw new ScreeError(
      `run '${path}' was begun with ${what} ${JSON.stringify(then)}, not ${JSON.stringify(is)}; only the same run can go on`,
    );
  }
  if (run.data.sha256 !== now.data.sha256) {
    throw new ScreeError(
      `run '${path}' cannot go on: the data set ${now.data.name} has changed since it was begun`,
    );
  }
  if (run.model.sha256 !== now.model.sha256) warn(modelHasChanged(file?.path ?? now.model.name));
  const may: [string, string | number, string | number][] = [
    ['threads', run.threads, now.threads],
    ['engine', run.engine, now.engine],
    ['scree', run.scree, now.scree],
    ['platform', run.platform, `${process.platform}-${process.arch}`],
  ];
  for (const [what, then, is] of may) {
    if (then !== is)
      warn(`the run was begun with ${what} ${then}, it goes on with ${is}: last bits may differ`);
  }
}

/** What is said where the file of a user's own model is no longer what the run was begun with. */
export function modelHasChanged(path: string): string {
  return `the model's file ${path} has changed since the run was begun: what it computes may differ`;
}

/** Takes the newest sound checkpoint of a run, or its beginning where there is none; names the damaged ones. */
export async function goBack(
  folder: RunFolder,
  plan: Plan,
  { state }: Start,
  warn: (message: string) => void,
): Promise<{ readonly position: Position; readonly tensors: Checkpoint['tensors'] }> {
  const { checkpoint, damaged } = await newestSound(folder.checkpoints);
  const instead = checkpoint === undefined ? 'begins again' : `goes on from step ${checkpoint.step}`;
  for (const message of damaged) warn(`${message}; the run ${instead}`);
  if (checkpoint === undefined) return { position: startPosition(plan.schedule), tensors: {} };
  const position = decodePosition(checkpoint);
  state.load(checkpoint.tensors, checkpoint.path);
  return { position, tensors: checkpoint.tensors };
}
