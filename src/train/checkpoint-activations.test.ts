import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadDataset } from '../data/index.js';
import { resumeRun } from './load-run.js';
import { train, type TrainOptions } from './train.js';

const folder = await mkdtemp(join(tmpdir(), 'scree-segments-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const data = await loadDataset('digits');
const options: TrainOptions = {
  model: 'mlp',
  data,
  dataSource: { from: 'digits', options: {} },
  batchSize: 16,
  steps: 12,
  target: 'javascript',
};

test('a run with segments takes the same steps, says so in run.json, and goes on with them', async () => {
  const expected = await train(options);
  const out = join(folder, 'run');
  const stop = new AbortController();
  const first = await train({
    ...options,
    out,
    checkpointActivations: 'sqrt',
    signal: stop.signal,
    onProgress(progress) {
      if (progress.kind === 'start') expect(progress.checkpointActivations).toBe('sqrt');
      if (progress.kind === 'step' && progress.step === 5) stop.abort();
    },
  });
  expect(first.finished).toBe(false);
  expect(JSON.parse(await readFile(join(out, 'run.json'), 'utf8'))).toMatchObject({
    options: { checkpointActivations: 'sqrt' },
  });
  await expect(train({ ...options, out, resume: true })).rejects.toThrow(
    'was begun with checkpointActivations "sqrt", not null',
  );
  const { report } = await resumeRun(out);
  // JavaScript computes again what it computed before: no bit differs.
  expect(report.parametersSha256).toBe(expected.report.parametersSha256);
});

test('a number of segments that the model has not is refused before the run', async () => {
  await expect(train({ ...options, checkpointActivations: 40 })).rejects.toThrow('from 2 to 6');
});
