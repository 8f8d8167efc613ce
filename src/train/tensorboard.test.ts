import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEvents } from './tensorboard.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-events-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("writes the bytes of TensorBoard's own record writer", async () => {
  // Written by Python's tensorboard: scripts/golden/run_files.py, where these times stand too.
  const golden = new Uint8Array(await readFile('test/golden/events.tfevents'));
  const times = [1.7e12, 1.7e12 + 1000, 1.7e12 + 2250, 1.7e12 + 3125];
  const events = await openEvents(folder, { resumeFrom: 0, now: () => times.shift() ?? NaN });
  events.append({ step: 0, loss: 2.302585 });
  events.append({ step: 1, loss: -0.5, accuracy: 0 });
  events.append({ step: 100_000, loss: 1e-7, accuracy: 0.987654321, lr: 0.004 });
  await events.close();
  const names = await readdir(folder);
  expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.1700000000\./)]);
  expect(names[0]).toContain(`.${hostname()}.${process.pid}.`);
  expect(new Uint8Array(await readFile(join(folder, names[0])))).toEqual(golden);
});

test('a resumed run gets a file of its own, later in the order of names', async () => {
  await (await openEvents(folder, { now: () => 999_999_999_000 })).close();
  await (await openEvents(folder, { now: () => 1_000_000_000_000, resumeFrom: 3 })).close();
  await (await openEvents(folder, { now: () => 1_000_000_000_000, resumeFrom: 3 })).close();
  const names = (await readdir(folder)).sort();
  expect(names.map((name) => name.split('.')[3])).toEqual(['0999999999', '1000000000', '1000000000']);
});
