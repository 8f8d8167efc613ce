import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { saveCheckpoint } from './checkpoint.js';
import { decodeSafetensors } from './safetensors.js';
import { openEvents } from './tensorboard.js';

// The readers that people have on the other side. Name another Python in SCREE_PYTHON.
const python = process.env.SCREE_PYTHON ?? 'python3';

const run = (program: string, ...args: string[]): string =>
  execFileSync(python, ['-c', program, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function lacks(packageName: string): boolean {
  try {
    run(`import importlib.util, sys; sys.exit(importlib.util.find_spec('${packageName}') is None)`);
    return false;
  } catch {
    return true;
  }
}

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'scree-python-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.skipIf(lacks('safetensors'))(
  "Python's safetensors reads a checkpoint and its copy is read back (needs safetensors)",
  async () => {
    const tensors: Record<string, NDArray> = {
      weight: ndarray(
        Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
        [3, 4],
      ),
      moment: ndarray(Float64Array.of(Math.PI, NaN, -0)),
      count: ndarray(Int32Array.of(-7), []),
      mask: ndarray(Uint8Array.of(0, 1), [1, 2]),
    };
    const path = await saveCheckpoint(root, 3, tensors, { metadata: { note: 'größer "than" \u{1f4a1}' } });
    const copy = join(root, 'copy.safetensors');
    run(
      'import sys; from safetensors import safe_open; from safetensors.numpy import save_file\n' +
        "with safe_open(sys.argv[1], 'np') as file: save_file({k: file.get_tensor(k) for k in file.keys()}, sys.argv[2], file.metadata())",
      path,
      copy,
    );
    const { note, step } = decodeSafetensors(await readFile(copy), copy).metadata;
    expect({ note, step }).toEqual({ note: 'größer "than" \u{1f4a1}', step: '3' });
    expect(decodeSafetensors(await readFile(copy), copy).tensors).toEqual(tensors);
  },
);

test.skipIf(lacks('tensorboard'))(
  'TensorBoard shows a resumed run as if it had never stopped (needs tensorboard)',
  async () => {
    const clock = (start: number) => () => start++ * 1000;
    const first = await openEvents(root, { now: clock(1_700_000_000) });
    for (let step = 0; step < 8; step++) first.append({ step, loss: step === 5 ? -1 : step / 2, lr: 0.5 });
    await first.close();
    const second = await openEvents(root, { now: clock(1_700_000_100), resumeFrom: 4 });
    for (let step = 5; step < 7; step++) second.append({ step, loss: step / 2, lr: 0.25 });
    await second.close();
    const output = run(
      'import sys, json; from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n' +
        'events = EventAccumulator(sys.argv[1]); events.Reload()\n' +
        "print(json.dumps({t: [[e.step, e.value, e.wall_time] for e in events.Scalars(t)] for t in events.Tags()['scalars']}))",
      root,
    );
    const times = [1, 2, 3, 4, 5, 101, 102].map((second) => 1_700_000_000 + second);
    expect(JSON.parse(output)).toEqual({
      loss: times.map((time, step) => [step, step / 2, time]),
      lr: times.map((time, step) => [step, step > 4 ? 0.25 : 0.5, time]),
    });
  },
);
