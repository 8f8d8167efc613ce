import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import type { PlateauState, Schedule } from '../optim/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { Score } from './step.js';

const score = z.object({ loss: z.number(), accuracy: z.number() });

const plateau = z.object({
  factor: z.number(),
  best: z.number().nullable(),
  worse: z.number(),
  cooldown: z.number(),
});

const schema = z.object({
  step: z.int().nonnegative(),
  lossSum: z.number(),
  accuracySum: z.number(),
  batchesSummed: z.int().nonnegative(),
  scores: z.object({ train: score, test: score }).optional(),
  plateau: plateau.optional(),
  seconds: z.number(),
  stepSeconds: z.number(),
});

/** Where a run stands beside its tensors; a checkpoint's metadata hold it. */
export interface Position {
  /** Steps taken. */
  step: number;
  /** Over the steps of the current epoch. */
  lossSum: number;
  accuracySum: number;
  batchesSummed: number;
  /** Of the last epoch that was tested: means over its batches, and the test part after it. */
  scores?: { readonly train: Score; readonly test: Score };
  /** What a schedule remembers that follows the test loss. */
  plateau?: PlateauState;
  /** Time spent training, over all sittings, and the part of it in steps. */
  seconds: number;
  stepSeconds: number;
}

const key = 'position';

export function startPosition({ plateau }: Schedule): Position {
  return {
    step: 0,
    lossSum: 0,
    accuracySum: 0,
    batchesSummed: 0,
    seconds: 0,
    stepSeconds: 0,
    ...(plateau && { plateau: plateau.initial }),
  };
}

/** As a checkpoint's metadata. */
export function encodePosition(position: Position): Record<string, string> {
  return { [key]: JSON.stringify(position) };
}

/** @throws ScreeError when the checkpoint is none of a training run. */
export function decodePosition({ path, step, metadata }: Checkpoint): Position {
  let json: unknown;
  try {
    json = JSON.parse(metadata[key] ?? '');
  } catch {
    throw new ScreeError(`'${path}' is not a checkpoint of a training run: its metadata hold no position`);
  }
  const { data } = schema.safeParse(json);
  if (data?.step !== step) throw new ScreeError(`'${path}' does not say where its run stood at step ${step}`);
  return data;
}
