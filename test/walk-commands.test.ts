import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { ended, scree, start, temporaryFolder } from './support/cli.js';
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

const walk = z.strictObject({
  optimizer: z.string(),
  options: z.record(z.string(), z.unknown()),
  steps: z.int(),
  start: z.array(z.number()),
  end: z.array(z.number()),
  value: z.number(),
  gradientNorm: z.number(),
  stop: z.strictObject({
    reason: z.string(),
    criterion: z.string(),
    value: z.number(),
    threshold: z.number(),
    point: z.strictObject({
      kind: z.string(),
      singularity: z.string().optional(),
      order: z.int().optional(),
      wayDown: z
        .strictObject({
          direction: z.array(z.number()).optional(),
          curve: z
            .strictObject({ text: z.array(z.string()), coefficients: z.array(z.array(z.number())) })
            .optional(),
          until: z.number(),
          decrease: z.number().positive(),
        })
        .optional(),
      evidence: z.array(z.string()),
    }),
    advice: z.string().optional(),
  }),
  path: z.array(z.array(z.number())),
});
/** What `walk --json` writes, and nothing else. */
const report = z.strictObject({ formula: z.string(), variables: z.array(z.string()), walks: z.array(walk) });

async function walksOf(...args: string[]): Promise<z.infer<typeof report>> {
  const { code, stdout } = await run('walk', ...args, '--json');
  expect(code).toBe(0);
  return report.parse(JSON.parse(stdout));
}

describe('x² from 1', () => {
  const x2 = ['walk', 'x^2', '--from', 'x=1', '--optimizer'];

  test('with lr 0.25 halves exactly, in the table as in JSON', async () => {
    const { code, stdout, stderr } = await scree([...x2, 'sgd:lr=0.25', '--steps', '4', '--tol', '0']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const table = stdout.slice(0, stdout.indexOf('\n\n'));
    expect(`\n${table}\n`).toMatchInlineSnapshot(`
      "
      step       x  slope           f
      ────  ──────  ─────  ──────────
         0       1      2           1
         1     0.5      1        0.25
         2    0.25    0.5      0.0625
         3   0.125   0.25    0.015625
         4  0.0625  0.125  0.00390625
      "
    `);
    expect(stdout).toContain('ran out of steps after 4 steps (stepLimit)');
    const { formula, variables, walks } = await walksOf('x^2', '--from', '1', '--optimizer', 'sgd:lr=0.25');
    expect({ formula, variables }).toEqual({ formula: 'x^2', variables: ['x'] });
    const [{ path, options, steps, stop, end }] = walks;
    expect(path.slice(0, 4)).toEqual([
      [1, 1],
      [0.5, 0.25],
      [0.25, 0.0625],
      [0.125, 0.015625],
    ]);
    expect(path).toHaveLength(steps + 1);
    expect(path.at(-1)?.[0]).toBe(end[0]);
    expect(options).toMatchObject({ lr: 0.25, momentum: 0 });
    expect(stop.reason).toBe('minimum');
  });

  test.each([
    ['sgd:lr=1', 'went in a cycle', 'lr 1 is too large: the largest stable rate here is 2/L = 1'],
    ['sgd:lr=1.1', 'diverged', 'lr 1.1 is too large: the largest stable rate here is 2/L = 1'],
    ['sgd:lr=1e-6', 'ran out of steps', 'lr 0.000001 is too slow: the largest stable rate here is 2/L = 1'],
  ])('%s %s, and says what would do', async (optimizer, reason, advice) => {
    const { code, stdout } = await run(...x2, optimizer);
    expect(code).toBe(0);
    expect(stdout).toContain(`${optimizer} ${reason}`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(advice);
  });

  test('is shortened in the middle, and whole with --table', async () => {
    const short = await run(...x2, 'sgd:lr=0.25');
    expect(short.stdout).toMatch(/^ +11 .*\n +⋮ .*\n +25 /m);
    const whole = await run(...x2, 'sgd:lr=0.25', '--table');
    expect(whole.stdout).toMatch(/^ +24 +5\.960464477539063e-8 /m);
  });
});

describe('a walk', () => {
  test('of a saddle by name starts where it is customary and is not called a minimum', async () => {
    const { walks } = await walksOf('saddle', '--optimizer', 'sgd:lr=0.1');
    expect(walks[0].start).toEqual([1, 0]);
    expect(walks[0].stop).toMatchObject({ reason: 'saddle', point: { kind: 'saddle' } });
  });

  test('of the monkey saddle says what it is and which way is down, in text as in JSON', async () => {
    const args = ['x^3 - 3x*y^2', '--from', 'x=0,y=0', '--optimizer', 'sgd:lr=0.1'];
    const { walks } = await walksOf(...args);
    const { point } = walks[0].stop;
    expect(point).toMatchObject({ kind: 'degenerate-saddle', singularity: 'D4−', order: 3 });
    const [u, v] = point.wayDown?.direction ?? [0, 0];
    expect(u ** 3 - 3 * u * v ** 2).toBeCloseTo(-1, 12);
    const { stdout } = await run('walk', ...args);
    expect(stdout).toContain('degenerate saddle (D4−)');
    expect(stdout).toMatch(/way down +along \(\S+, \S+\): f falls by 1 within 1/);
  });

  test('goes up with --maximize, and values keep their sign', async () => {
    const args = ['4 - x^2', '--from', 'x=1', '--optimizer', 'sgd:lr=0.25', '--maximize'];
    const { walks } = await walksOf(...args);
    expect(walks[0].stop.reason).toBe('maximum');
    expect(walks[0].value).toBeCloseTo(4, 12);
    expect(walks[0].path[0]).toEqual([1, 3]);
  });

  test('takes parameters of a formula, the number of variables of a surface, and a schedule', async () => {
    const scaled = await walksOf('a*x^2', '--param', 'a=2', '--from', '1', '--optimizer', 'sgd:lr=0.125');
    expect(scaled.walks[0].path[1]).toEqual([0.5, 0.5]);
    const sphere = await walksOf('sphere', '--dim', '5', '--from', 'x=2,x[3]=1', '--steps', '0');
    expect(sphere.variables).toEqual(['x[1]', 'x[2]', 'x[3]', 'x[4]', 'x[5]']);
    expect(sphere.walks[0].path).toEqual([[2, 2, 1, 2, 2, 17]]);
    const args = ['x^2', '--from', '1', '--optimizer', 'sgd:lr=0.5', '--schedule', 'exponential:factor=0.5'];
    const { walks } = await walksOf(...args, '--steps', '2', '--tol', '0');
    // lr 0.5 is exact: from 1 to 0.
    expect(walks[0].path).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
    expect(walks[0].options).toMatchObject({ schedule: 'exponential:factor=0.5' });
  });

  test('is the same for the same seed of its noise, and another for another', async () => {
    const noisy = (seed: string) =>
      walksOf(
        'x^2',
        '--from',
        '1',
        '--optimizer',
        'sgd:lr=0.1',
        '--noise',
        '0.1',
        '--seed',
        seed,
        '--steps',
        '9',
      );
    const [first, again, other] = [await noisy('1'), await noisy('1'), await noisy('2')];
    expect(again).toEqual(first);
    expect(other.walks[0].path[1]).not.toEqual(first.walks[0].path[1]);
  });

  test('that leaves the domain keeps what it walked; JSON has no NaN, but null', async () => {
    const { code, stdout } = await run(
      'walk',
      'log(x)',
      '--from',
      '1',
      '--optimizer',
      'sgd:lr=0.6',
      '--json',
    );
    expect(code).toBe(0);
    const unfinished = z.object({
      stop: z.object({ reason: z.literal('domain') }),
      value: z.null(),
      path: z.array(z.array(z.number().nullable())),
    });
    const { walks } = z.object({ walks: z.array(unfinished) }).parse(JSON.parse(stdout));
    // 1 − 0.6/1 = 0.4, and 0.4 − 0.6/0.4 is negative.
    expect(walks[0].path).toEqual([
      [1, 0],
      [0.4, Math.log(0.4)],
      [expect.closeTo(-1.1, 12), null],
    ]);
  });

  test('over two variables is drawn as a map with a letter for each optimiser', async () => {
    const args = ['rosenbrock', '--optimizer', 'bfgs', '--optimizer', 'adam:lr=0.05', '--steps', '100'];
    const { stdout, code } = await run('walk', ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/[\u2801-\u28ff]{2}/);
    expect(stdout).toMatch(/^bfgs +\d+ +\S+ +\S+ +minimum$/m);
    expect(stdout).toMatch(/^a {2}bfgs reached a minimum after \d+ steps \(minimum\)$/m);
    expect(stdout).toMatch(/^b {2}adam:lr=0.05 ran out of steps after 100 steps \(stepLimit\)$/m);
    const map = stdout.slice(0, stdout.indexOf('levels'));
    for (const letter of ['B', 'A', 'b']) expect(map).toContain(letter);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90);
  });

  test('over more variables is a table of results', async () => {
    const args = ['rosenbrock', '--dim', '20', '--optimizer', 'lbfgs', '--optimizer', 'sgd:lr=1e-4'];
    const { stdout, code } = await run('walk', ...args, '--steps', '200');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/[\u2800-\u28ff]/);
    expect(stdout).toMatch(/^sgd:lr=1e-4 +200 /m);
    expect(stdout).toContain('… (20 variables)');
  });

  test('is written as CSV, SVG and PNG', async () => {
    const files = { csv: at('walk.csv'), svg: at('walk.svg'), png: at('walk.png') };
    const args = ['x^2 - x*y', '--from', '1,0.5', '--optimizer', 'sgd:lr=0.01,momentum=0.5', '--steps', '3'];
    const given = Object.entries(files).flatMap(([option, file]) => [`--${option}`, file]);
    expect((await run('walk', ...args, ...given)).code).toBe(0);
    const [head, ...rows] = readFileSync(files.csv, 'utf8').trim().split('\n');
    expect(head).toBe('walk,optimizer,step,x,y,f,gradient');
    expect(rows).toHaveLength(4);
    expect(rows[0]).toBe(`1,"sgd:lr=0.01,momentum=0.5",0,1,0.5,0.5,${Math.sqrt(1.5 ** 2 + 1)}`);
    expect(readFileSync(files.svg, 'utf8')).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>\n$/s,
    );
    const image = decode(readFileSync(files.png));
    expect(image.width).toBe(1520);
    // The title is there: dark pixels above the frame.
    const dark = Array.from({ length: 1520 * 80 }, (_, pixel) => image.data[pixel * image.channels]);
    expect(dark.filter((red) => red < 100).length).toBeGreaterThan(100);
  });

  test('ends with Ctrl-C, and prints what it has', async () => {
    // Noise is drawn step by step, so that this takes a minute.
    const long = ['--optimizer', 'sgd:lr=1e-9', '--noise', '1e-9', '--steps', '30000000', '--tol', '0'];
    const child = start(['walk', 'rosenbrock', ...long]);
    // The line that tells how far it is comes from a walk under way.
    child.stderr?.setEncoding('utf8');
    const under = new Promise<void>((resolve) => {
      child.stderr?.once('data', () => resolve());
    });
    const finished = ended(child);
    await Promise.race([under, finished]);
    child.kill('SIGINT');
    const { code, stdout } = await finished;
    expect(code).toBe(130);
    expect(stdout).toContain('interrupted after');
    expect(stdout).toContain('(user)');
  });
});
