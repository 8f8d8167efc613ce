import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { Generator } from '../../src/random/index.js';
import { ended, scree, start, temporaryFolder } from '../support/cli.js';
import { newestStep, parametersOf, ranksOf, withMpi } from './processes.js';

/*
 * kill −9 of a random rank at random moments, of the start as well as of the steps, while `scree launch` looks after the run: it must
 * end with the bits of the run that nobody disturbed. SCREE_KILLS=200 makes it as many as that (half an hour).
 */

const kills = Number(process.env.SCREE_KILLS ?? 3);
const interval = 20;
/** A kill costs up to two intervals of progress before the next. */
const steps = Math.max(300, 60 * kills);

const folder = temporaryFolder();
afterAll(folder.remove);

const options = [
  'lenet',
  '--quiet',
  ...Object.entries({
    engine: 'onnx',
    threads: 1,
    steps,
    batch: 32,
    'checkpoint-every': interval,
    compress: 'onebit',
    'rank-timeout': 8,
  }).flatMap(([name, value]) => [`--${name}`, String(value)]),
];

const here = process.platform === 'linux' && spawnSync('mpirun.openmpi', ['--version']).error === undefined;

test.skipIf(!here)(
  `${kills} kills of random ranks at random moments leave a run with the bits of the undisturbed one`,
  { timeout: 60_000 + 20_000 * kills },
  async () => {
    const quiet = join(folder.path, 'undisturbed');
    const undisturbed = await scree(['train', ...options, '--workers', '2', '--out', quiet]);
    expect(undisturbed.stderr).toBe('');

    const run = join(folder.path, 'disturbed');
    const launcher = [
      'launch',
      '-n',
      '2',
      '--mpirun',
      'mpirun.openmpi',
      '--max-restarts',
      String(10 * kills),
    ];
    const child = start([...launcher, '--', 'train', ...options, '--out', run], { env: withMpi });
    const end = ended(child);
    const generator = new Generator(kills);
    const kept: number[] = [];
    let sent = 0;
    let checkpoint = 0;
    let longestSeconds = 0;
    let killed = performance.now();
    while (sent < kills && child.exitCode === null) {
      if (generator.uniform() < 0.25) {
        // As ranks start.
        while (ranksOf(run).length === 0 && child.exitCode === null) await sleep(10);
        await sleep(3000 * generator.uniform());
      } else {
        while ((await newestStep(run)) <= checkpoint && child.exitCode === null) await sleep(10);
        longestSeconds = Math.max(longestSeconds, (performance.now() - killed) / 1000);
        await sleep(250 * generator.uniform());
      }
      const pids = ranksOf(run);
      const pid = pids[Math.floor(pids.length * generator.uniform())];
      if (pid === undefined) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        continue;
      }
      sent++;
      killed = performance.now();
      // Until the launcher has ended the others.
      while (ranksOf(run).some((other) => pids.includes(other))) await sleep(10);
      checkpoint = await newestStep(run);
      kept.push(checkpoint);
    }
    const { code, stderr } = await end;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(sent).toBe(kills);
    // Each time the run went on from what was on the disk when the last rank had ended: less than an interval is lost.
    const resumed = [...stderr.matchAll(/goes on from step (\d+)/g)].map(([, step]) => Number(step));
    expect(resumed).toEqual(kept);
    // Nobody waited until a limit: neither rank for rank, nor the launcher for a run.
    expect(stderr).not.toMatch(/waited 8 s|nothing has changed/);
    expect(await parametersOf(run)).toBe(await parametersOf(quiet));
    expect(ranksOf(run)).toEqual([]);
    if (process.env.SCREE_KILLS !== undefined) {
      process.stdout.write(
        `${sent} kills, ${resumed.length} restarts, ${longestSeconds.toFixed(1)} s at most until the next checkpoint\n`,
      );
    }
  },
);
