/**
 * Each update rule against its textbook formula, written out with dense matrices on the points that a walk recorded: whatever
 * the line search did, the next step must lie along the direction that the formula gives.
 */
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { formula } from '../../formula/index.js';
import { findProblem, problemResiduals } from '../../landscape/zoo/index.js';
import { norm } from '../../linalg/index.js';
import {
  bfgs,
  cg,
  cubic,
  dogleg,
  leastSquaresOf,
  lbfgs,
  levenbergmarquardt,
  newtoncg,
  problemOf,
  steihaug,
  trustexact,
  walk,
  type Method,
  type Problem,
  type SmoothProblem,
} from './index.js';

const problem: SmoothProblem = problemOf(
  formula('sum(100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2, i, 1, n - 1)', { parameters: { n: 5 } }).evaluate,
  5,
);
const start = [-1.2, 1, -0.5, 0.8, 1.1];
const n = start.length;

interface Recorded {
  readonly x: Matrix;
  readonly g: Matrix;
}

function record(of: Problem, method: Method, from: readonly number[], maxSteps: number): Recorded[] {
  return Array.from(walk(of, method, from, { maxSteps }), ({ x, gradient }) => ({
    x: Matrix.columnVector([...x]),
    g: Matrix.columnVector([...gradient]),
  }));
}

/** Sine of the angle between a step and a direction that leads the same way; a product of matrices of condition 1e6 keeps 1e-9. */
function expectAlong(step: Matrix, direction: Matrix, slack = 1e-8): void {
  const cosine = step.dot(direction);
  expect(cosine).toBeGreaterThan(0);
  const scaled = Matrix.mul(direction, cosine / direction.dot(direction));
  expect(Matrix.sub(step, scaled).norm() / step.norm()).toBeLessThan(slack);
}

/** (1 − ρsyᵀ)·H·(1 − ρysᵀ) + ρssᵀ. */
function updated(h: Matrix, s: Matrix, y: Matrix): Matrix {
  const rho = 1 / y.dot(s);
  const left = Matrix.sub(Matrix.eye(n), s.mmul(y.transpose()).mul(rho));
  return left.mmul(h).mmul(left.transpose()).add(s.mmul(s.transpose()).mul(rho));
}

const pairs = (path: readonly Recorded[]): { s: Matrix; y: Matrix }[] =>
  path.slice(1).map(({ x, g }, k) => ({ s: Matrix.sub(x, path[k].x), y: Matrix.sub(g, path[k].g) }));

test('bfgs: −H·g with H built from the identity, scaled once', () => {
  const path = record(problem, bfgs(), start, 25);
  const steps = pairs(path);
  let h = Matrix.eye(n).mul(steps[0].y.dot(steps[0].s) / steps[0].y.dot(steps[0].y));
  expectAlong(steps[0].s, Matrix.mul(path[0].g, -1));
  for (let k = 1; k < steps.length; k++) {
    h = updated(h, steps[k - 1].s, steps[k - 1].y);
    expectAlong(steps[k].s, h.mmul(path[k].g).mul(-1));
  }
});

test.each([1, 3, 10])('lbfgs, memory %i: the same from the newest scale and the last pairs', (memory) => {
  const path = record(problem, lbfgs({ memory }), start, 25);
  const steps = pairs(path);
  for (let k = 1; k < steps.length; k++) {
    const newest = steps[k - 1];
    let h = Matrix.eye(n).mul(newest.y.dot(newest.s) / newest.y.dot(newest.y));
    for (const { s, y } of steps.slice(Math.max(0, k - memory), k)) h = updated(h, s, y);
    expectAlong(steps[k].s, h.mmul(path[k].g).mul(-1));
  }
});

describe('cg', () => {
  const betas = {
    polakribiere: (g: Matrix, before: Matrix) =>
      Math.max(0, Matrix.sub(g, before).dot(g) / before.dot(before)),
    hagerzhang(g: Matrix, before: Matrix, d: Matrix) {
      const y = Matrix.sub(g, before);
      const beta = Matrix.sub(y, Matrix.mul(d, (2 * y.dot(y)) / d.dot(y))).dot(g) / d.dot(y);
      return Math.max(beta, (0.4 * d.dot(before)) / d.dot(d));
    },
  };
  test.each(['polakribiere', 'hagerzhang'] as const)('%s: d ← −g + βd', (beta) => {
    const path = record(problem, cg({ beta, restart: 100 }), start, 40);
    let d = Matrix.mul(path[0].g, -1);
    pairs(path).forEach(({ s }, k) => {
      if (k > 0) {
        const { g } = path[k];
        d = Matrix.sub(Matrix.mul(d, betas[beta](g, path[k - 1].g, d)), g);
        // A direction that leads up is given up.
        if (d.dot(g) >= 0) d = Matrix.mul(g, -1);
      }
      // β divides differences of gradients, and each direction carries the rounding of all before.
      expectAlong(s, d, 1e-6);
    });
  });
});

test('on a quadratic, conjugate gradients and BFGS end in about n steps', () => {
  const quadratic = problemOf(
    formula('sum(i*x[i]^2, i, 1, n) + x[1]*x[2] - x[3]', { parameters: { n: 8 } }).evaluate,
    8,
  );
  for (const method of [cg(), bfgs()]) {
    const path = record(quadratic, method, [1, 1, 1, 1, 1, 1, 1, 1], 100);
    // The line searches are close to exact, not exact.
    expect(path.length).toBeLessThan(25);
  }
});

/** The Hessian at a recorded point. */
function hessianAt({ x }: Recorded): Matrix {
  const hessian = new Float64Array(n * n);
  problem.hessian(Float64Array.from(x.to1DArray()), hessian);
  return new Matrix(Array.from({ length: n }, (_, i) => [...hessian.subarray(i * n, (i + 1) * n)]));
}

test.each<[string, Method]>([
  ['newtoncg', newtoncg()],
  ['dogleg', dogleg()],
  ['steihaug', steihaug()],
  ['trustexact', trustexact()],
])("%s: Newton's step at the end, and superlinear convergence", (_, method) => {
  const path = record(problem, method, start, 200);
  const k = path.length - 2;
  const { s } = pairs(path)[k];
  const { g } = path[k];
  // Conjugate gradients stop at ‖Hs + g‖ ≤ √‖g‖·‖g‖; the others solve the system.
  expect(Matrix.add(hessianAt(path[k]).mmul(s), g).norm()).toBeLessThanOrEqual(1.001 * g.norm() ** 1.5);
  expect(path[k + 1].g.norm()).toBeLessThan(0.1 * g.norm());
});

test('cubic: (H + λ1)s = −g with λ = σ‖s‖ for a σ that the rules give', () => {
  const path = record(problem, cubic({ sigma: 1 }), start, 10);
  let checked = 0;
  for (const [k, { s }] of pairs(path).entries()) {
    // −g − Hs = λs.
    const rest = Matrix.add(path[k].g, hessianAt(path[k]).mmul(s)).mul(-1);
    const lambda = rest.dot(s) / s.dot(s);
    expect(Matrix.sub(rest, Matrix.mul(s, lambda)).norm()).toBeLessThan(1e-9 * path[k].g.norm());
    // σ comes from 1 by factors of 2 and 10 alone. λ is what Hs leaves of g: to six digits where that is not too little.
    if (lambda * s.norm() < 1e-7 * path[k].g.norm()) continue;
    checked++;
    const sigma = lambda / s.norm();
    const isReached = [-6, -5, -4, -3, -2, -1, 0, 1, 2].some((tens) => {
      const twos = Math.log2(sigma / 10 ** tens);
      return Math.abs(twos - Math.round(twos)) < 1e-4;
    });
    expect(isReached).toBe(true);
  }
  expect(checked).toBeGreaterThan(3);
});

test('levenbergmarquardt: (JᵀJ + λD²)p = −Jᵀr, D the largest norms of the columns so far', () => {
  const known = findProblem('kowalik-osborne');
  const squares = leastSquaresOf(problemResiduals(known).evaluate, known.n);
  const path = record(squares, levenbergmarquardt(), known.start, 15);
  let widest = new Float64Array(known.n);
  for (const [k, { s }] of pairs(path).entries()) {
    const raw = new Float64Array(known.m * known.n);
    squares.residuals.jacobian(Float64Array.from(path[k].x.to1DArray()), raw);
    const jacobian = new Matrix(
      Array.from({ length: known.m }, (_, i) => [...raw.subarray(i * known.n, (i + 1) * known.n)]),
    );
    widest = widest.map((before, j) => Math.max(before, norm(Float64Array.from(jacobian.getColumn(j)))));
    // −Jᵀr − JᵀJp = λD²p, and the gradient is 2Jᵀr.
    const rest = Matrix.mul(path[k].g, -0.5).sub(jacobian.transpose().mmul(jacobian).mmul(s));
    const scaled = Matrix.columnVector(Array.from(widest, (d, j) => d * d * s.get(j, 0)));
    const lambda = rest.dot(scaled) / scaled.dot(scaled);
    expect(lambda).toBeGreaterThan(-1e-10);
    expect(Matrix.sub(rest, Matrix.mul(scaled, lambda)).norm()).toBeLessThan(1e-9 * path[k].g.norm());
  }
});
