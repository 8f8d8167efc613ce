import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { loadRun } from '../../src/train/index.js';
import { temporaryFolder } from '../support/cli.js';
import { runMain as run } from '../support/run-main.js';

// What --statistics and --checkpoint choose, on a small model with batch norm and data with a validation part.

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  writeFileSync(
    at('small.ts'),
    `import { batchNorm, dense, flatten, sequential, tanh } from 'scree/nn';
export default (_input: readonly number[], outputs: number) =>
  sequential(flatten(), dense(6), batchNorm(), tanh(), dense(outputs));
`,
  );
  const data = ['--data', 'digits', '--validation-split', '0.2'];
  const rates = ['--optimizer', 'sgd:lr=0.5,momentum=0.9', '--schedule', 'constant', '--seed', '1'];
  const { code, stderr } = await run(
    'train',
    at('small.ts'),
    ...data,
    ...rates,
    '--epochs',
    '3',
    '--threads',
    '1',
    '--quiet',
    '--out',
    at('run'),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}, 60_000);
beforeEach(() => {
  vi.stubEnv('COLUMNS', '100');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const few = ['--threads', '1', '--samples', '64', '--batch', '32', '--top', '2', '--bottom', '1'];

interface Told {
  readonly step: number;
  readonly value: number;
  readonly statistics: string;
  readonly top: readonly { readonly value: number }[];
}

async function survey(...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await run('survey', at('run'), ...few, '--json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Told;
}

test('--statistics batch: each part has its own statistics, so that how examples are parted matters', async () => {
  const running = await survey();
  const batch = await survey('--statistics', 'batch');
  expect([running.statistics, batch.statistics]).toEqual(['running', 'batch']);
  // Two losses of one model: near each other, and not the same.
  expect(Math.abs(batch.value - running.value)).toBeGreaterThan(1e-4);
  expect(Math.abs(batch.value - running.value)).toBeLessThan(0.5 * running.value + 0.1);
  expect(batch.top[0].value).not.toBeCloseTo(running.top[0].value, 4);
  const inSmallParts = (...args: string[]) => survey('--batch', '16', ...args);
  expect((await inSmallParts()).value).toBeCloseTo(running.value, 5);
  expect(Math.abs((await inSmallParts('--statistics', 'batch')).value - batch.value)).toBeGreaterThan(1e-4);
});

test('--checkpoint: the last weights, or those that were best on the validation part', async () => {
  for (const checkpoint of ['best', 'last'] as const) {
    const { step } = await survey('--checkpoint', checkpoint);
    const trained = await loadRun(at('run'), { checkpoint });
    await trained.evaluator.close();
    expect(step).toBe(trained.checkpoint.step);
  }
  const refused = await run('survey', at('run'), '--checkpoint', 'worst');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("'worst' is invalid. Allowed choices are best, last");
});

test('the whole screen of a survey of a run', async () => {
  const { code, stdout } = await run('survey', at('run'), ...few, '--statistics', 'batch', '--density');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  for (const words of [
    'after step',
    'batch norm by the statistics of each batch, as in training',
    'with probability 99%',
    'against (2 + 2β)/lr',
    'trace',
  ]) {
    expect(stdout).toContain(words);
  }
  expect(stdout).toMatch(/[\u2801-\u28ff]/);
  expect(stdout).not.toContain('kinks');
});
