import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadDataset } from '../src/data/index.js';
import { listCheckpoints, loadCheckpoint, readMetrics, readRun } from '../src/train/index.js';
import { scree, temporaryFolder, type Finished } from './support/cli.js';
import { hasNative } from './native/support.js';
import { idx } from './support/idx.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

const score = z.strictObject({ loss: z.number().positive(), accuracy: z.number().min(0).max(1) });
/** The last line of `train --json`, as it is promised. */
const report = z.strictObject({
  run: z.string(),
  model: z.string(),
  data: z.string(),
  parameters: z.int(),
  epochs: z.int(),
  steps: z.int(),
  seed: z.int(),
  train: score,
  validation: z.null(),
  test: score,
  best: z.null(),
  stoppedEarly: z.literal(false),
  seconds: z.number().positive(),
  stepMs: z.number().positive(),
  resumedFrom: z.null(),
  parametersSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const evaluation = z.looseObject({
  confusion: z.array(z.array(z.int())),
  classes: z.array(
    z.strictObject({
      class: z.string(),
      precision: z.number(),
      recall: z.number(),
      f1: z.number(),
      support: z.int(),
    }),
  ),
});

describe('the defaults on digits', () => {
  let finished: Finished;
  let result: z.infer<typeof report>;
  beforeAll(async () => {
    finished = await scree(['train', '--json'], { cwd: folder.path });
    result = report.parse(JSON.parse(finished.stdout.trim().split('\n').at(-1) ?? ''));
  });

  test('reach 97 % on the test part, and say so in one object', () => {
    expect(finished).toMatchObject({ code: 0, signal: null });
    expect(finished.stdout.trim().split('\n')).toHaveLength(1);
    expect(result.test.accuracy).toBeGreaterThanOrEqual(0.97);
    // PyTorch's count for lenet on 8×8, by its formula: (25+1)·6 + (25·6+1)·16 + 65·120 + 121·84 + 85·10.
    expect(result).toMatchObject({
      run: join('runs', 'lenet-digits-1'),
      model: 'lenet',
      data: 'digits',
      seed: 0,
    });
    expect(result.parameters).toBe(26 * 6 + 151 * 16 + 65 * 120 + 121 * 84 + 85 * 10);
    expect(result.steps).toBe(result.epochs * Math.floor(1437 / 64));
  });

  test('tell the progress on standard error', () => {
    expect(finished.stderr).toMatch(
      /^lenet on digits · 21,386 parameters · adamw · batch 64 · (ONNX Runtime, \d+ threads?|oneDNN, \d+ threads? · [\d.]+ [kM]B a step)\n/,
    );
    expect(finished.stderr).toContain(`epoch ${result.epochs}/${result.epochs}`);
    expect(finished.stderr).not.toContain('\u001b');
  });

  test('leave a run folder that can be read', async () => {
    const path = at(result.run);
    const run = await readRun(path);
    expect(run).toMatchObject({
      status: 'finished',
      seed: 0,
      target: hasNative ? 'native' : 'onnx',
      parameters: result.parameters,
    });
    expect(run.result).toEqual(result);
    const metrics = await readMetrics(join(path, 'metrics.jsonl'));
    const steps = metrics.filter(({ loss }) => loss !== undefined);
    expect(steps.map(({ step }) => step)).toEqual(
      Array.from({ length: result.steps }, (_, step) => step + 1),
    );
    const tests = metrics.filter(({ testLoss }) => testLoss !== undefined);
    expect(tests).toHaveLength(result.epochs);
    expect(tests.at(-1)).toMatchObject({ testLoss: result.test.loss, testAccuracy: result.test.accuracy });
    const last = steps.slice(-22).reduce((sum, { loss }) => sum + loss, 0) / 22;
    expect(last).toBeCloseTo(result.train.loss, 12);
    expect(readdirSync(path).filter((name) => name.includes('tfevents'))).toHaveLength(1);
    const [newest] = await listCheckpoints(join(path, 'checkpoints'));
    const { step, tensors } = await loadCheckpoint(newest.path);
    expect(step).toBe(result.steps);
    expect(tensors['model.0.weight'].shape).toEqual([6, 1, 5, 5]);
    expect(tensors['optimizer.m.0.weight'].shape).toEqual([150]);
  });

  test('eval gives what train gave', async () => {
    const { code, stdout } = await scree(['eval', result.run, '--json'], { cwd: folder.path });
    expect(code).toBe(0);
    const { confusion, classes, ...report } = evaluation.parse(JSON.parse(stdout));
    expect(report).toEqual({
      run: result.run,
      model: 'lenet',
      data: 'digits',
      step: result.steps,
      checkpoint: 'last',
      rows: 360,
      test: result.test,
    });
    const diagonal = confusion.reduce((sum, row, digit) => sum + row[digit], 0);
    expect(diagonal / 360).toBe(result.test.accuracy);
    const { test: part } = await loadDataset('digits');
    classes.forEach(({ class: digit, support, recall }, index) => {
      expect(support).toBe(part.labels.data.filter((label: number) => label === Number(digit)).length);
      expect(recall).toBe(confusion[index][index] / support);
    });
  });

  test('eval draws the confusion matrix and a table of the classes within 80 columns', async () => {
    const { stdout } = await scree(['eval', result.run], { cwd: folder.path });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /^lenet after step 506, on 360 test rows of digits: accuracy \d\d\.\d%, loss 0\.\d+$/,
    );
    expect(lines).toContain('rows: what it is; columns: what it was taken for');
    expect(lines.filter((line) => /^\d( +(\d+|·)){10}$/.test(line))).toHaveLength(10);
    expect(lines.filter((line) => /^\d( +[01]\.\d{4}){3} +\d\d$/.test(line))).toHaveLength(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('predict classifies the test part as often rightly as train said, from CSV and from IDX', async () => {
    const { test: part, normalisation = { mean: [], std: [] } } = await loadDataset('digits');
    const bytes = Array.from(part.inputs.data, (value) =>
      Math.round(value * normalisation.std[0] + normalisation.mean[0]),
    );
    const rows = Array.from({ length: part.size }, (_, row) => bytes.slice(row * 64, row * 64 + 64));
    writeFileSync(at('digits.csv'), rows.map((row) => `${row.join(',')}\n`).join(''));
    writeFileSync(at('digits.idx'), idx([part.size, 8, 8], bytes));
    const csv = await scree(['predict', result.run, 'digits.csv'], { cwd: folder.path });
    expect(csv.stderr).toBe('');
    const lines = csv.stdout
      .trim()
      .split('\n')
      .map((line) => /^(\d)\t([01]\.\d{4})$/.exec(line) ?? []);
    const right = lines.filter(([, digit], row) => Number(digit) === part.labels.data[row]).length;
    expect(right / part.size).toBe(result.test.accuracy);

    const json = await scree(['predict', result.run, 'digits.idx', '--json'], { cwd: folder.path });
    const { predictions } = z
      .object({
        predictions: z.array(z.object({ class: z.string(), probability: z.number().min(0).max(1) })),
      })
      .parse(JSON.parse(json.stdout));
    expect(predictions.map(({ class: digit }) => digit)).toEqual(lines.map(([, digit]) => digit));
  });

  test('a second run has a folder of its own and the same bits', async () => {
    const second = await scree(['train', '--quiet'], { cwd: folder.path });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toMatch(
      /^test accuracy \d\d\.\d% after 506 steps in .* ms a step\nrun folder runs\/lenet-digits-2\n$/,
    );
    const [first, again] = await Promise.all(
      [1, 2].map(async (run) => {
        const [{ path }] = await listCheckpoints(at('runs', `lenet-digits-${run}`, 'checkpoints'));
        return (await loadCheckpoint(path)).tensors;
      }),
    );
    expect(again).toEqual(first);
    expect(readFileSync(at('runs/lenet-digits-2/metrics.jsonl'), 'utf8')).toBe(
      readFileSync(at('runs/lenet-digits-1/metrics.jsonl'), 'utf8'),
    );
  });
});

test('help names what there is', async () => {
  const { code, stdout } = await scree(['train', '--help']);
  expect(code).toBe(0);
  for (const name of ['lenet', 'fashion-mnist', 'adamw', 'onecycle', '--resume', '--debug']) {
    expect(stdout).toContain(name);
  }
});

describe('a table, a model of the user’s own, and a validation part', () => {
  // y = 2a − 3 and a little of b; the target's own unit is what is shown.
  const rows = Array.from({ length: 120 }, (_, row) => {
    const a = Math.sin(row * 1.7);
    const b = Math.cos(row * 2.3);
    return [a, b, 20 * a - 30 + b];
  });

  test('are trained, stopped early, tested and used to predict', async () => {
    writeFileSync(at('table.csv'), `a,b,y\n${rows.map((row) => `${row.join(',')}\n`).join('')}`);
    writeFileSync(at('new.csv'), 'b,a\n0.5,0\n');
    writeFileSync(
      at('small.ts'),
      `import { dense, relu, sequential, type Layer } from 'scree/nn';
export default (input: readonly number[], outputs: number): Layer =>
  sequential(dense(8), relu(), dense(outputs));
`,
    );
    const options = ['--data', 'table.csv', '--batch', '16', '--validation-split', '0.2', '--patience', '3'];
    const more = ['--accumulate', '2', '--steps', '900', '--optimizer', 'adam:lr=3e-2', '--threads', '1'];
    const trained = await scree(['train', './small.ts', ...options, ...more, '--summary'], {
      cwd: folder.path,
    });
    expect(trained.stderr).toBe('');
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain('the column y is predicted as a number');
    expect(trained.stdout).toMatch(/^dense 8 +8 +24 +32 FLOP$/m);
    expect(trained.stdout).toMatch(/^test rmse [\d.]+, R² 0\.\d+ after/m);
    expect(trained.stdout).toMatch(/^best on validation: epoch \d+, rmse .*test rmse/m);
    expect(Math.max(...trained.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);

    const run = join('runs', 'small-table-1');
    const json = await scree(['eval', run, '--json'], { cwd: folder.path });
    const report = z
      .object({
        checkpoint: z.literal('best'),
        step: z.int(),
        test: z.strictObject({ loss: z.number(), rmse: z.number(), mae: z.number(), r2: z.number() }),
      })
      .parse(JSON.parse(json.stdout));
    expect(report.test.r2).toBeGreaterThan(0.9);
    expect(report.test.mae).toBeLessThanOrEqual(report.test.rmse);
    const [best] = await listCheckpoints(at(run, 'checkpoints', 'best'));
    expect(report.step).toBe(best.step);
    const last = await scree(['eval', run, '--checkpoint', 'last'], { cwd: folder.path });
    const [newest] = await listCheckpoints(at(run, 'checkpoints'));
    expect(last.stdout).toContain(`small after step ${newest.step},`);

    const predicted = await scree(['predict', run, 'new.csv'], { cwd: folder.path });
    expect(predicted.stderr).toBe('');
    expect(Math.abs(Number(predicted.stdout) - (0.5 - 30))).toBeLessThan(5);
  });
});
