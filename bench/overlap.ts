/** How much of an exchange costs no time, because gradients travel while others are computed? Between hosts on slow links. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { launch, linesOf, writeAgent } from './exchange.js';
import { makeHosts } from './namespaces.js';
import { digits } from './table.js';

export interface OverlapBench {
  readonly model: string;
  readonly target: string;
  readonly batchSize: number;
  readonly steps: number;
  readonly ranks: number;
  /** Rate of each host's link. */
  readonly megabits: number;
  readonly codecs: readonly string[];
  readonly timeoutMs: number;
}

const lineSchema = z.object({
  compress: z.string(),
  overlap: z.boolean(),
  stepMs: z.number(),
  parametersSha256: z.string(),
  wire: z.object({
    bytesPerStep: z.number(),
    computeMs: z.number(),
    codecMs: z.number(),
    wireMs: z.number(),
    hiddenMs: z.number(),
  }),
});

/** Trains with and without overlap on the same links, and prints where a step's time went. */
export async function benchOverlap({ ranks, megabits, codecs, timeoutMs, ...task }: OverlapBench) {
  const folder = mkdtempSync(join(tmpdir(), 'scree-bench-'));
  const taskFile = join(folder, 'task.json');
  const cases = codecs.flatMap((compress) => [true, false].map((overlap) => ({ compress, overlap })));
  writeFileSync(taskFile, JSON.stringify({ ...task, cases }));
  const hosts = makeHosts(ranks, megabits);
  try {
    const command = launch(hosts, writeAgent(folder), 'scree-train.ts', taskFile);
    const lines = z.array(lineSchema).parse(await linesOf('mpirun', [command], timeoutMs));
    console.log(
      `${task.model} on ${task.target}, batch ${task.batchSize}, ${ranks} ranks of 1 thread, ${megabits} Mbit/s (means of ${task.steps} steps)`,
    );
    for (const { compress, overlap, stepMs, wire, parametersSha256 } of lines) {
      const { computeMs, codecMs, wireMs, hiddenMs, bytesPerStep } = wire;
      const under = codecMs + wireMs;
      const other = lines.find((line) => line.compress === compress && line.overlap !== overlap);
      const same = other?.parametersSha256 === parametersSha256 ? 'same bits' : 'OTHER BITS';
      console.log(
        [
          `${compress}${overlap ? ', overlapping' : ', afterwards'}`.padEnd(24),
          `step ${digits(stepMs)} ms`.padStart(14),
          `compute ${digits(computeMs)}`.padStart(14),
          `${digits(bytesPerStep / 1e6)} MB`.padStart(9),
          `codec and wire ${digits(under)}`.padStart(22),
          `hidden ${digits((100 * hiddenMs) / under)} %`.padStart(14),
          same.padStart(11),
        ].join(' '),
      );
    }
    console.log();
    return lines;
  } finally {
    hosts.close();
    rmSync(folder, { recursive: true });
  }
}
