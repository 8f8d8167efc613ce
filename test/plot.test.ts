import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { curveOf, drawRuns, smoothed } from '../src/train/plot-run.js';
import { temporaryFolder } from './support/cli.js';
import { runMain } from './support/run-main.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);

describe('smoothed', () => {
  test('a constant stays what it is from the first step on', () => {
    const line = smoothed(Array.from({ length: 400 }, (_, index) => (index % 2 === 0 ? index / 2 : 3)));
    expect(line).toHaveLength(400);
    // Rounding of two recursions.
    line.forEach((value, index) => expect(value).toBeCloseTo(index % 2 === 0 ? index / 2 : 3, 12));
  });

  test('noise becomes less, and what is no number is passed over', () => {
    const noisy = Array.from({ length: 600 }, (_, index) =>
      index % 2 === 0 ? index / 2 : index % 4 === 1 ? -1 : 1,
    );
    noisy[301] = NaN;
    const line = smoothed(noisy);
    expect(line).toHaveLength(598);
    const late = line.slice(300).filter((_, index) => index % 2 === 1);
    // One of n = 10: an alternating sign is left with 1/(2n − 1) of its size at most, but for the gap.
    for (const value of late.slice(40)) expect(Math.abs(value)).toBeLessThan(0.12);
  });
});

describe('drawRuns', () => {
  const rows = Array.from({ length: 50 }, (_, index) => ({
    step: index + 1,
    loss: 2 * Math.exp(-index / 8),
    lr: 0.01,
    accuracy: index / 50,
  }));

  test('has a panel for each thing that was measured, and names the runs', () => {
    const svg = drawRuns([
      { name: 'runs/<a>', rows },
      { name: 'runs/b', rows: [...rows.slice(0, 20), { step: 20, testLoss: 0.5, validationLoss: 0.6 }] },
    ]);
    for (const text of [
      'loss',
      'accuracy',
      'learning rate',
      'runs/&lt;a&gt;',
      'runs/b',
      'test part',
      'validation part',
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg).not.toContain('NaN');
    const bare = drawRuns([{ name: 'a', rows: rows.map(({ step, loss }) => ({ step, loss })) }]);
    expect(bare).not.toContain('learning rate');
    expect(bare).not.toContain('accuracy');
  });

  test('a run that diverged is drawn up to there', () => {
    const svg = drawRuns([
      { name: 'a', rows: [...rows, { step: 51, loss: NaN }, { step: 52, loss: Infinity }] },
    ]);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test('curves are steps and values', () => {
    expect(curveOf([{ step: 1, loss: 5 }, { step: 2 }, { step: 3, loss: 4 }], 'loss')).toEqual([1, 5, 3, 4]);
  });
});

describe('scree plot', () => {
  const run = at('run');
  beforeAll(async () => {
    const args = ['--steps', '30', '--out', run, '--quiet', '--threads', '1'];
    expect((await runMain('train', 'lenet', ...args)).code).toBe(0);
  });

  test('writes a PNG and an SVG into the run, and shows the loss', async () => {
    const { code, stdout } = await runMain('plot', run);
    expect(code).toBe(0);
    expect(stdout).toContain(`${run}: lenet on digits`);
    expect(stdout).toMatch(/[\u2801-\u28ff]/);
    expect(stdout).toContain(`wrote ${join(run, 'plot.png')}`);
    expect(readFileSync(join(run, 'plot.svg'), 'utf8')).toMatch(/^<svg .*lenet on digits.*<\/svg>\n$/s);
    const { width, height, data, channels } = decode(readFileSync(join(run, 'plot.png')));
    expect(width).toBe(2 * 820);
    expect(height).toBeGreaterThan(1000);
    // Something is drawn: not all white.
    expect(data.some((value, index) => index % channels !== 3 && value < 128)).toBe(true);
  });

  test('lays runs over each other where that is asked for', async () => {
    const file = at('both.svg');
    expect((await runMain('plot', run, run, '--out', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8').split(`>${run}</text>`)).toHaveLength(3);
  });

  test('names what is wrong', async () => {
    const empty = at('empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'run.json'), readFileSync(join(run, 'run.json')));
    writeFileSync(join(empty, 'metrics.jsonl'), '');
    for (const [args, message] of [
      [[at('nowhere')], 'there is no run folder'],
      [[run, '--out', 'picture.gif'], 'cannot tell what to draw from the name picture.gif'],
      [[empty], 'has measured nothing yet'],
      [[run, '--out', at('no', 'folder', 'x.svg')], 'cannot write'],
    ] as const) {
      const { code, stderr } = await runMain('plot', ...args);
      expect(code).toBe(1);
      expect(stderr).toContain(message);
    }
  });
});
