import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Generator } from '../src/random/index.js';
import { listCheckpoints, newestSound, readMetrics, readRun } from '../src/train/index.js';
import { ended, scree, start, temporaryFolder } from './support/cli.js';

/*
 * A run that is killed at random moments and goes on must end with the bits of the run that nobody disturbed. The command line
 * itself is killed, by SIGKILL, 20 times in all (SCREE_KILLS=50: so often): half of the moments lie in training, after a checkpoint
 * was saved, the others between the start of the process and about when it trains. Which moments is drawn from a seed, but clocks
 * differ: they fall elsewhere each time.
 */
/** Generous: all of it takes less than a minute on a machine with nothing else to do. */
const timeoutMs = 300_000;
const runs = 2;
const killsEach = Math.max(2, Math.ceil(Number(process.env['SCREE_KILLS'] ?? 20) / runs));
const steps = 300;
/** The second line: what else is drawn, kept and watched. */
const options = [
  `mlp --steps ${steps} --batch 32 --threads 1 --checkpoint-every 7`,
  '--augment shift:pixels=1,mixup --validation-split 0.1 --patience 50',
].flatMap((line) => line.split(' '));

const folder = temporaryFolder();
afterAll(folder.remove);

const undisturbed = join(folder.path, 'undisturbed');
/** From the start of the process until it trains. */
let startMs = 0;
beforeAll(async () => {
  const began = performance.now();
  const child = await begin(undisturbed);
  const end = ended(child);
  await untilTraining(undisturbed, child);
  startMs = performance.now() - began;
  const { code, stderr } = await end;
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, timeoutMs);

/** Starts the run, or goes on with it. Training begins about when `sittings` grows. */
async function begin(path: string) {
  const run = await readRun(path).catch(() => undefined);
  return start(run === undefined ? ['train', ...options, '--out', path] : ['train', '--resume', path]);
}

/** How often training was begun: each sitting has an event file of its own. */
function sittings(path: string): number {
  try {
    return readdirSync(path).filter((name) => name.includes('tfevents')).length;
  } catch {
    return 0;
  }
}

async function untilTraining(path: string, child: { exitCode: number | null }): Promise<void> {
  const before = sittings(path);
  while (child.exitCode === null && sittings(path) === before) await sleep(5);
}

async function newestStep(path: string): Promise<number> {
  const [newest] = await listCheckpoints(join(path, 'checkpoints'));
  return newest?.step ?? 0;
}

/** Waits until the run has saved a checkpoint beyond `step`. */
async function untilBeyond(step: number, path: string, child: { exitCode: number | null }): Promise<void> {
  while (child.exitCode === null && (await newestStep(path)) <= step) await sleep(5);
}

async function expectUndisturbed(path: string): Promise<void> {
  const [{ checkpoint: expected }, { checkpoint }] = await Promise.all(
    [undisturbed, path].map((run) => newestSound(join(run, 'checkpoints'))),
  );
  expect(checkpoint?.step).toBe(steps);
  expect(checkpoint?.tensors).toEqual(expected?.tensors);
  const [bestExpected, best] = await Promise.all(
    [undisturbed, path].map((run) => newestSound(join(run, 'checkpoints', 'best'))),
  );
  expect(best.checkpoint?.step).toBe(bestExpected.checkpoint?.step);
  expect(best.checkpoint?.tensors).toEqual(bestExpected.checkpoint?.tensors);
  const [metricsExpected, metrics] = await Promise.all(
    [undisturbed, path].map((run) => readMetrics(join(run, 'metrics.jsonl'))),
  );
  expect(metrics).toEqual(metricsExpected);
  const [runExpected, run] = await Promise.all([readRun(undisturbed), readRun(path)]);
  expect(run.status).toBe('finished');
  expect(run.result?.test).toEqual(runExpected.result?.test);
  expect(run.result?.train).toEqual(runExpected.result?.train);
  expect(run.result?.best).toEqual(runExpected.result?.best);
}

describe('a run that goes on ends with the bits of the undisturbed one', { timeout: timeoutMs }, () => {
  test.each(Array.from({ length: runs }, (_, run) => run))(
    `after ${killsEach} kills, run %d`,
    async (run) => {
      const path = join(folder.path, `killed-${run}`);
      const generator = new Generator(0).fork('kills').fork(run);
      const reached = new Set<number>();
      for (let kills = 0; kills < killsEach;) {
        const step = await newestStep(path);
        const child = await begin(path);
        const end = ended(child);
        if (kills % 2 === 0 && step < steps) {
          await untilBeyond(step, path, child);
          await sleep(generator.uniform() * 60);
        } else {
          await sleep(generator.uniform() * 1.2 * startMs);
        }
        child.kill('SIGKILL');
        const { signal, stderr } = await end;
        expect(stderr).toBe('');
        // A run that ended before its kill was not killed.
        if (signal === 'SIGKILL') kills++;
        reached.add(await newestStep(path));
      }
      // Kills that fell before or after training alone would prove nothing.
      expect([...reached].filter((step) => step > 0 && step < steps).length).toBeGreaterThan(1);
      const { code, stderr } = await scree(['train', '--resume', path]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      await expectUndisturbed(path);
    },
  );

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s, which saves and says how to go on', async (signal, exitCode) => {
    const path = join(folder.path, `stopped-${signal}`);
    const child = await begin(path);
    const end = ended(child);
    await untilBeyond(0, path, child);
    child.kill(signal);
    const { code, stdout, stderr } = await end;
    expect(stderr).toBe('');
    expect(code).toBe(exitCode);
    const said = /stopped after step ([\d,]+); go on with: .* train --resume (.*)\n$/.exec(stdout);
    expect(said?.[2]).toBe(path);
    const stoppedAt = Number(said?.[1].replaceAll(',', ''));
    expect((await listCheckpoints(join(path, 'checkpoints')))[0].step).toBe(stoppedAt);
    expect((await readRun(path)).status).toBe('interrupted');

    const resumed = await scree(['train', '--resume', path, '--json']);
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ resumedFrom: stoppedAt, steps });
    await expectUndisturbed(path);
  });

  test('after the newest checkpoint was damaged: it is named, and the one before it used', async () => {
    const path = join(folder.path, 'damaged');
    const child = await begin(path);
    const end = ended(child);
    await untilBeyond(7, path, child);
    child.kill('SIGINT');
    await end;
    const [newest, before] = await listCheckpoints(join(path, 'checkpoints'));
    await writeFile(newest.path, 'not a checkpoint');
    const { code, stderr } = await scree(['train', '--resume', path]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*\n$/);
    expect(stderr).toContain(newest.path);
    expect(stderr).toContain(`goes on from step ${before.step}`);
    await expectUndisturbed(path);
  });
});
