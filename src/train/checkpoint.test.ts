import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { listCheckpoints, loadCheckpoint, newestSound, saveCheckpoint } from './checkpoint.js';
import { encodeSafetensors } from './safetensors.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scree-checkpoint-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Tensors of which every number tells the step. */
const stateAt = (step: number, length = 3): Record<string, NDArray> => ({
  'layers.0.weight': ndarray(new Float32Array(length).fill(step)),
  count: ndarray(Int32Array.of(step), []),
});

/** Vitest's own equality takes seconds on arrays of this size. */
const isFilled = (tensor: NDArray | undefined, length: number, value: number): boolean =>
  tensor !== undefined && tensor.data.length === length && tensor.data.every((element) => element === value);

const namesOf = async (folder: string) => (await readdir(folder)).sort();

describe('saveCheckpoint and loadCheckpoint', () => {
  test('give back tensors, metadata and step', async () => {
    const folder = join(root, 'deep', 'checkpoints');
    const path = await saveCheckpoint(folder, 1234, stateAt(1234), { metadata: { epoch: '3', seed: '"7"' } });
    expect(path).toBe(join(folder, 'step-00001234.safetensors'));
    expect(await namesOf(folder)).toEqual(['step-00001234.safetensors']);
    expect(await loadCheckpoint(path)).toEqual({
      path,
      step: 1234,
      tensors: stateAt(1234),
      metadata: { epoch: '3', seed: '"7"' },
    });
  });

  test('the checksum is SHA-256 of the file with its own digits as zeros', async () => {
    const bytes = await readFile(await saveCheckpoint(join(root, 'digest'), 5, stateAt(5, 3e6)));
    const text = bytes.toString('latin1');
    const digest = /"sha256":"([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
    bytes.write('0'.repeat(64), text.indexOf(digest), 'latin1');
    expect(digest).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('the tensors may change as soon as saving has begun', async () => {
    const state = stateAt(1);
    const saving = saveCheckpoint(join(root, 'overlap'), 1, state);
    state.count.data[0] = 99;
    expect((await loadCheckpoint(await saving)).tensors).toEqual(stateAt(1));
  });

  test('any byte that changed, and any truncation, is noticed', async () => {
    const path = await saveCheckpoint(join(root, 'flip'), 1, stateAt(1), { metadata: { epoch: '1' } });
    const whole = await readFile(path);
    const bad = join(root, 'flip', 'bad.safetensors');
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] ^= 1 << (at % 8);
      await writeFile(bad, flipped);
      await expect(loadCheckpoint(bad)).rejects.toThrow(ScreeError);
      if (at % 8 > 0) continue;
      await writeFile(bad, whole.subarray(0, at));
      await expect(loadCheckpoint(bad)).rejects.toThrow(
        /bad\.safetensors' is (truncated|not a safetensors file)/,
      );
    }
  });

  test('a file of another program is refused before its contents are read', async () => {
    const foreign = join(root, 'foreign.safetensors');
    await writeFile(foreign, encodeSafetensors(stateAt(1), { format: 'pt' }));
    await expect(loadCheckpoint(foreign)).rejects.toThrow(
      /is not a checkpoint of Scree: its metadata hold no SHA-256/,
    );
    await expect(loadCheckpoint(join(root, 'none'))).rejects.toThrow(
      /cannot read '.*none': there is no such file/,
    );
  });

  test.each<[{ step?: number; keep?: number; metadata?: Record<string, string> }, RegExp]>([
    [{ step: -1 }, /step must be an integer from 0, not -1/],
    [{ step: 0.5 }, /step must be an integer from 0, not 0.5/],
    [{ keep: 0 }, /keep must be an integer from 1 or Infinity, not 0/],
    [{ metadata: { sha256: 'x' } }, /metadata may not hold 'sha256'/],
  ])('%j is refused', async ({ step = 1, ...options }, message) => {
    await expect(saveCheckpoint(join(root, 'refused'), step, stateAt(1), options)).rejects.toThrow(message);
  });

  test('a path that is a file gives one line', async () => {
    const path = join(root, 'a-file');
    await writeFile(path, '');
    await expect(saveCheckpoint(path, 1, stateAt(1))).rejects.toThrow(/^cannot write '.*'.*$/);
  });
});

describe('keeping the newest', () => {
  test('removes all but `keep`, also where names grow beyond eight digits', async () => {
    const folder = join(root, 'keep');
    for (const step of [98, 99_999_999, 100_000_000, 100_000_001])
      await saveCheckpoint(folder, step, stateAt(step));
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([100_000_001, 100_000_000]);
    await saveCheckpoint(folder, 100_000_002, stateAt(0), { keep: Infinity });
    expect(await listCheckpoints(folder)).toHaveLength(3);
    await saveCheckpoint(folder, 100_000_002, stateAt(0), { keep: 1 });
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([100_000_002]);
  });

  test('what lies beyond the saved step goes, so that a damaged newest one never outlives the run that fell back', async () => {
    const folder = join(root, 'beyond');
    for (const step of [10, 20]) await saveCheckpoint(folder, step, stateAt(step));
    await writeFile(join(folder, 'step-00000030.safetensors'), 'damaged');
    await saveCheckpoint(folder, 15, stateAt(15), { keep: 1 });
    expect(await namesOf(folder)).toEqual(['step-00000015.safetensors']);
  });

  test('other files stay; a dead writer’s temporary file goes, a living one’s stays', async () => {
    const folder = join(root, 'temporaries');
    await mkdir(folder);
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const temporary = (pid: number) => `step-00000001.safetensors.tmp-${pid}`;
    const stays = ['notes.txt', 'step-1.safetensors', temporary(process.ppid)].sort();
    // The last one has this process's own number: left by an earlier process of the same number, as in a container.
    for (const name of [...stays, temporary(dead), temporary(process.pid)])
      await writeFile(join(folder, name), 'x');
    expect(await newestSound(folder)).toEqual({ checkpoint: undefined, damaged: [] });
    await saveCheckpoint(folder, 2, stateAt(2));
    expect(await namesOf(folder)).toEqual([...stays, 'step-00000002.safetensors'].sort());
  });
});

describe('newestSound', () => {
  test('no folder and an empty folder hold none', async () => {
    await mkdir(join(root, 'empty'));
    for (const name of ['empty', 'missing']) {
      expect(await newestSound(join(root, name))).toEqual({ checkpoint: undefined, damaged: [] });
    }
  });

  test('names what is damaged and takes the one before', async () => {
    const folder = join(root, 'fallback');
    for (const step of [1, 2, 3]) await saveCheckpoint(folder, step, stateAt(step), { keep: 3 });
    const newest = join(folder, 'step-00000003.safetensors');
    const bytes = await readFile(newest);
    bytes[bytes.length - 1] ^= 64;
    await writeFile(newest, bytes);
    await writeFile(join(folder, 'step-00000002.safetensors'), '');
    const { checkpoint, damaged } = await newestSound(folder);
    expect(checkpoint).toMatchObject({ step: 1, tensors: stateAt(1) });
    expect(damaged).toEqual([
      expect.stringMatching(
        /step-00000003\.safetensors' is damaged: its contents do not match its checksum$/,
      ),
      expect.stringMatching(/step-00000002\.safetensors' is not a safetensors file: it has 0 bytes/),
    ]);
  });
});

/** Mounts a file system of `size` in memory; false where that is not allowed. */
function mountSmall(folder: string, size: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const canMount = await (async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scree-mount-'));
  const mounted = mountSmall(folder, '1m');
  if (mounted) execFileSync('umount', [folder]);
  await rm(folder, { recursive: true });
  return mounted;
})();

test.skipIf(!canMount)('a full disk costs nothing that was saved (needs the right to mount)', async () => {
  const disk = join(root, 'disk');
  await mkdir(disk);
  mountSmall(disk, '3m');
  try {
    const folder = join(disk, 'checkpoints');
    for (const step of [1, 2]) await saveCheckpoint(folder, step, stateAt(step, 300_000));
    for (const step of [3, 4]) {
      await expect(saveCheckpoint(folder, step, stateAt(step, 300_000))).rejects.toThrow(
        /^cannot write '.*step-0000000[34]\.safetensors': no space is left on the disk$/,
      );
      expect(await namesOf(folder)).toEqual(['step-00000001.safetensors', 'step-00000002.safetensors']);
      const { checkpoint } = await newestSound(folder);
      expect(checkpoint?.step).toBe(2);
      expect(isFilled(checkpoint?.tensors['layers.0.weight'], 300_000, 2)).toBe(true);
    }
    await saveCheckpoint(folder, 5, stateAt(5, 1000));
    expect((await newestSound(folder)).checkpoint?.step).toBe(5);
  } finally {
    execFileSync('umount', [disk]);
  }
});
