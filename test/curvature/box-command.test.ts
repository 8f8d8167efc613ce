import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ended, start } from '../support/cli.js';
import { runMain } from '../support/run-main.js';

const himmelblau = '(x^2+y-11)^2+(x+y^2-7)^2';

test('survey --box --json: the documented fields, all nine points of Himmelblau proven', async () => {
  const { code, stdout } = await runMain('survey', himmelblau, '--box', 'x=-5..5,y=-5..5', '--json');
  expect(code).toBe(0);
  const survey = JSON.parse(stdout) as {
    points: { point: number[]; kind: string; certified: boolean; enclosure: number[][] }[];
    minimum: { lower: number; upper: number };
  };
  expect(survey).toMatchObject({
    formula: himmelblau,
    variables: ['x', 'y'],
    box: [
      [-5, 5],
      [-5, 5],
    ],
    undecided: [],
    poles: [],
    complete: true,
  });
  expect(survey.points).toHaveLength(9);
  for (const { point, certified, enclosure } of survey.points) {
    expect(certified).toBe(true);
    point.forEach((x, axis) => {
      expect(enclosure[axis][0]).toBeLessThanOrEqual(x);
      expect(enclosure[axis][1]).toBeGreaterThanOrEqual(x);
    });
  }
  expect(survey.minimum.lower).toBeLessThanOrEqual(0);
});

test('survey --box: a map with marks, a table, poles, and what is open', async () => {
  const { code, stdout } = await runMain('survey', '(cos(x)/x)*(sin(y)/y)', '--box', 'x=-8..8,y=-8..8');
  expect(code).toBe(0);
  expect(stdout).toContain('44 critical points: 10 minima, 24 saddles, 10 maxima');
  expect(stdout).toMatch(/[\u2801-\u28ff]/);
  expect(stdout).toMatch(/pole: x in \[-\S+, \S+\], y in \[-8, 8\]/);
  expect(stdout).toContain('no lower bound found');
  const rows = stdout.split('\n').filter((line) => line.endsWith('proven'));
  expect(rows).toHaveLength(40);
  expect(stdout).toContain('… 4 more (--json lists them)');
});

test('survey --box: one variable draws the curve, a name of the zoo is known, a degenerate point is named', async () => {
  const { stdout } = await runMain('survey', 'x^4-x^2', '--box', 'x=-1..1');
  expect(stdout).toContain('3 critical points: 2 minima, 1 maximum');
  const monkey = await runMain('survey', 'x^3-3*x*y^2', '--box', '-1..1');
  expect(monkey.stdout).toContain('1 critical point: 1 degenerate-saddle');
  expect(monkey.stdout).toContain('D4−');
});

test.each([
  ['x=1..-1,y=0..1', '--box: x=1..-1 is no range: it is reversed; write it as x=-5..5'],
  ['x=0..Infinity,y=0..1', '--box: x=0..Infinity is no range: it is infinite; write it as x=-5..5'],
  ['x=NaN..1,y=0..1', '--box: x=NaN..1 is no range; write it as x=-5..5'],
  ['x=0..1', '--box: the variable y has no range; add y=-5..5'],
  ['x=0..1,y=0..1,z=0..1', '--box: unknown variable "z"'],
])('survey --box %s is refused in one line', async (box, message) => {
  const { code, stderr, stdout } = await runMain('survey', 'x^2+y', '--box', box);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('an interrupted survey prints what it knows by then', async () => {
  // Eight variables that depend on each other, and a flat valley: the boxes last for minutes.
  const slow = '(x[1]^2+x[2]^2+x[3]^2+x[4]^2+x[5]^2+x[6]^2+x[7]^2-1)^2*(2+sin(x[8]*x[1]))';
  const child = start(['survey', slow, '--box', '-2..2', '--json']);
  // Progress is told once the search has begun.
  const began = new Promise((resolve) => child.stderr?.once('data', resolve));
  await Promise.race([began, setTimeout(20_000)]);
  child.kill('SIGINT');
  const { code, stdout } = await ended(child);
  expect(code).toBe(130);
  const survey = JSON.parse(stdout) as { complete: boolean; evidence: string[]; undecided: unknown[] };
  expect(survey.complete).toBe(false);
  expect(survey.evidence.join()).toContain('ended before its time');
}, 60_000);
