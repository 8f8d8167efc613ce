import { readFileSync } from 'node:fs';
import { NotEnoughMemory } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import { checkpointLayers, type Layer } from '../nn/index.js';
import { AccumulatedStep } from './accumulate.js';
import type { OpenPlan } from './plan.js';
import { TrainingStep, type Stepper, type StepRequest } from './step.js';

/** What a step takes, in bytes. */
export interface StepMemory {
  /** Weights and whatever else of a training state. */
  readonly state: number;
  /** Values between the layers, and what the programs hold beside. */
  readonly plan: number;
}

/** What may be changed of a run for it to take less memory. */
export type Frugality = Pick<OpenPlan, 'batchSize' | 'accumulate' | 'checkpointActivations'>;

/** Bytes of addresses that this process may still take; `ulimit -v` sets a bound. */
function addressSpace(): number {
  try {
    const limit = /^Max address space\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    const taken = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (limit !== undefined && taken !== undefined) return Math.max(0, Number(limit) - Number(taken) * 1024);
  } catch {
    // Another system, which has no such files.
  }
  return Infinity;
}

/** Bytes that this process can have: what the system calls available, or what is left to it of a control group's or its own limit. */
export function availableBytes(): number {
  return Math.min(process.availableMemory(), addressSpace());
}

const gigabytes = (bytes: number) => `${Number((bytes / 1e9).toPrecision(3))} GB`;

/** The first of some ways to run that fits. */
async function firstThat<T>(ways: readonly T[], fits: (way: T) => Promise<boolean>): Promise<T | undefined> {
  for (const way of ways) if (await fits(way)) return way;
  return undefined;
}

/** At most so many batch sizes, and counts of parts, are tried: each is planned anew. */
const mostTried = 6;

/**
 * Why a step cannot be taken, and what could be in its place.
 * @param needed by the step's plan, and what is there, in bytes
 * @param fits plans a step that takes less
 */
export async function describeShortage(
  { needed, available }: { readonly needed: number; readonly available: number },
  { batchSize, accumulate, checkpointActivations }: Frugality,
  fits: (frugality: Frugality) => Promise<boolean>,
): Promise<ScreeError> {
  const ways: string[] = [];
  const now = { batchSize, accumulate, checkpointActivations };
  const segments = { ...now, checkpointActivations: 'sqrt' } as const;
  if (checkpointActivations === undefined && (await fits(segments)))
    ways.push('--checkpoint-activations sqrt');
  const divisors = Array.from({ length: batchSize }, (_, k) => k + 1).filter((k) => batchSize % k === 0);
  const parts = divisors.filter((k) => k > accumulate).slice(0, mostTried);
  const part = await firstThat(parts, (k) => fits({ ...now, accumulate: k }));
  if (part !== undefined) ways.push(`--accumulate ${part}`);
  const halves = Array.from({ length: mostTried }, (_, k) => Math.floor(batchSize / 2 ** (k + 1)));
  const sizes = halves.map((size) => size - (size % accumulate)).filter((size) => size >= 1);
  const size = await firstThat(sizes, (k) => fits({ ...now, batchSize: k }));
  if (size !== undefined) ways.push(`--batch ${size}`);
  const last = parts.at(-1);
  if (ways.length === 0 && last !== undefined && (await fits({ ...segments, accumulate: last }))) {
    ways.push(`--checkpoint-activations sqrt --accumulate ${last}`);
  }
  const advice =
    ways.length > 0
      ? `it would fit with ${ways.join(', or ')}`
      : 'not even a batch in parts would fit; take a smaller model';
  return new ScreeError(
    `not enough memory: by its plan a step of batch ${batchSize} takes ${gigabytes(needed)}, ` +
      `and ${gigabytes(available)} are to be had; ${advice}`,
  );
}

/** Compiles a step, of the whole batch or of its parts. */
export function compileStepOf(request: StepRequest, accumulate: number): Promise<Stepper> {
  return accumulate === 1 ? TrainingStep.compile(request) : AccumulatedStep.compile(request, accumulate);
}

/**
 * Compiles a step that fits into memory.
 * @param model without checkpoints of activations
 * @param compileWith how it is compiled
 * @param available in bytes
 * @throws ScreeError saying what is needed, what there is, and what would fit
 */
export async function compileWithinMemory(
  request: StepRequest,
  plan: Frugality,
  model: Layer,
  compileWith: (request: StepRequest, accumulate: number) => Promise<Stepper>,
  available: () => number = availableBytes,
): Promise<Stepper> {
  const { start, initial, input } = request;
  const stateBytes = start.state.bytes;
  const bytesOf = ({ memoryBytes }: Stepper) => memoryBytes && memoryBytes + start.state.bytes;
  const limit = available();
  let needed: number;
  try {
    const program = await compileWith(request, plan.accumulate);
    const bytes = bytesOf(program);
    if (bytes === undefined || bytes <= limit) return program;
    program.close();
    needed = bytes;
  } catch (error) {
    if (!(error instanceof NotEnoughMemory)) throw error;
    needed = error.bytes + stateBytes / 2;
  }
  // Nothing is measured for what is only looked at.
  const { compile: usual } = request;
  const compile = usual.target === 'native' ? { ...usual, deterministic: true } : usual;
  const fits = async ({ batchSize, accumulate, checkpointActivations }: Frugality): Promise<boolean> => {
    try {
      const cut =
        checkpointActivations === undefined
          ? model
          : checkpointLayers(model, initial, input.shape, checkpointActivations);
      const program = await compileStepOf({ ...request, model: cut, batchSize, compile }, accumulate);
      const { memoryBytes = Infinity } = program;
      program.close();
      return memoryBytes + (accumulate === 1 ? start.state.bytes : stateBytes) <= limit;
    } catch (error) {
      if (error instanceof ScreeError) return false;
      throw error;
    }
  };
  throw await describeShortage({ needed, available: limit }, plan, fits);
}
