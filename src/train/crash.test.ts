import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.js';
import { listCheckpoints, newestSound, saveCheckpoint } from './checkpoint.js';

// What happens to other processes: they are killed in the middle of writing, and they want the same folder.

let root = '';
let program = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scree-crash-'));
  program = join(root, 'program');
  await transpileInto(program);
  await writeFile(join(program, 'writer.js'), writer);
  await writeFile(join(program, 'locker.js'), locker);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Copies src/graph and src/train as plain JavaScript into `folder`: a process of it starts in a tenth of the time. */
async function transpileInto(folder: string): Promise<void> {
  for (const room of ['graph', 'train']) {
    await mkdir(join(folder, room), { recursive: true });
    for (const name of (await readdir(`src/${room}`)).filter((name) => /(?<!\.test)\.ts$/.test(name))) {
      const options = { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } };
      const { outputText } = ts.transpileModule(await readFile(`src/${room}/${name}`, 'utf8'), options);
      await writeFile(join(folder, room, name.replace(/ts$/, 'js')), outputText);
    }
  }
  await copyFile('package.json', join(folder, 'package.json'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'), 'dir');
}

/** Saves 1 MB at every step, from the step after the newest sound one, and prints each step once it is saved. */
const writer = `
import { newestSound, saveCheckpoint } from './train/checkpoint.js';
const folder = process.argv[2];
const { checkpoint } = await newestSound(folder);
for (let step = (checkpoint?.step ?? 0) + 1; ; step++) {
  const weight = new Float32Array(250_000 + step % 7).fill(step);
  await saveCheckpoint(folder, step, { weight: { data: weight, shape: [weight.length], dtype: 'float32' } });
  console.log(step);
}
`;

/**
 * For two seconds takes the lock of a folder again and again; every other time it leaves it as a process does that dies. Fails if
 * another process is inside meanwhile. Prints how often it was inside; told to, it then tries once more, and keeps the lock.
 */
const locker = `
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFolder } from './train/folder-lock.js';
const folder = process.argv[2];
let inside = 0;
for (const end = Date.now() + 2000; Date.now() < end; ) {
  try {
    const lock = await lockFolder(folder);
    writeFileSync(folder + '/inside', '', { flag: 'wx' });
    await sleep(1);
    rmSync(folder + '/inside');
    if (inside++ % 2 === 0) {
      await lock.release();
      continue;
    }
    const text = readFileSync(folder + '/lock', 'utf8');
    writeFileSync(folder + '/dead-' + process.pid, text.replace('"birth":"', '"birth":"earlier-'));
    renameSync(folder + '/dead-' + process.pid, folder + '/lock');
  } catch (error) {
    if (!error.message.includes('is in use by process')) throw error;
  }
}
console.log(inside);
await once(process.stdin, 'data');
console.log(await lockFolder(folder).then(() => 'taken', (error) => error.message));
process.stdin.resume();
`;

test('kill −9 at any moment leaves a sound newest checkpoint, not older than the last one that was reported saved', async () => {
  const folder = join(root, 'killed');
  const begin = Date.now();
  let killedWhileWriting = 0;
  let newest = 0;
  for (let trial = 0; trial < 40 && (trial < 5 || Date.now() - begin < 4000); trial++) {
    const child = spawn(process.execPath, [join(program, 'writer.js'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout);
    let saved = newest;
    lines.on('line', (line) => (saved = Number(line)));
    await once(lines, 'line');
    // Moments spread evenly over the first 50 ms (multiples of the golden ratio).
    await new Promise((wake) => setTimeout(wake, ((trial * 0.618034) % 1) * 50));
    child.kill('SIGKILL');
    await once(child, 'close');
    if ((await readdir(folder)).some((name) => name.includes('.tmp-'))) killedWhileWriting++;
    const { checkpoint, damaged } = await newestSound(folder);
    expect(damaged).toEqual([]);
    expect(checkpoint?.step).toBeGreaterThanOrEqual(saved);
    newest = checkpoint?.step ?? 0;
    const { data } = checkpoint?.tensors.weight ?? { data: [] };
    expect(data.length).toBe(250_000 + (newest % 7));
    expect(data.every((value) => value === newest)).toBe(true);
    expect((await listCheckpoints(folder)).length).toBeLessThanOrEqual(3);
  }
  // Else the moments were no test.
  expect(killedWhileWriting).toBeGreaterThan(0);
  await saveCheckpoint(folder, newest + 1, {});
  expect((await readdir(folder)).filter((name) => name.includes('.tmp-'))).toEqual([]);
});

test('processes that find a dead one’s lock at the same moment never both take it; once a holder is killed, the next can', async () => {
  const folder = join(root, 'locked');
  await mkdir(folder);
  const processes = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, [join(program, 'locker.js'), folder]);
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const answer = async () => String((await lines.next()).value ?? complaint);
    return { child, answer };
  });
  const inside = await Promise.all(processes.map(({ answer }) => answer()));
  for (const times of inside) expect(times).toMatch(/^\d+$/);
  expect(inside.map(Number).reduce((sum, times) => sum + times)).toBeGreaterThan(10);
  const held = `run folder '${folder}' is in use by process ${processes[0].child.pid}; wait for it or choose another folder`;
  for (const [index, { child, answer }] of processes.entries()) {
    child.stdin.write('go');
    expect(await answer()).toBe(index === 0 ? 'taken' : held);
  }
  await expect(lockFolder(folder)).rejects.toThrow(held);
  const ends = processes.map(({ child }) => once(child, 'close'));
  for (const { child } of processes) child.kill('SIGKILL');
  await Promise.all(ends);
  await (await lockFolder(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});
