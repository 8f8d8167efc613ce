import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRun, RunFolder, type RunDescription } from './run-folder.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scree-run-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const description: RunDescription = {
  scree: '0.1.0',
  options: { epochs: 5, batch: 64, optimizer: { name: 'adamw', lr: 0.004 }, schedule: 'onecycle' },
  model: { name: 'lenet' },
  data: {
    name: 'digits',
    split: { train: 1437, test: 360 },
    normalization: { mean: [4.88], deviation: [6.02] },
  },
  seed: 7,
  threads: 2,
  target: 'onnx',
  engine: 'onnxruntime-node 1.30.0',
  parameters: 61_706,
};

describe('RunFolder.create', () => {
  test('makes the folder, its parents and run.json, and holds it', async () => {
    const path = join(root, 'deep', 'run');
    const folder = await RunFolder.create(path, description);
    expect(folder.run).toMatchObject({ ...description, schema: 1, node: process.version, status: 'running' });
    expect(await readRun(path)).toEqual(folder.run);
    expect(folder.checkpoints).toBe(join(path, 'checkpoints'));
    expect(folder.metrics).toBe(join(path, 'metrics.jsonl'));
    await expect(RunFolder.resume(path)).rejects.toThrow(/is in use by process/);
    await folder.close();
    expect(await readdir(path)).toEqual(['run.json']);
  });

  test('refuses a folder with a run and says how to go on with it', async () => {
    const path = join(root, 'taken');
    await (await RunFolder.create(path, description)).close();
    const before = await readFile(join(path, 'run.json'), 'utf8');
    await expect(RunFolder.create(path, { ...description, seed: 8 })).rejects.toThrow(
      `run folder '${path}' holds a run already; go on with it (--resume ${path}) or choose another folder (--out)`,
    );
    expect(await readFile(join(path, 'run.json'), 'utf8')).toBe(before);
  });

  test('refuses a folder of other things, leaves it alone, and takes an empty one', async () => {
    const path = join(root, 'papers');
    await mkdir(path);
    await writeFile(join(path, 'thesis.tex'), '');
    await expect(RunFolder.create(path, description)).rejects.toThrow(
      /is not empty; choose a new or an empty one/,
    );
    expect(await readdir(path)).toEqual(['thesis.tex']);
    await rm(join(path, 'thesis.tex'));
    await (await RunFolder.create(path, description)).close();
  });

  test('takes a folder that a process left when it was killed in its first moment', async () => {
    const path = join(root, 'first-moment');
    await mkdir(path);
    await writeFile(
      join(path, 'lock'),
      JSON.stringify({ pid: process.pid, host: hostname(), birth: 'earlier' }),
    );
    await writeFile(join(path, 'run.json.tmp-1'), '{"sch');
    const folder = await RunFolder.create(path, description);
    expect(await readRun(path)).toEqual(folder.run);
    await folder.close();
  });

  test('refuses a file, a path through a file, and a run that could not be read again', async () => {
    const path = join(root, 'file');
    await writeFile(path, '');
    await expect(RunFolder.create(path, description)).rejects.toThrow(
      /^cannot make run folder '.*file': .*$/,
    );
    await expect(RunFolder.create(join(path, 'run'), description)).rejects.toThrow(
      /a part of the path is a file/,
    );
    const bad = join(root, 'bad');
    await expect(RunFolder.create(bad, { ...description, seed: -1 })).rejects.toThrow(
      /run\.json': seed: Too small/,
    );
    await expect(readdir(bad)).rejects.toThrow(/ENOENT/);
  });
});

describe('RunFolder.resume', () => {
  test('goes on with what run.json says, without the old result and the temporary files of the dead', async () => {
    const path = join(root, 'resumed');
    const first = await RunFolder.create(path, description);
    await first.update({ status: 'finished', result: { test: { accuracy: 0.97 } } });
    await first.close();
    expect(await readRun(path)).toMatchObject({ status: 'finished', result: { test: { accuracy: 0.97 } } });
    await writeFile(join(path, `run.json.tmp-${process.pid}`), '{');
    const second = await RunFolder.resume(path);
    expect(second.run).toEqual({ ...first.run, status: 'running', result: undefined });
    await second.update({ status: 'interrupted' });
    await second.close();
    expect(await readRun(path)).toEqual({
      ...description,
      ...first.run,
      status: 'interrupted',
      result: undefined,
    });
    expect(await readdir(path)).toEqual(['run.json']);
  });

  test.each([
    ['missing', undefined, /^there is no run folder '.*missing'$/],
    ['no-json', { 'notes.txt': '' }, /^'.*no-json' is not a run folder: it holds no run\.json$/],
    ['torn', { 'run.json': '{"schema": 1, "scr' }, /^'.*run\.json' is damaged: it is not JSON$/],
    ['newer', { 'run.json': '{"schema": 2}' }, /is of schema 2, written by a newer Scree; this one reads 1$/],
    ['foreign', { 'run.json': '{"name": "x"}' }, /^'.*run\.json': schema: Invalid input: expected 1$/],
    ['not-object', { 'run.json': '[]' }, /^'.*run\.json': Invalid input: expected object, received array$/],
  ])('refuses a folder that is %s', async (name, files: Record<string, string> | undefined, message) => {
    const path = join(root, name);
    if (files !== undefined) await mkdir(path);
    for (const [file, text] of Object.entries(files ?? {})) await writeFile(join(path, file), text);
    await expect(RunFolder.resume(path)).rejects.toThrow(message);
    if (files !== undefined) expect(await readdir(path)).toEqual(Object.keys(files));
  });

  test('names the field that was spoilt by hand', async () => {
    const path = join(root, 'spoilt');
    await (await RunFolder.create(path, description)).close();
    const run = { ...(await readRun(path)), data: { path: 'x' } };
    await writeFile(join(path, 'run.json'), JSON.stringify(run));
    await expect(readRun(path)).rejects.toThrow(/run\.json': data\.name: Invalid input: expected string/);
    await writeFile(
      join(path, 'run.json'),
      JSON.stringify({ ...run, data: { name: 'digits' }, learningRate: 1 }),
    );
    await expect(readRun(path)).rejects.toThrow(/Unrecognized key: "learningRate"/);
  });
});
