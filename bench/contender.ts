/** One side of a comparison: a process that warms up, measures itself and prints one line of JSON as its last. */
import { spawn } from 'node:child_process';
import { z } from 'zod';

export interface Contender {
  readonly name: string;
  /** Contenders of one group are ways to run the same thing; the quickest of the bar's group is the bar. */
  readonly group: string;
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const measuredSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** Milliseconds an item (a step, an evaluation, a product). */
  ms: z.object({ min: z.number(), median: z.number(), max: z.number() }),
  count: z.number(),
  /** Processor time over wall time while it was measured. */
  cores: z.number(),
  /** Peak memory of the process, the imported library included. */
  rssMb: z.number(),
  batch: z.number().optional(),
  note: z.string().optional(),
});
const lineSchema = z.union([
  measuredSchema,
  z.object({ missing: z.string() }),
  z.object({ unsupported: z.string() }),
]);

export type Measured = z.infer<typeof measuredSchema>;
/** What one run of a contender ended with; a peer that is not there or cannot do the task says so itself. */
export type Ending =
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'missing' | 'unsupported' | 'failed'; readonly reason: string };

function read(output: string): Ending | undefined {
  const last = output
    .trimEnd()
    .split('\n')
    .findLast((line) => line.startsWith('{'));
  if (last === undefined) return undefined;
  const parsed = lineSchema.safeParse(JSON.parse(last));
  if (!parsed.success)
    return { kind: 'failed', reason: `not the line that was agreed: ${last.slice(0, 200)}` };
  if ('missing' in parsed.data) return { kind: 'missing', reason: parsed.data.missing };
  if ('unsupported' in parsed.data) return { kind: 'unsupported', reason: parsed.data.unsupported };
  return { kind: 'measured', measured: parsed.data };
}

/** Runs a contender once, to its end or to the time limit. */
export async function runOnce(contender: Contender, timeoutMs: number): Promise<Ending> {
  const [program, ...args] = contender.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: contender.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const absent = error.code === 'ENOENT';
      resolve({
        kind: absent ? 'missing' : 'failed',
        reason: absent ? `${program} is not installed` : error.message,
      });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (late) return resolve({ kind: 'failed', reason: `not done after ${timeoutMs / 1e3} s` });
      const ending = code === 0 ? read(output) : undefined;
      const lines = errors.trimEnd().split('\n');
      const complaint = lines.find((line) => /Error\b.*:/.test(line)) ?? lines[lines.length - 1];
      resolve(ending ?? { kind: 'failed', reason: `ended with ${signal ?? `code ${code}`}: ${complaint}` });
    });
  });
}
