import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { scree, temporaryFolder } from './support/cli.js';
import { runMain as run } from './support/run-main.js';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...parts: string[]) => join(folder.path, ...parts);
beforeEach(() => {
  vi.stubEnv('COLUMNS', '90');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const basinsReport = z.object({
  minima: z.array(
    z.object({ point: z.array(z.number()), value: z.number(), share: z.number(), known: z.boolean() }),
  ),
  moving: z.number(),
  lost: z.number(),
});
const raceReport = z.object({
  problems: z.array(z.object({ name: z.string(), lowest: z.number(), first: z.number() })),
  optimizers: z.array(
    z.object({ costs: z.array(z.number().nullable()), ratios: z.array(z.number().nullable()) }),
  ),
});

describe('basins', () => {
  test('of Himmelblau, on all threads as on one, as numbers and as a picture', async () => {
    const args = ['basins', 'himmelblau', '--optimizer', 'sgd:lr=0.01', '--size', '48', '--steps', '100'];
    const { code, stdout, stderr } = await scree([
      ...args,
      '--json',
      '--threads',
      '3',
      '--png',
      at('basins.png'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const several = basinsReport.parse(JSON.parse(stdout));
    const alone = await run(...args, '--json', '--threads', '1');
    const one = basinsReport.parse(JSON.parse(alone.stdout));
    expect(several).toEqual(one);
    expect(one.minima).toHaveLength(4);
    const total = one.minima.reduce((sum, { share }) => sum + share, 0);
    expect(total + one.moving + one.lost).toBeCloseTo(1, 12);
    const image = decode(readFileSync(at('basins.png')));
    expect([image.width, image.height, image.channels]).toEqual([48, 48, 3]);
    // A start in each corner reaches another minimum: four colours.
    const corner = (x: number, y: number) => {
      const pixel = 3 * (48 * y + x);
      return Array.from(image.data.subarray(pixel, pixel + 3)).join();
    };
    expect(new Set([corner(1, 1), corner(46, 1), corner(1, 46), corner(46, 46)]).size).toBe(4);
  });

  test('of a formula in a box, with their legend and a figure', async () => {
    const args = [
      'basins',
      'x^4 - 2*x^2 + y^2',
      '--domain',
      'x=-2:2,y=-1:1',
      '--size',
      '24',
      '--threads',
      '1',
    ];
    const { code, stdout } = await run(...args, '--svg', at('basins.svg'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1 +50\.0 % +-?1 +\S+ +-1 +found$/m);
    expect(stdout).toMatch(/576 starts × 200 steps of sgd:lr=[\d.]+ in/);
    expect(readFileSync(at('basins.svg'), 'utf8')).toContain('data:image/png;base64,');
  });
});

test('a race states its conditions, and is the same every time', async () => {
  const args = ['race', '--optimizer', 'sgd', '--optimizer', 'adam', '--optimizer', 'bfgs', '--starts', '1'];
  const small = [...args, '--steps', '60', '--rates', '0.001,0.01,0.1'];
  const { code, stdout } = await run(...small);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^bfgs +[\d.]+% +[\d.]+% +[\d.]+% +[\d.]+% +[\d.]+% +\d+$/m);
  expect(stdout).toContain(
    'every optimiser tries 3 learning rates (0.001 … 0.1) on every problem, 60 steps each',
  );
  const first = await run(...small, '--json', '--svg', at('race.svg'));
  const again = await run(...small, '--json');
  expect(again.stdout).toBe(first.stdout);
  const { optimizers, problems } = raceReport.parse(JSON.parse(first.stdout));
  expect(optimizers).toHaveLength(3);
  for (const { costs, ratios } of optimizers) {
    expect(costs).toHaveLength(problems.length);
    expect(ratios).toHaveLength(problems.length);
  }
  expect(readFileSync(at('race.svg'), 'utf8')).toContain('share of problems solved');
});

describe('surfaces', () => {
  test('are listed with formula and what is known, or shown one by one', async () => {
    const list = await run('surfaces');
    expect(list.stdout).toMatch(/^himmelblau +2 +4 +0 × 4 +\(x\^2 \+ y - 11\)\^2/m);
    const one = await run('surfaces', 'himmelblau');
    expect(one.stdout).toContain('(x^2 + y - 11)^2 + (x + y^2 - 7)^2');
    expect(one.stdout).toMatch(/^minimum +0 +x = 3, y = 2 +lowest$/m);
    expect(one.stdout).toContain('Himmelblau 1972');
    expect(one.stdout).toMatch(/[\u2801-\u28ff]/);
    const json = await run('surfaces', 'rosenbrock', '--dim', '3', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: 'rosenbrock',
      variables: ['x[1]', 'x[2]', 'x[3]'],
    });
  });
});

describe('bad input is one clear error and exit code 1', () => {
  test.each<[string, string[], string]>([
    ['a misspelt surface', ['walk', 'himelblau'], 'unknown surface "himelblau"; did you mean "himmelblau"?'],
    ['a misspelt name in parts', ['walk', 'goldstein-prise'], 'did you mean "goldstein-price"?'],
    [
      'a misspelt optimiser',
      ['walk', 'saddle', '--optimizer', 'adm'],
      'unknown optimizer "adm"; did you mean "adam"?',
    ],
    [
      'the second of two',
      ['walk', 'saddle', '--optimizer', 'sgd', '--optimizer', 'bgfs'],
      'did you mean "bfgs"?',
    ],
    ['a misspelt option', ['walk', 'saddle', '--optimizer', 'sgd:lrr=1'], 'did you mean "lr"?'],
    [
      'an option out of range',
      ['walk', 'saddle', '--optimizer', 'sgd:lr=-1'],
      'lr is -1; it must satisfy lr ≥ 0',
    ],
    [
      'a misspelt schedule',
      ['walk', 'saddle', '--optimizer', 'sgd', '--schedule', 'cosin'],
      'did you mean "cosine"?',
    ],
    ['a schedule of a method', ['walk', 'saddle', '--schedule', 'cosine'], 'chooses its steps itself'],
    ['no start', ['walk', 'x^2 - x*y'], 'the variables x, y need a start: --from x=1,y=1'],
    ['half a start', ['walk', 'x^2 - x*y', '--from', 'x=1'], 'the variable y has no start'],
    [
      'a start at a pole',
      ['walk', '1/x', '--from', '0'],
      'the function is Infinity at the start x=0; start inside its domain',
    ],
    ['a start beyond the logarithm', ['walk', 'log(x)', '--from', 'x=-1'], 'start inside its domain'],
    ['a number that is none', ['walk', 'x^2', '--from', 'x=one'], 'x=one is no finite number'],
    ['steps below 0', ['walk', 'saddle', '--steps', '-3'], 'steps is -3; it must be a whole number from 0'],
    ['a tolerance below 0', ['walk', 'saddle', '--tol', '-1'], 'tol is -1'],
    ['a tolerance that is no number', ['walk', 'saddle', '--tol', 'small'], 'It must be a number'],
    ['both ways', ['walk', 'saddle', '--minimize', '--maximize'], 'exclude each other'],
    [
      'a parameter that is not there',
      ['walk', 'rosenbrock', '--param', 'q=2'],
      'there is no parameter q; it has n',
    ],
    ['a dimension out of range', ['walk', 'rosenbrock', '--dim', '1'], 'n is 1'],
    ['a formula of no variables', ['walk', '2 + 3', '--from', '1'], 'has no variables'],
    ['nothing at all', ['walk'], "missing required argument 'formula|name'"],
    ['basins of one variable', ['basins', 'forrester'], 'basins are drawn for two'],
    ['basins without a box', ['basins', 'x^2 + y^2'], '--domain x=-5:5,y=-5:5'],
    [
      'basins of no size',
      ['basins', 'saddle', '--size', '0'],
      '--size is 0; it must be a whole number from 1',
    ],
    [
      'basins by chance',
      ['basins', 'saddle', '--optimizer', 'sgd+noise', '--size', '4', '--threads', '1'],
      'noise',
    ],
    [
      'basins by a method',
      ['basins', 'saddle', '--optimizer', 'bfgs', '--size', '4', '--threads', '1'],
      'bfgs',
    ],
    ['a rate in a race', ['race', '--optimizer', 'sgd:lr=1'], '--rates gives the same ones to all'],
    ['rates that are none', ['race', '--rates', '1,x'], '"x" is no number above 0'],
    ['a misspelt surface to show', ['surfaces', 'forester'], 'did you mean "forrester"?'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('a formula with a caret under the place', async () => {
    const { code, stderr } = await run('walk', 'x^2 - * y', '--from', 'x=1,y=1');
    expect(code).toBe(1);
    const [first, second, third] = stderr.split('\n');
    expect(first).toMatch(/^error: /);
    expect([second, third]).toEqual(['  x^2 - * y', '        ^']);
  });

  test.each([
    ['nested a thousand deep', `${'('.repeat(1000)}x${')'.repeat(1000)}^2`],
    ['a hundred thousand long', `x^2${' + x'.repeat(25_000)}`],
  ])('a formula %s is walked or refused, but never a crash', async (_, text) => {
    const { code, stderr } = await run('walk', text, '--from', 'x=1', '--steps', '3');
    expect(stderr).not.toContain('unexpected');
    expect([0, 1]).toContain(code);
  });

  test('a file that cannot be written costs nothing else', async () => {
    const { code, stdout, stderr } = await run('walk', 'saddle', '--svg', at('nowhere', 'walk.svg'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: cannot write .*walk\.svg: ENOENT/);
    expect(stdout).toContain('the point');
  });
});
