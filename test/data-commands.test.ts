import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { scree, temporaryFolder } from './support/cli.js';
import { fill, symmetric } from './support/golden.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]): string => join(folder.path, ...parts);

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await scree(args, { cwd: folder.path });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

const report = z.object({ test: z.record(z.string(), z.number()) });

/** Rows whose kind is told by a number, and by a category of which a fifth lies. */
function points(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const x = symmetric(row, 1, 3);
    const kind = x > 0 ? 'right' : 'left';
    const colour = fill(row, 2) < 0.8 ? kind : 'grey';
    return `${x},"${colour}, or so",${kind}`;
  });
  return ['x,colour,kind', ...rows].join('\r\n');
}

describe('a table', () => {
  test('is learnt, evaluated and predicted from by the names of its columns', async () => {
    writeFileSync(at('points.csv'), points(300));
    const options = ['--data', 'points.csv', '--validation-split', '0.1', '--steps', '60', '--batch', '30'];
    await run('train', 'mlp', ...options, '--quiet', '--out', 'points');
    const { test: score } = report.parse(JSON.parse(await run('eval', 'points', '--json')));
    // Two half-lines: nearly every row of the 60 is told by its first column.
    expect(score['accuracy']).toBeGreaterThan(0.93);
    writeFileSync(at('new.csv'), 'colour,x\n"left, or so",-2\n"right, or so",2\n"blue, or so",2.5\n');
    const lines = (await run('predict', 'points', 'new.csv')).trim().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(['left', 'right', 'right']);
    const kept = z
      .object({ data: z.looseObject({ from: z.string(), options: z.unknown() }) })
      .parse(JSON.parse(readFileSync(at('points', 'run.json'), 'utf8')));
    expect(kept.data).toMatchObject({ from: at('points.csv'), options: { validation: 0.1 } });
  });

  test('that has changed since is told', async () => {
    writeFileSync(at('points.csv'), points(301));
    const { code, stderr } = await scree(['train', '--resume', 'points'], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stderr).toContain('has changed since it was begun');
  });

  test('with a number as its target', async () => {
    const rows = Array.from({ length: 200 }, (_, row) => {
      const [a, b] = [symmetric(row, 3, 1), symmetric(row, 4, 1)];
      return `${a}\t${b}\t${100 + 20 * a - 10 * b}`;
    });
    writeFileSync(at('plane.tsv'), ['a\tb\tprice', ...rows].join('\n'));
    await run(
      'train',
      'mlp',
      '--data',
      'plane.tsv',
      '--steps',
      '150',
      '--batch',
      '40',
      '--quiet',
      '--out',
      'plane',
    );
    writeFileSync(at('one.tsv'), 'a\tb\n0.5\t0\n0\t0.5\n');
    const values = (await run('predict', 'plane', 'one.tsv')).trim().split('\n').map(Number);
    // A plane of slopes 20 and 10 over ±1, whose deviation is about 13.
    expect(Math.abs(values[0] - 110)).toBeLessThan(2);
    expect(Math.abs(values[1] - 95)).toBeLessThan(2);
  });
});

test('a folder of images of several sizes, augmented, and a picture of another size', async () => {
  for (let index = 0; index < 24; index++) {
    const kind = index % 2 ? 'bright' : 'dark';
    mkdirSync(at('pictures', kind), { recursive: true });
    const size = 8 + (index % 3);
    const data = Uint8Array.from(
      { length: size * size },
      (_, place) => (index % 2 ? 150 : 20) + 80 * fill(place, index),
    );
    writeFileSync(
      at('pictures', kind, `${index}.png`),
      encode({ width: size, height: size, channels: 1, depth: 8, data }),
    );
  }
  const options = [
    '--data',
    'pictures',
    '--size',
    '8',
    '--augment',
    'flip,shift:pixels=1,mixup',
    '--steps',
    '30',
  ];
  await run('train', 'lenet', ...options, '--batch', '8', '--quiet', '--out', 'lamp');
  const data = new Uint8Array(40 * 30).fill(200);
  writeFileSync(at('lamp.png'), encode({ width: 40, height: 30, channels: 1, depth: 8, data }));
  expect(await run('predict', 'lamp', 'lamp.png')).toMatch(/^bright\t/);
});

test.each([
  [['--data', 'plane.tsv', '--label', 'prise'], 'unknown column "prise"; did you mean "price"?'],
  [['--data', 'digits', '--test-split', '9'], 'digits has a test part of its own'],
])('%j: one line', async (options, message) => {
  const { code, stderr } = await scree(['train', 'mlp', ...options, '--steps', '2'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).toContain(message);
});
