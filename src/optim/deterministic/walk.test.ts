import { describe, expect, test } from 'vitest';
import { formula } from '../../formula/index.js';
import { findProblem, problemResiduals } from '../../landscape/zoo/index.js';
import {
  bfgs,
  gradientdescent,
  lbfgs,
  leastSquaresOf,
  levenbergmarquardt,
  methods,
  minimize,
  newtoncg,
  problemOf,
  trustexact,
  walk,
  type Problem,
  type SmoothProblem,
} from './index.js';

const problemFor = (text: string): SmoothProblem => {
  const { evaluate, variables } = formula(text);
  return problemOf(evaluate, variables.length);
};
const bowl = problemFor('(x - 1)^2 + 10(y + 2)^2');
const names = Object.keys(methods);
/** Those that go down any smooth function, without residuals. */
const general = names.filter((name) => name !== 'levenbergmarquardt');
/** Those that leave a point whose gradient is zero to see whether it holds. */
const looksAround = new Set(['perturbedgd', 'annealing', 'multistart']);

describe('why a walk ends', () => {
  test('gradient: at once where the start is a minimum', () => {
    for (const name of general.filter((name) => !looksAround.has(name))) {
      const { stop, steps, gradientNorm } = minimize(bowl, methods[name].create({}), [1, -2]);
      expect(stop).toMatchObject({ reason: 'gradient', value: 0, threshold: 1e-8 });
      expect([steps, gradientNorm]).toEqual([0, 0]);
    }
  });

  test('stepLimit is no convergence', () => {
    const { stop, steps } = minimize(bowl, gradientdescent(), [5, 5], { maxSteps: 3 });
    expect(stop).toEqual({ reason: 'stepLimit', criterion: 'steps', value: 3, threshold: 3 });
    expect(steps).toBe(3);
    expect(minimize(bowl, gradientdescent(), [5, 5], { maxSteps: 0 }).x).toEqual(Float64Array.of(5, 5));
  });

  test('step and function, where they are asked for', () => {
    const step = minimize(bowl, gradientdescent(), [5, 5], { tol: 0, stepTol: 1e-3 });
    expect(step.stop).toMatchObject({ reason: 'step', criterion: 'largest change of a coordinate' });
    expect(step.stop.value).toBeLessThanOrEqual(step.stop.threshold);
    const fall = minimize(bowl, gradientdescent(), [5, 5], { tol: 0, functionTol: 1e-3 });
    expect(fall.stop).toMatchObject({ reason: 'function', criterion: 'fall of the value', threshold: 1e-3 });
  });

  test('function, where rounding lets nothing fall any more', () => {
    // 1e8 hides the last digits: no gradient of zero is in reach.
    const problem = problemFor('1e8 + (x - 0.1)^4 + x*y + y^2 + 3x');
    for (const method of [bfgs(), lbfgs(), gradientdescent(), trustexact()]) {
      const { stop, gradientNorm } = minimize(problem, method, [3, 1], { tol: 0 });
      expect(['function', 'step', gradientNorm === 0 ? 'gradient' : '']).toContain(stop.reason);
      expect(gradientNorm).toBeLessThan(1e-2);
    }
  });

  test.each(general.filter((name) => name !== 'annealing' && name !== 'multistart'))(
    'unbounded: %s on x² − y²',
    (name) => {
      const { stop, value } = minimize(problemFor('x^2 - y^2'), methods[name].create({}), [1, 1e-3]);
      expect(stop.reason).toBe('unbounded');
      expect(value).toBeLessThan(stop.threshold);
    },
  );

  test.each(general)('domain: %s from outside it', (name) => {
    const { stop, steps } = minimize(problemFor('log(x) + y^2'), methods[name].create({}), [-1, 0]);
    expect([stop.reason, stop.criterion, steps]).toEqual(['domain', 'value', 0]);
  });

  test.each(general)('%s turns back from the end of the domain: x − log x + (y − x)²', (name) => {
    const problem = problemFor('x - log(x) + (y - x)^2');
    const box = { lower: [-1, -1], upper: [5, 5] };
    for (const start of [
      [10, 0],
      [1e-3, 1e-3],
    ]) {
      const { x, value } = minimize(problem, methods[name].create({}), start, { box, maxSteps: 20_000 });
      expect(value).toBeCloseTo(1, 12);
      expect(Math.hypot(x[0] - 1, x[1] - 1)).toBeLessThan(1e-6);
    }
  });

  test('domain: a Hessian that is not finite where the function is', () => {
    // |x|^1.5 has a gradient at 0, and no second derivative.
    const problem: Problem = {
      dimension: 1,
      value: ([x]) => Math.abs(x) ** 1.5 + x,
      valueAndGradient([x], gradient) {
        gradient[0] = 1.5 * Math.sign(x) * Math.sqrt(Math.abs(x)) + 1;
        return Math.abs(x) ** 1.5 + x;
      },
      hessian([x], out) {
        out[0] = 0.75 / Math.sqrt(Math.abs(x));
      },
      hessianVector([x], [v], out) {
        out[0] = (0.75 * v) / Math.sqrt(Math.abs(x));
      },
    };
    for (const name of ['trustexact', 'cubic', 'dogleg', 'saddlefreenewton']) {
      const { stop } = minimize(problem, methods[name].create({}), [0]);
      expect([stop.reason, Math.abs(stop.value)]).toEqual(['domain', Infinity]);
    }
  });
});

describe('walk', () => {
  test('gives the start and every point, and leaves the start alone', () => {
    const start = Float64Array.of(5, 5);
    const path: number[][] = [];
    for (const { x, value } of walk(bowl, newtoncg(), start)) path.push([...x, value]);
    expect(path[0]).toEqual([5, 5, bowl.value(start)]);
    expect([...start]).toEqual([5, 5]);
    for (let k = 1; k < path.length; k++) expect(path[k][2]).toBeLessThan(path[k - 1][2]);
    const [x, y] = path[path.length - 1];
    expect(x).toBeCloseTo(1, 8);
    expect(y).toBeCloseTo(-2, 8);
  });

  test('can be left', () => {
    let steps = 0;
    for (const iterate of walk(bowl, gradientdescent(), [5, 5]))
      if (iterate.value < 100 || ++steps > 50) break;
    expect(steps).toBeLessThan(50);
  });

  test.each(general)('%s: the same seed, the same walk', (name) => {
    const problem = problemFor('x^4 - 3x^2 + x*y + y^2 + sin(5x)');
    const box = { lower: [-2, -2], upper: [2, 2] };
    const path = (seed: number) => {
      const method = methods[name].create({});
      return Array.from(walk(problem, method, [0.3, 0.9], { seed, box, maxSteps: 300 }), ({ x }) => [...x]);
    };
    expect(path(7)).toEqual(path(7));
  });

  test('refuses starts that do not fit', () => {
    expect(() => minimize(bowl, lbfgs(), [1, 2, 3])).toThrow(
      'lbfgs: the start has 3 coordinates, the problem 2',
    );
    expect(() => minimize(bowl, lbfgs(), [1, NaN])).toThrow(
      'lbfgs: coordinate 1 of the start is NaN; it must be finite',
    );
  });

  test('refuses problems that lack a derivative', () => {
    const bare: Problem = {
      dimension: 2,
      value: (x) => bowl.value(x),
      valueAndGradient: (x, gradient) => bowl.valueAndGradient(x, gradient),
    };
    const lacks: Readonly<Record<string, string>> = {
      newtoncg: 'product of its Hessian with a vector',
      dogleg: 'Hessian',
      steihaug: 'product of its Hessian with a vector',
      trustexact: 'Hessian',
      cubic: 'Hessian',
      saddlefreenewton: 'product of its Hessian with a vector',
      levenbergmarquardt: 'residuals, whose sum of squares it is (leastSquaresOf makes such a problem)',
      thirdorder: 'Hessian',
    };
    for (const name of names) {
      const run = () => minimize(bare, methods[name].create({}), [5, 5], { maxSteps: 5 });
      if (name in lacks) {
        expect(run).toThrow(`${name}: the problem does not give the ${lacks[name]}, which this method needs`);
      } else expect(run).not.toThrow();
    }
  });

  test('options are checked', () => {
    expect(() => methods.lbfgs.create({ memory: 0 })).toThrow(
      'lbfgs: memory is 0; it must satisfy memory ≥ 1 (integer)',
    );
    expect(() => methods.gradientdescent.create({ linesearch: 'exact' })).toThrow(
      'armijo or wolfe or hagerzhang',
    );
    expect(() => methods.bfgs.create({ lr: 1 })).toThrow('bfgs: unknown option "lr"');
    expect(() => methods.perturbedgd.create({ constants: 'theory' })).toThrow(
      'constants=theory needs smoothness',
    );
    const narrow = { lower: [0, 0], upper: [0, 1] };
    expect(() => minimize(bowl, methods.annealing.create({}), [0, 0], { box: narrow })).toThrow(
      'annealing: the box 0 to 0, 0 to 1 must have 2 finite sides, the lower end first',
    );
  });
});

test('levenbergmarquardt counts residuals as values and Jacobians as gradients', () => {
  const rosenbrock = findProblem(1);
  const problem = leastSquaresOf(problemResiduals(rosenbrock).evaluate, 2);
  const { evaluations, value, stop } = minimize(problem, levenbergmarquardt(), rosenbrock.start);
  // MINPACK's lmder takes 21 and 16 (test/golden/scipy-minimize.json).
  expect([evaluations.values, evaluations.gradients]).toEqual([21, 16]);
  expect([value, stop.reason]).toEqual([0, 'gradient']);
});
