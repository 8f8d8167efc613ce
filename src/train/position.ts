import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import type { PlateauState, Schedule } from '../optim/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { Score } from './judge.js';

const score = z.object({ loss: z.number() }).catchall(z.number());

const plateau = z.object({
  factor: z.number(),
  best: z.number().nullable(),
  worse: z.number(),
  cooldown: z.number(),
});

const schema = z.object({
  step: z.int().nonnegative(),
  lossSum: z.number(),
  meanSum: z.number(),
  batchesSummed: z.int().nonnegative(),
  scores: z.object({ train: score, validation: score.optional(), test: score }).optional(),
  best: z
    .object({ step: z.int().positive(), epoch: z.int().positive(), validation: score, test: score })
    .optional(),
  plateau: plateau.optional(),
  seconds: z.number(),
  stepSeconds: z.number(),
});

/** What an epoch ended with: means over its batches, each as it was before its step, and the other parts after it. */
export interface EpochScores {
  readonly train: Score;
  /** Where the data have such a part. */
  readonly validation?: Score;
  readonly test: Score;
}

/** The epoch with the lowest loss on the validation part. */
export interface Best {
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly validation: Score;
  readonly test: Score;
}

/** Where a run stands beside its tensors; a checkpoint's metadata hold it. */
export interface Position {
  /** Steps taken. */
  step: number;
  /** Over the steps of the current epoch: of losses, and of what the judge counts. */
  lossSum: number;
  meanSum: number;
  batchesSummed: number;
  /** Of the last epoch that was tested. */
  scores?: EpochScores;
  /** Where there is a validation part. */
  best?: Best;
  /** What a schedule remembers that follows the loss of the validation part, or of the test part where there is none. */
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
    meanSum: 0,
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
