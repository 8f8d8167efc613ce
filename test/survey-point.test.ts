import { describe, expect, test } from 'vitest';
import { runMain } from './support/run-main.js';

const survey = (...args: string[]) => runMain('survey', ...args);

describe('scree survey --at', () => {
  test('verdict first, then way down, evidence, eigenvalues and the surface', async () => {
    const { code, stdout, stderr } = await survey('(y-x^2)*(y-2*x^2)', '--at', 'x=0,y=0');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'degenerate saddle (A3−) at x = 0, y = 0: f = 0, gradient 0',
      '  order     corank 1, decided by order 4; reduced form -0.25*u^4',
      '  way down  x = t, y = 1.5*t^2: f falls by 0.25 until t = 1',
      '  evidence  the gradient is zero: its norm is 0, rounding explains 0',
    ]);
    expect(stdout).toContain('eigenvalue  eigenvector');
    expect(stdout).toMatch(/[\u2801-\u28ff]{3}/);
    expect(stdout).toContain('arrows: eigenvectors, by the signs of their eigenvalues; ↓ the way down');
  });

  test('as JSON, with every key that the point may have', async () => {
    const { code, stdout } = await survey('himmelblau', '--at', '3,2', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(report)).toEqual(
      'point value gradient gradientNorm hessian eigenvalues eigenvectors kind singularity corank order reducedForm wayDown evidence'.split(
        ' ',
      ),
    );
    expect(report).toMatchObject({
      point: [3, 2],
      hessian: [
        [74, 20],
        [20, 34],
      ],
      kind: 'minimum',
      singularity: 'A1',
      corank: 0,
      reducedForm: null,
      wayDown: null,
    });
  });

  test('of one and of three variables', async () => {
    const one = await survey('x^3', '--at', 'x=0');
    expect(one.stdout).toMatch(/^degenerate saddle \(A2\) at x = 0: f = 0/);
    const three = await survey('x^2 + y^2 - z^2', '--at', 'x=0,y=0,z=0', '--json');
    expect(JSON.parse(three.stdout)).toMatchObject({ kind: 'saddle', eigenvalues: [-2, 2, 2] });
  });

  test('a kink is said and not classified', async () => {
    const { code, stdout } = await survey('abs(x)+y^2', '--at', 'x=0,y=0');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^unknown at x = 0, y = 0: f = 0\n/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('it has no derivatives here: |x| at 0');
  });

  test.each([
    [['log(x)+y^2', '--at', 'x=-1,y=0'], 'the function is not a number at (-1, 0)'],
    [['x^2+y^2', '--at', 'x=0'], '--at: the variable y has no start'],
    [['x^2+y^2', '--at', 'x=0,z=1'], '--at: '],
    [['x^2', '--at', 'x=one'], '--at: x=one is no finite number'],
    [['x^2', '--at', 'x=1', '--box', 'x=0..1'], '--at and --box exclude each other'],
    [['x^2'], 'of a formula, say where to look: --at x=0,y=0 or --box'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await survey(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
