import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NDArray } from '../../graph/ndarray.js';
import { createSession, type SessionOptions } from './session.js';

/** One node of the graph as the runtime executes it, after its own fusions. */
export interface ProfileRow {
  readonly name: string;
  readonly op: string;
  /** Mean over the runs. */
  readonly ms: number;
}

export interface ProfileOptions extends Pick<SessionOptions, 'threads' | 'via'> {
  /** Runs to average over; 10 by default. */
  readonly runs?: number;
  /** Runs before those, left out: the first three touch fresh memory. */
  readonly warmup?: number;
}

/** The part of the runtime's trace (Chrome's trace event format) that we read. */
interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

const suffix = '_kernel_time';

function readRows(trace: readonly TraceEvent[], runs: number): ProfileRow[] {
  const durations = new Map<string, { readonly op: string; readonly microseconds: number[] }>();
  for (const { cat, name, dur, args } of trace) {
    if (cat !== 'Node' || name === undefined || !name.endsWith(suffix)) continue;
    const node = name.slice(0, -suffix.length);
    const entry = durations.get(node) ?? { op: args?.op_name ?? '', microseconds: [] };
    entry.microseconds.push(dur ?? 0);
    durations.set(node, entry);
  }
  return [...durations]
    .map(([name, { op, microseconds }]) => ({
      name,
      op,
      ms: microseconds.slice(-runs).reduce((sum, value) => sum + value, 0) / runs / 1000,
    }))
    .sort((a, b) => b.ms - a.ms);
}

/**
 * Runs a model under ONNX Runtime's profiler.
 * @returns the executed nodes, slowest first. Times have the profiler's resolution of a microsecond and include its
 * own cost, a few microseconds a node.
 * @throws ScreeError (by rejection) as `createSession` and `Session.run` do.
 */
export async function profileModel(
  model: Uint8Array,
  inputs: readonly NDArray[],
  outputs: readonly NDArray[],
  { runs = 10, warmup = 3, ...options }: ProfileOptions,
): Promise<ProfileRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'scree-profile-'));
  try {
    const session = await createSession(model, { ...options, profilePrefix: join(folder, 'trace') });
    try {
      for (let run = 0; run < warmup + runs; run++) await session.run(inputs, outputs);
    } finally {
      session.close();
    }
    const [file] = readdirSync(folder);
    return readRows(JSON.parse(readFileSync(join(folder, file), 'utf8')) as TraceEvent[], runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
