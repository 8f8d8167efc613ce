import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { ScreeError } from '../graph/errors.js';

/** What a step takes, in bytes. */
export interface StepMemory {
  /** Weights and whatever else of a training state, both copies. */
  readonly state: number;
  /** Values between the layers, and what the programs hold beside. */
  readonly plan: number;
}

/** Parts that `accumulate` may cut a batch into are tried up to here. */
const mostParts = 1024;

/** Bytes that this process can have: what the system calls available, which is more than what is free. */
export function availableBytes(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Another system, which has no such file.
  }
  return freemem();
}

const gigabytes = (bytes: number) => `${Number((bytes / 1e9).toPrecision(3))} GB`;

/**
 * Sees that a step fits into memory, before it is taken.
 * @param available in bytes
 * @throws ScreeError saying what is needed, what there is, and what would fit
 */
export function requireMemory(
  { state, plan }: StepMemory,
  { batchSize, accumulate }: { readonly batchSize: number; readonly accumulate: number },
  available = availableBytes(),
): void {
  if (state + plan <= available) return;
  const fits = (parts: number) => state + (plan * accumulate) / parts <= available;
  let parts = accumulate;
  while (parts < Math.min(batchSize, mostParts) && !fits(parts)) parts++;
  const way = fits(parts)
    ? `in parts it would fit (--accumulate ${parts})`
    : 'not even a batch in parts would fit; take a smaller model';
  throw new ScreeError(
    `not enough memory: by its plan a step of batch ${batchSize} takes ${gigabytes(state + plan)}, ` +
      `and ${gigabytes(available)} are to be had; ${way}`,
  );
}
