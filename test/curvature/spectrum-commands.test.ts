import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { validateBytes } from 'gltf-validator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { listCheckpoints, loadCheckpoint, loadRun, saveCheckpoint } from '../../src/train/index.js';
import { temporaryFolder } from '../support/cli.js';
import { runMain as run } from '../support/run-main.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  const train = (model: string, out: string, optimizer: string, seed: string, keep: string) =>
    run(
      'train',
      model,
      '--data',
      'digits',
      '--steps',
      '30',
      '--checkpoint-every',
      '10',
      '--keep',
      keep,
      '--optimizer',
      optimizer,
      '--schedule',
      'constant',
      '--seed',
      seed,
      '--threads',
      '1',
      '--quiet',
      '--out',
      at(out),
    );
  for (const [model, out, optimizer, seed, keep] of [
    ['lenet', 'sgd', 'sgd:lr=0.05,momentum=0.9', '1', '2'],
    ['lenet', 'adam', 'adam:lr=2e-3', '2', 'all'],
    ['mlp', 'mlp', 'sgd', '3', '1'],
  ]) {
    const { code, stderr } = await train(model, out, optimizer, seed, keep);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
}, 60_000);
beforeEach(() => {
  vi.stubEnv('COLUMNS', '100');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const pair = z.object({ value: z.number(), error: z.number(), converged: z.boolean() });
const report = z.object({
  step: z.number(),
  parameters: z.number(),
  examples: z.number(),
  value: z.number(),
  gradientNorm: z.number(),
  kind: z.enum(['saddle', 'regular', 'unknown']),
  top: z.array(pair),
  bottom: z.array(pair),
  bounds: z.object({ lower: z.number(), upper: z.number(), probability: z.number() }),
  waysDown: z.array(z.object({ along: z.string(), decrease: z.number() })),
  kinks: z.array(z.string()),
  statistics: z.enum(['running', 'batch']),
  escape: z.object({ along: z.string(), value: z.number() }).optional(),
  layers: z.array(z.object({ name: z.string(), size: z.number(), largest: pair, smallest: pair })).optional(),
  stability: z.object({ threshold: z.number(), preconditioned: z.boolean() }).optional(),
  density: z
    .object({ at: z.array(z.number()), density: z.array(z.number()), error: z.array(z.number()) })
    .optional(),
  plane: z
    .object({
      explained: z.array(z.number()),
      points: z.array(
        z.object({ step: z.number(), residual: z.number(), loss: z.number(), planeLoss: z.number() }),
      ),
    })
    .optional(),
  line: z
    .object({
      at: z.array(z.number()),
      values: z.array(z.number()),
      barrier: z.object({ height: z.number() }),
    })
    .optional(),
});
const shared = ['--threads', '1', '--samples', '64', '--batch', '32'];

async function survey(name: string, ...args: string[]) {
  const { code, stdout, stderr } = await run('survey', at(name), ...shared, '--json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return report.parse(JSON.parse(stdout));
}

describe('survey of a run', () => {
  test('all of it: numbers, files, a line and the plane of the trajectory', async () => {
    const told = await survey(
      'sgd',
      '--top',
      '3',
      '--bottom',
      '2',
      '--plane',
      'trajectory',
      '--size',
      '5',
      '--line',
      at('adam'),
      '--out',
      at('files'),
    );
    expect(told).toMatchObject({ step: 30, parameters: 21386, examples: 64 });
    expect([told.top.length, told.bottom.length]).toEqual([3, 2]);
    expect(told.bounds.upper).toBeGreaterThan(told.top[0].value);
    expect(told.bounds.lower).toBeLessThan(told.bottom[0].value);
    // (2 + 2·0.9)/0.05
    expect(told.stability).toMatchObject({ preconditioned: false });
    expect(told.stability?.threshold).toBeCloseTo(76, 10);
    expect(told.kinks).toEqual(expect.arrayContaining(['relu', 'maxPool']));
    expect(told.waysDown[0].decrease).toBeGreaterThan(0);
    const { plane, line } = told;
    expect(plane?.points.map(({ step }) => step)).toEqual([0, 22, 30]);
    // The first weights, the end of the first epoch, and the last ones.
    // Three points lie on their plane, and so have their own loss there.
    for (const { residual, loss, planeLoss } of plane?.points ?? []) {
      expect(residual).toBeLessThan(1e-6);
      expect(Math.abs(loss - planeLoss)).toBeLessThan(1e-4);
    }
    const start = line?.at.indexOf(0) ?? -1;
    expect(line?.values[start]).toBeCloseTo(told.value, 6);
    expect(readdirSync(at('files')).sort()).toEqual([
      'eigenvalues.csv',
      'line.csv',
      'line.png',
      'line.svg',
      'plane-points.csv',
      'plane.csv',
      'plane.gltf',
      'plane.png',
      'plane.svg',
      'survey.json',
    ]);
    expect((await validateBytes(readFileSync(at('files', 'plane.gltf')))).issues.messages).toEqual([]);
    expect(decode(readFileSync(at('files', 'plane.png'))).width).toBeGreaterThan(1000);
    expect(readFileSync(at('files', 'plane.csv'), 'utf8').trim().split('\n')).toHaveLength(26);
    // The other end of the line is the other run: its own loss on the same examples.
    const other = await survey('adam', '--top', '1', '--bottom', '1');
    const end = line?.at.indexOf(1) ?? -1;
    expect(line?.values[end]).toBeCloseTo(other.value, 5);
    expect(other.stability).toMatchObject({ preconditioned: true });
  });

  test('a trajectory of all checkpoints: its plane holds most of it, not all', async () => {
    const { plane } = await survey(
      'adam',
      '--top',
      '1',
      '--bottom',
      '1',
      '--plane',
      'trajectory',
      '--size',
      '3',
    );
    // The first weights, the checkpoints that were asked for, the end of the first epoch, and the last ones.
    expect(plane?.points.map(({ step }) => step)).toEqual([0, 10, 20, 22, 30]);
    const explained = (plane?.explained ?? []).reduce((a, b) => a + b);
    expect(explained).toBeGreaterThan(0.9);
    expect(explained).toBeLessThan(1);
    expect(Math.max(...(plane?.points ?? []).map(({ residual }) => residual))).toBeGreaterThan(1e-3);
  });

  test('layers, and the weights below, from which a run begins', async () => {
    const weights = at('below.safetensors');
    const told = await survey('sgd', '--top', '1', '--bottom', '1', '--layers', '--escape', weights);
    expect(told.statistics).toBe('running');
    expect(told.layers?.map(({ name }) => name)).toEqual(['0', '3', '7', '9', '11']);
    expect(told.layers?.reduce((sum, { size }) => sum + size, 0)).toBe(told.parameters);
    // A block's eigenvalues lie between those of the whole (Cauchy's interlacing).
    const [[highest], [lowest]] = [told.top, told.bottom];
    for (const { largest, smallest } of told.layers ?? []) {
      expect(largest.value - largest.error).toBeLessThanOrEqual(highest.value + highest.error);
      expect(smallest.value + smallest.error).toBeGreaterThanOrEqual(lowest.value - lowest.error);
    }
    const { along, value } = told.escape ?? {};
    expect(along).toBe(told.waysDown[0].along);
    // A run that begins there and does not move has the loss that was told.
    const start = ['train', 'lenet', '--data', 'digits', '--weights', weights, '--out', at('below')];
    const still = ['--steps', '1', '--optimizer', 'sgd:lr=1e-30', '--threads', '1', '--quiet'];
    const { code, stderr } = await run(...start, ...still);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await survey('below', '--top', '1', '--bottom', '1')).value).toBeCloseTo(value ?? NaN, 5);
  });

  test('on a terminal', async () => {
    const { code, stdout } = await run(
      'survey',
      at('sgd'),
      ...shared,
      '--top',
      '2',
      '--bottom',
      '1',
      '--plane',
      '--size',
      '7',
    );
    expect(code).toBe(0);
    for (const words of [
      'lenet after step 30',
      'Lanczos steps',
      'with probability 99%',
      'against (2 + 2β)/lr',
      'kinks',
      'normalised filter by filter',
    ]) {
      expect(stdout).toContain(words);
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each([
    ['a folder that is no run', ['files'], 'run.json'],
    ['another model at the end of the line', ['sgd', '--line', 'mlp'], 'two runs of one model'],
    ['an unknown plane', ['sgd', '--plane', 'flat'], "no plane 'flat'; take random or trajectory"],
    ['no samples', ['sgd', '--samples', '0'], '--samples 0 must be a whole number from 1'],
    ['half a value', ['sgd', '--top', '1.5'], '--top 1.5 must be a whole number from 0'],
  ])('%s', async (_, [name, ...args], message) => {
    const paths = args.map((arg) => (arg === 'mlp' ? at(arg) : arg));
    const { code, stdout, stderr } = await run('survey', at(name), ...shared, ...paths);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a run without a checkpoint, and one whose weights are no numbers', async () => {
    cpSync(at('sgd'), at('broken'), { recursive: true });
    const [newest, ...others] = await listCheckpoints(at('broken', 'checkpoints'));
    const { tensors, metadata } = await loadCheckpoint(newest.path);
    tensors['model.0.weight'].data[3] = NaN;
    for (const { path } of [newest, ...others]) rmSync(path);
    const none = await run('survey', at('broken'), ...shared);
    expect(none.stderr).toContain('has no checkpoint');
    await saveCheckpoint(at('broken', 'checkpoints'), newest.step, tensors, { metadata });
    await expect(loadRun(at('broken'))).resolves.toBeDefined();
    const { code, stderr } = await run('survey', at('broken'), ...shared);
    expect(code).toBe(1);
    expect(stderr).toContain("parameter '0.weight' holds NaN: there is no curvature there");
  });
});
