/** What does compression cost in accuracy? The same run with every codec and error feedback, on ranks of this machine, over several seeds. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { codecs } from '../src/distributed/codec/registry.js';
import { digits } from './table.js';

export interface AccuracyBench {
  readonly model: string;
  readonly data: string;
  readonly workers: number;
  readonly steps: number;
  readonly batch: number;
  readonly optimizer: string;
  /** Of the uncompressed run and of each codec: 0, 1, … */
  readonly seeds: number;
  /** Codecs as --compress takes them; all of them without. */
  readonly codecs?: readonly string[];
  readonly timeoutMs: number;
}

/** Points of accuracy that a codec may cost. */
const allowance = 0.5;

const command = fileURLToPath(new URL('../cli/scree.ts', import.meta.url));
const resultSchema = z.object({
  test: z.object({ accuracy: z.number() }),
  wire: z.object({ ratio: z.number() }),
});
type Outcome = z.infer<typeof resultSchema>;

const run = promisify(execFile);

async function trained(options: AccuracyBench, codec: string, seed: number, out: string): Promise<Outcome> {
  const { model, data, workers, steps, batch, optimizer, timeoutMs } = options;
  const flags = { data, workers, compress: codec, steps, batch, optimizer, seed, out };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const program = ['--import', 'tsx', command, 'train', model, ...words, '--feedback', '--json'];
  const { stdout } = await run(process.execPath, program, {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return resultSchema.parse(JSON.parse(stdout));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Trains with each codec in turn, prints a line as soon as a codec is done, and returns all results. */
export async function benchAccuracy(options: AccuracyBench): Promise<object[]> {
  const { model, data, workers, steps, batch, optimizer, seeds, codecs: named } = options;
  const chosen = ['none', ...(named ?? Object.keys(codecs)).filter((codec) => codec !== 'none')];
  console.log(
    `${model} on ${data}, ${workers} ranks, ${steps} steps of ${batch} examples, ${optimizer}: test accuracy of ${seeds} seeds`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'scree-bench-'));
  const results: { codec: string; accuracies: number[]; ratio: number; lost: number }[] = [];
  try {
    for (const [place, codec] of chosen.entries()) {
      const outcomes: Outcome[] = [];
      try {
        for (let seed = 0; seed < seeds; seed++)
          outcomes.push(await trained(options, codec, seed, join(folder, `${place}-${seed}`)));
      } catch (error) {
        const lines = error instanceof Error ? error.message.trimEnd().split('\n') : [String(error)];
        console.log(`${codec.padEnd(22)} FAILS: ${lines.at(-1)}`);
        continue;
      }
      const accuracies = outcomes.map(({ test }) => 100 * test.accuracy);
      const bar = results[0] ?? { accuracies };
      const lost = mean(bar.accuracies) - mean(accuracies);
      const { ratio } = outcomes[0].wire;
      results.push({ codec, accuracies, ratio, lost });
      const cells = [
        codec.padEnd(22),
        `1/${digits(ratio)} of the bytes`.padStart(22),
        accuracies.map((value) => value.toFixed(2)).join(' '),
        `mean ${mean(accuracies).toFixed(2)}`,
        results.length === 1 ? 'the bar' : `${lost > 0 ? '−' : '+'}${Math.abs(lost).toFixed(2)} points`,
        lost > allowance ? `FAILS: more than ${allowance} lost` : '',
      ];
      console.log(cells.join('  ').trimEnd());
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log();
  return results;
}
