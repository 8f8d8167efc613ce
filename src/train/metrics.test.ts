import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openMetrics, readMetrics, type MetricsRow } from './metrics.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-metrics-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rowAt = (step: number): MetricsRow => ({ step, epoch: Math.floor(step / 4), loss: 1 / (step + 1) });

async function writeRun(steps: readonly number[], resumeFrom?: number): Promise<void> {
  const metrics = await openMetrics(path, { resumeFrom });
  for (const step of steps) metrics.append(rowAt(step));
  await metrics.close();
}

describe('openMetrics', () => {
  test('writes one JSON object a line, which other programs read', async () => {
    await writeRun([1, 2]);
    expect(await readFile(path, 'utf8')).toBe(
      '{"step":1,"epoch":0,"loss":0.5}\n{"step":2,"epoch":0,"loss":0.3333333333333333}\n',
    );
  });

  test('numbers that JSON cannot hold survive', async () => {
    const metrics = await openMetrics(path);
    const row = { step: 3, loss: NaN, gradientNorm: Infinity, lowest: -Infinity, zero: 0 };
    metrics.append(row);
    await metrics.close();
    expect(await readFile(path, 'utf8')).toContain('{"step":3,"loss":"NaN","gradientNorm":"Infinity",');
    expect(await readMetrics(path)).toEqual([row]);
  });

  test('refuses the file of another run', async () => {
    await writeRun([1]);
    await expect(openMetrics(path)).rejects.toThrow(
      /metrics\.jsonl' holds the metrics of another run already/,
    );
    expect(await readMetrics(path)).toEqual([rowAt(1)]);
  });

  test('rows wait in memory until the interval is over, or until there are many', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const metrics = await openMetrics(path, { flushEveryMs: 500, flushAtBytes: 1000 });
      metrics.append(rowAt(1));
      await vi.advanceTimersByTimeAsync(499);
      expect(await readFile(path, 'utf8')).toBe('');
      await vi.advanceTimersByTimeAsync(1);
      // The write was begun by the timer; an empty flush waits for it.
      await metrics.flush();
      expect(await readMetrics(path)).toEqual([rowAt(1)]);
      for (let step = 2; step < 40; step++) metrics.append(rowAt(step));
      await vi.waitFor(async () => expect((await readMetrics(path)).length).toBeGreaterThan(20));
      await metrics.close();
      expect(await readMetrics(path)).toHaveLength(39);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('resuming', () => {
  test('whatever step a run resumes from, and wherever its file was torn, it reads as if never interrupted', async () => {
    const steps = [1, 2, 3, 4];
    await writeRun(steps);
    const whole = await readFile(path, 'utf8');
    for (let checkpoint = 0; checkpoint <= 4; checkpoint++) {
      // Every byte at which a kill may tear the file, once the lines up to the checkpoint are written.
      const least = whole.split('\n').slice(0, checkpoint).join('\n').length + (checkpoint > 0 ? 1 : 0);
      for (let length = least; length <= whole.length; length++) {
        await writeFile(path, whole.slice(0, length));
        await writeRun(steps.slice(checkpoint), checkpoint);
        expect(await readFile(path, 'utf8')).toBe(whole);
      }
    }
  });

  test('several rows of one step stay, what a power cut left behind them goes, and no file is an empty file', async () => {
    await writeRun([], 5);
    expect(await readMetrics(path)).toEqual([]);
    const kept = '{"step":4,"loss":1}\n{"step":4,"testLoss":2}\n';
    await writeFile(path, `${kept}{"step":5,"loss":1}\n\0\0\0\0\n\0\0`);
    await writeRun([], 4);
    expect(await readFile(path, 'utf8')).toBe(kept);
  });
});

describe('readMetrics', () => {
  test('leaves out a torn last line and names any other that is no row', async () => {
    await writeFile(path, '{"step":1}\n{"step":2,"lo');
    expect(await readMetrics(path)).toEqual([{ step: 1 }]);
    for (const bad of ['{"loss":1}', '{"step":1.5}', '{"step":2,"loss":"high"}', '[1]', '', '{"step":']) {
      await writeFile(path, `{"step":1}\n${bad}\n`);
      await expect(readMetrics(path)).rejects.toThrow(
        /metrics\.jsonl', line 2 is not an object of numbers with a step/,
      );
    }
    await expect(readMetrics(join(folder, 'none'))).rejects.toThrow(
      /cannot read '.*none': there is no such file/,
    );
  });
});
