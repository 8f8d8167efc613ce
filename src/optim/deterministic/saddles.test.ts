/** From exactly a saddle and from beside it: what a method finds, and that nothing but a minimum is ever taken for one. */
import { describe, expect, test } from 'vitest';
import { classifyCriticalPoint } from '../../curvature/index.js';
import { formula } from '../../formula/index.js';
import { methods, minimize, problemOf, walk, type SmoothProblem, type WalkResult } from './index.js';

type Scalar = ReturnType<typeof formula>['evaluate'];
const functions = new Map<SmoothProblem, Scalar>();
const problemFor = (text: string): SmoothProblem => {
  const { evaluate, variables } = formula(text);
  const problem = problemOf(evaluate, variables.length);
  functions.set(problem, evaluate);
  return problem;
};
const names = Object.keys(methods).filter((name) => name !== 'levenbergmarquardt');
const box = { lower: [-2, -2], upper: [2, 2] };
const run = (problem: SmoothProblem, name: string, start: readonly number[], tol = 1e-8): WalkResult =>
  minimize(problem, methods[name].create({}), start, { tol, box, maxSteps: 20_000 });

/** What the point is, by the curvature room: ends are as far off as the tolerance of 1e-8 lets a degenerate point be. */
function kindAt(problem: SmoothProblem, { x }: WalkResult): string {
  const evaluate = functions.get(problem);
  return evaluate === undefined ? '' : classifyCriticalPoint((at) => evaluate(at), x, { reach: 0.01 }).kind;
}

describe('a strict saddle, x² − y² + y⁴/4: minima of −1 at y = ±√2', () => {
  const problem = problemFor('x^2 - y^2 + y^4/4');
  const leaves = new Set([
    'trustexact',
    'cubic',
    'saddlefreenewton',
    'thirdorder',
    'perturbedgd',
    'annealing',
    'multistart',
  ]);

  test.each(names)('%s', (name) => {
    const exact = run(problem, name, [0, 0]);
    if (leaves.has(name)) {
      expect(exact.value).toBeCloseTo(-1, 12);
      expect(kindAt(problem, exact)).toBe('minimum');
    } else {
      // A zero gradient is all that these see: they stay, and the Hessian says what it is.
      expect(exact.steps).toBe(0);
      expect(exact.stop).toEqual({
        reason: 'gradient',
        criterion: 'largest component of the gradient',
        value: 0,
        threshold: 1e-8,
      });
      expect(kindAt(problem, exact)).toBe('saddle');
    }
    // From beside it, also where the gradient points almost into it.
    for (const start of [
      [1e-3, 1e-6],
      [1, 1e-4],
      [-1e-6, -1e-6],
    ]) {
      const near = run(problem, name, start);
      expect(near.value).toBeCloseTo(-1, 12);
      expect(Math.abs(near.x[1])).toBeCloseTo(Math.SQRT2, 7);
      expect(kindAt(problem, near)).toBe('minimum');
    }
  });
});

describe('a bounded monkey saddle, x³ − 3xy² + (x² + y²)²: minima of −27/256 at radius ¾', () => {
  const problem = problemFor('x^3 - 3x*y^2 + (x^2 + y^2)^2');
  const leaves = new Set(['thirdorder', 'perturbedgd', 'annealing', 'multistart']);

  test.each(names)('%s', (name) => {
    const exact = run(problem, name, [0, 0]);
    if (leaves.has(name)) {
      expect(exact.value).toBeCloseTo(-27 / 256, 12);
      expect(Math.hypot(...exact.x)).toBeCloseTo(0.75, 7);
    } else {
      // The Hessian is zero: second order sees nothing.
      expect(exact.stop.reason).toBe('gradient');
      expect(kindAt(problem, exact)).toBe('degenerate-saddle');
    }
    const near = run(problem, name, [3e-3, 4e-3]);
    expect(near.value).toBeCloseTo(-27 / 256, 12);
    expect(kindAt(problem, near)).toBe('minimum');
  });
});

describe('saddle-free Newton on the monkey saddle itself', () => {
  const problem = problemFor('x^3 - 3x*y^2');

  test('along y = 0, x > 0 every step halves x, and then it leaves', () => {
    const steps = walk(problem, methods.saddlefreenewton.create({}), [1, 0], { maxSteps: 200 });
    const xs: number[] = [];
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) {
      const [x, y] = step.value.x;
      // The turn of the eigenvectors leaves rounding in y, which grows.
      if (Math.abs(y) < 1e-3 * x) xs.push(x);
    }
    // |H| + μ instead of |H|: a little less than half, until μ is small beside it.
    expect(xs.length).toBeGreaterThan(8);
    for (let k = 1; k < 8; k++) expect(Math.abs(xs[k] / xs[k - 1] - 0.5)).toBeLessThan(0.02);
    expect(step.value.reason).toBe('unbounded');
  });
});

describe('third-order escape', () => {
  test('rests at a minimum whose Hessian is singular, and at one of fourth order', () => {
    for (const text of ['x^4 + y^2', 'x^4 + y^4', 'x^2*y^2 + x^4 + y^4']) {
      const problem = problemFor(text);
      for (const start of [
        [0, 0],
        [0.5, -0.3],
      ]) {
        const end = run(problem, 'thirdorder', start);
        expect(end.stop.reason).toBe('gradient');
        expect(end.value).toBeLessThan(1e-9);
      }
    }
  });

  test('goes down a cusp whose Hessian has no negative eigenvalue: y² + x³ + x⁴, minimum −27/256 at x = −¾', () => {
    const problem = problemFor('y^2 + x^3 + x^4');
    const end = run(problem, 'thirdorder', [0, 0]);
    expect(end.value).toBeCloseTo(-27 / 256, 12);
    expect(kindAt(problem, end)).toBe('minimum');
    const second = run(problem, 'trustexact', [0, 0]);
    expect([second.steps, kindAt(problem, second)]).toEqual([0, 'degenerate-saddle']);
  });

  test("does not see Peano's saddle, and does not call it a minimum", () => {
    const problem = problemFor('(y - x^2)*(y - 2x^2)');
    const end = run(problem, 'thirdorder', [0, 0]);
    expect([end.stop.reason, kindAt(problem, end)]).toEqual(['gradient', 'degenerate-saddle']);
  });

  test('in five dimensions, three of which go up', () => {
    // A strict minimum in three variables, a monkey saddle in the two that are left.
    const text = 'a^2 + (b + c)^2 + 2(b - c)^2 + u^3 - 3u*v^2 + (u^2 + v^2)^2';
    const end = minimize(problemFor(text), methods.thirdorder.create({}), [0, 0, 0, 0, 0], { seed: 4 });
    expect(end.value).toBeCloseTo(-27 / 256, 10);
  });
});
