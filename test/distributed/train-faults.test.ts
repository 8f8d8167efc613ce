import { spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Generator } from '../../src/random/index.js';
import { ended, scree, start, temporaryFolder } from '../support/cli.js';
import { newestStep, parametersOf, ranksOf, withMpi } from './processes.js';

/*
 * Ranks are killed at random moments (drawn from a seed, but clocks differ) while `scree launch` looks after the run, which must end
 * with the bits of the run that nobody disturbed.
 */

const folder = temporaryFolder();
afterAll(folder.remove);

const options =
  'lenet --engine onnx --threads 1 --steps 300 --batch 32 --checkpoint-every 20 --compress onebit --bucket-size 0.02 --rank-timeout 8 --quiet'.split(
    ' ',
  );
let undisturbed: unknown;
beforeAll(async () => {
  const out = join(folder.path, 'undisturbed');
  const { stderr, code } = await scree(['train', ...options, '--workers', '2', '--out', out]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  undisturbed = await parametersOf(out);
});

/** Sends signals to random ranks, each after a checkpoint more than the last. */
async function disturb(
  run: string,
  child: ChildProcess,
  signals: readonly NodeJS.Signals[],
): Promise<number> {
  const generator = new Generator(5);
  let sent = 0;
  let last = 0;
  for (const signal of signals) {
    while (child.exitCode === null && (await newestStep(run)) <= last) await sleep(20);
    await sleep(200 * generator.uniform());
    const pids = ranksOf(run);
    if (pids.length === 0) continue;
    process.kill(pids[Math.floor(pids.length * generator.uniform())], signal);
    sent++;
    // What was being saved may still come.
    await sleep(300);
    last = await newestStep(run);
  }
  return sent;
}

const launchers = [
  { name: 'threads', args: ['--launcher', 'threads'], signals: ['SIGKILL'], here: true },
  {
    name: 'Open MPI',
    args: ['--mpirun', 'mpirun.openmpi'],
    // A stopped process is one that hangs.
    signals: ['SIGKILL', 'SIGSTOP'],
    here: spawnSync('mpirun.openmpi', ['--version']).error === undefined,
  },
] as const;

describe.each(launchers)('$name', ({ name, args, signals, here }) => {
  test.skipIf(!here || process.platform !== 'linux')(
    `a run whose ranks are killed (${signals.join(', ')}) ends as the undisturbed one`,
    { timeout: 120_000 },
    async () => {
      const run = join(folder.path, name.replace(' ', '-'));
      const child = start(
        ['launch', '-n', '2', ...args, '--max-restarts', '9', '--', 'train', ...options, '--out', run],
        { env: withMpi },
      );
      const end = ended(child);
      const sent = await disturb(run, child, [...signals]);
      const { code, stderr } = await end;
      expect(code).toBe(0);
      expect(sent).toBeGreaterThan(0);
      expect(stderr).toContain(`restart ${sent} of 9`);
      expect(await parametersOf(run)).toBe(undisturbed);
      expect(ranksOf(run)).toEqual([]);
    },
  );
});

test('a run that cannot begin is not started again', async () => {
  const { code, stderr } = await scree([
    'launch',
    '-n',
    '2',
    '--launcher',
    'threads',
    '--',
    'train',
    'lenet',
    '--batch',
    '1',
    '--out',
    join(folder.path, 'none'),
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain('error: train: a batch of 1 cannot be shared by 2 ranks');
  expect(stderr).toContain('error: launch: the run did not begin');
});
