import { describe, expect, test } from 'vitest';
import { formula } from '../formula/index.js';
import { lbfgs } from '../optim/deterministic/lbfgs.js';
import { parseOptimizer } from '../optim/index.js';
import { walk, type Walk, type WalkOptions } from './walk.js';

function go(text: string, optimizer: string, start: number[], options?: WalkOptions): Walk {
  return walk(formula(text), parseOptimizer(optimizer), start, options);
}

describe('gradient descent on x²', () => {
  test('from 1 with rate 0.25 the walk is exactly 1, 0.5, 0.25, …', () => {
    const { path, steps, stop, end } = go('x^2', 'sgd:lr=0.25', [1], { steps: 10, tol: 0 });
    expect(path.rows()).toEqual(Array.from({ length: 11 }, (_, k) => [0.5 ** k, 0.25 ** k]));
    expect([steps, end]).toEqual([10, [0.5 ** 10]]);
    expect(stop).toMatchObject({ reason: 'stepLimit', criterion: 'steps', value: 10, threshold: 10 });
  });

  test('ends at the minimum, which its Hessian proves', () => {
    const { stop, steps, gradientNorm } = go('x^2', 'sgd:lr=0.25', [1]);
    expect(stop).toMatchObject({ reason: 'minimum', threshold: 1e-8, point: { kind: 'minimum' } });
    // 2 · 0.5ᵏ ≤ 1e-8 first at k = 28.
    expect(steps).toBe(28);
    expect(gradientNorm).toBe(2 * 0.5 ** 28);
  });

  test('rate 1 goes round in a cycle', () => {
    const { stop } = go('x^2', 'sgd:lr=1', [1]);
    expect(stop).toMatchObject({ reason: 'cycle', criterion: 'period in steps', value: 2 });
    expect(stop.advice).toBe(
      'lr 1 is too large: the largest stable rate here is 2/L = 1 (L = 2, the largest curvature)',
    );
  });

  test.each([1.01, 1.5])('rate %f diverges, whether it gets far or runs out of steps', (lr) => {
    const { stop } = go('x^2', `sgd:lr=${lr}`, [1], { steps: 200 });
    expect(stop.reason).toBe('diverged');
    expect(stop.advice).toMatch(/too large: the largest stable rate here is 2\/L = 1/);
  });

  test('rate 1e-6 is called too slow', () => {
    const { stop } = go('x^2', 'sgd:lr=1e-6', [1]);
    expect(stop).toMatchObject({ reason: 'stepLimit', point: { kind: 'regular' } });
    expect(stop.advice).toMatch(/lr 0.000001 is too slow: the largest stable rate here is 2\/L = 1/);
  });

  test('momentum raises the largest stable rate to (2 + 2β)/L', () => {
    expect(go('x^2', 'momentum:lr=1.95,momentum=0.9', [1], { steps: 100 }).stop.reason).toBe('diverged');
    expect(go('x^2', 'momentum:lr=1.85,momentum=0.9', [1], { steps: 5000 }).stop.reason).toBe('minimum');
  });
});

describe('what ends a walk', () => {
  test.each<[string, string, number[], WalkOptions, string, string]>([
    ['a saddle from its ridge', 'x^2 - y^2', [1, 0], {}, 'saddle', 'saddle'],
    ['a saddle from itself', 'x^2 - y^2', [0, 0], {}, 'saddle', 'saddle'],
    ['the monkey saddle', 'x^3 - 3x*y^2', [0, 0], {}, 'degenerate', 'degenerate-saddle'],
    ['beside the monkey saddle', 'x^3 - 3x*y^2', [1, 0], { tol: 1e-4 }, 'degenerate', 'degenerate-saddle'],
    ['a flat minimum', 'x^4', [1], { tol: 1e-4, steps: 100000 }, 'degenerate', 'degenerate-minimum'],
    [
      'a cubic that seems a minimum from above',
      'x^2 + y^3',
      [0.5, 1],
      { tol: 1e-4, steps: 100000 },
      'degenerate',
      'degenerate-saddle',
    ],
    ['a maximum from itself', 'cos(x)', [0], {}, 'maximum', 'maximum'],
    ['a function without a floor', 'x^2 - x*y', [1, 0.5], {}, 'unbounded', 'regular'],
    ['a logarithm left behind', 'x + log(x)', [0.05], {}, 'domain', 'regular'],
    ['a root left behind', 'sqrt(x)', [0.05], {}, 'domain', 'regular'],
    ['overflow', 'exp(x^2)', [3], {}, 'domain', 'regular'],
  ])('%s', (_name, text, start, options, reason, kind) => {
    const { stop, path } = go(text, 'sgd:lr=0.1', start, options);
    expect([stop.reason, stop.point.kind]).toEqual([reason, kind]);
    expect(path.length).toBeGreaterThan(0);
    expect(stop.point.evidence.join()).not.toBe('');
  });

  test('with tol 0 nothing ends early', () => {
    expect(go('x^2', 'sgd:lr=0.5', [1], { tol: 0, steps: 50 })).toMatchObject({ steps: 50, end: [0] });
  });

  test('a step too small for the numbers', () => {
    const { stop } = go('x', 'sgd:lr=1e-20', [1]);
    expect(stop).toMatchObject({ reason: 'step', point: { kind: 'regular' } });
  });

  test('upwards', () => {
    const { stop, value } = go('1 - x^2', 'sgd:lr=0.25', [1], { maximize: true });
    expect([stop.reason, stop.point.kind]).toEqual(['maximum', 'maximum']);
    expect(value).toBeCloseTo(1, 15);
  });

  test('noise is the same for the same seed', () => {
    const noisy = (seed: number) => go('x^2', 'sgd:lr=0.1', [1], { noise: 0.1, seed, steps: 20 }).end;
    expect(noisy(1)).toEqual(noisy(1));
    expect(noisy(1)).not.toEqual(noisy(2));
  });
});

describe('deterministic methods', () => {
  const rosenbrock = formula('100(y - x^2)^2 + (1 - x)^2');

  test('L-BFGS goes down Rosenbrock', () => {
    const { stop, end, path } = walk(rosenbrock, lbfgs(), [-1.2, 1]);
    expect(stop).toMatchObject({ reason: 'minimum', point: { kind: 'minimum' } });
    // The gradient is at most 1e-8 and the smallest eigenvalue of the Hessian is 0.4.
    end.forEach((coordinate) => expect(coordinate).toBeCloseTo(1, 7));
    expect(Array.from(path.point(0))).toEqual([-1.2, 1]);
  });

  test('noise is refused', () => {
    expect(() => walk(rosenbrock, lbfgs(), [0, 0], { noise: 1 })).toThrow(/lbfgs works on exact gradients/);
  });
});

test.each([
  [[NaN], {}, /is NaN at the start x=NaN/],
  [[-1], {}, /is NaN at the start x=-1; start inside its domain/],
  [[1, 2], {}, /2 numbers for 1 variables/],
  [[1], { steps: -1 }, /steps is -1/],
  [[1], { tol: NaN }, /tol is NaN/],
  [[1], { noise: -1 }, /noise is -1/],
])('bad input %j %j', (start, options, message) => {
  expect(() => go('log(x)', 'sgd:lr=0.1', start, options)).toThrow(message);
});
