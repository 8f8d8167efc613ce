import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.js';
import { processBirth } from './processes.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const holder = (changes: object = {}) =>
  JSON.stringify({ pid: process.pid, host: hostname(), birth: processBirth(process.pid), ...changes });

test('a folder has one holder, also within one process, until it is given free', async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(
    `'${folder}' is in use by process ${process.pid}; wait for it`,
  );
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
  const next = await lockFolder(folder);
  // Given free twice, or late, it does not free what another holds by now.
  await lock.release();
  await expect(lockFolder(folder)).rejects.toThrow(/in use/);
  await next.release();
});

const deadPid = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));

test.each([
  ['of a dead process', holder({ pid: deadPid })],
  ['of an earlier process that had the number of a living one', holder({ birth: 'an-earlier-boot:1' })],
  ['that is empty, for its writer was killed', ''],
  ['that is no lock', 'what?'],
])('a lock %s is taken over', async (_, text) => {
  await writeFile(join(folder, 'lock'), text);
  const lock = await lockFolder(folder);
  expect(JSON.parse(await readFile(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  expect(await readdir(folder)).toEqual(['lock']);
  await lock.release();
});

test('a process that died while it took over a dead one’s lock hinders nobody', async () => {
  const dead = holder({ pid: deadPid });
  await writeFile(join(folder, 'lock'), dead);
  const claim = `lock.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`;
  await writeFile(join(folder, claim), holder({ pid: deadPid, birth: 'another' }));
  await lockFolder(folder);
  expect(await readdir(folder)).toEqual(['lock']);
});

test('a lock of another machine is believed, and the message says how to get rid of it', async () => {
  await writeFile(join(folder, 'lock'), holder({ host: 'elsewhere', pid: deadPid }));
  await expect(lockFolder(folder)).rejects.toThrow(
    `run folder '${folder}' is in use by process ${deadPid} on 'elsewhere'; if that process is gone, remove '${folder}/lock'`,
  );
});

test('a folder that cannot be written gives one line', async () => {
  await expect(lockFolder(join(folder, 'none'))).rejects.toThrow(
    /^cannot write '.*lock': there is no such file or folder$/,
  );
});
