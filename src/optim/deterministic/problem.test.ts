import { derivative, parse } from 'mathjs';
import { describe, expect, test } from 'vitest';
import { stack, sum, type TensorLike } from '../../ops/index.js';
import type { Tensor } from '../../graph/tensor.js';
import { counted, leastSquaresOf, problemOf } from './problem.js';

const at = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]).reshape([]);
const plus = (x: Tensor, y: TensorLike): Tensor => x.add(y);

/** A function with no symmetry to hide behind, for mathjs and for us. */
const text = 'exp(a*b) + sin(b*c^2) + a^3*c - b';
const traced = (x: Tensor): Tensor => {
  const [a, b, c] = [at(x, 0), at(x, 1), at(x, 2)];
  return plus(a.mul(b).exp(), b.mul(c.square()).sin()).add(a.pow(3).mul(c)).sub(b);
};
const names = ['a', 'b', 'c'];
const point = Float64Array.of(0.7, -0.4, 1.3);

/** The derivative of the text by the named variables, by mathjs, at the point. */
function exact(...indices: number[]): number {
  const node = indices.reduce((formula, index) => derivative(formula, names[index]), parse(text));
  const value: unknown = node.evaluate({ a: point[0], b: point[1], c: point[2] });
  return Number(value);
}

/** Closed forms of order 10, evaluated in another order. */
const expectNear = (actual: number, wanted: number): void =>
  expect(Math.abs(actual - wanted)).toBeLessThan(1e-13);

describe('problemOf', () => {
  const problem = problemOf(traced, 3);

  test('value and gradient, as mathjs differentiates', () => {
    const gradient = new Float64Array(3);
    expectNear(problem.valueAndGradient(point, gradient), exact());
    expectNear(problem.value(point), exact());
    gradient.forEach((g, i) => expectNear(g, exact(i)));
  });

  test('Hessian, its products, and the third derivative', () => {
    const hessian = new Float64Array(9);
    const third = new Float64Array(27);
    const product = new Float64Array(3);
    problem.hessian(point, hessian);
    problem.thirdDerivative(point, third);
    const v = Float64Array.of(0.3, 2, -1);
    problem.hessianVector(point, v, product);
    for (let i = 0; i < 3; i++) {
      let along = 0;
      for (let j = 0; j < 3; j++) {
        expectNear(hessian[3 * i + j], exact(i, j));
        along += exact(i, j) * v[j];
        for (let k = 0; k < 3; k++) expectNear(third[9 * i + 3 * j + k], exact(i, j, k));
      }
      expectNear(product[i], along);
    }
  });

  test('leaves its arguments alone', () => {
    const x = point.slice();
    problem.valueAndGradient(x, new Float64Array(3));
    problem.hessian(x, new Float64Array(9));
    expect(x).toEqual(point);
  });

  test('refuses what is no function of n numbers to one', () => {
    expect(() => problemOf(traced, 0)).toThrow('problemOf: dimension 0 is not a positive integer');
    expect(() => problemOf(traced, 1.5)).toThrow('dimension 1.5');
    expect(() => problemOf((x) => x, 3)).toThrow('reshape');
  });
});

describe('leastSquaresOf', () => {
  // r = (x₀² − x₁, 3x₁, x₀x₁): J by hand.
  const residuals = (x: Tensor): Tensor => {
    const [a, b] = [at(x, 0), at(x, 1)];
    return stack([a.square().sub(b), b.mul(3), a.mul(b)]);
  };
  const problem = leastSquaresOf(residuals, 2);
  const x = Float64Array.of(1.5, -2);

  test('residuals, Jacobian, and f = Σr² with its gradient 2Jᵀr', () => {
    const r = new Float64Array(3);
    const jacobian = new Float64Array(6);
    const gradient = new Float64Array(2);
    problem.residuals.evaluate(x, r);
    problem.residuals.jacobian(x, jacobian);
    expect([...r]).toEqual([4.25, -6, -3]);
    expect([...jacobian]).toEqual([3, -1, 0, 3, -2, 1.5]);
    expectNear(problem.valueAndGradient(x, gradient), 4.25 ** 2 + 36 + 9);
    expectNear(gradient[0], 2 * (3 * 4.25 + 6));
    expectNear(gradient[1], 2 * (-4.25 - 18 - 4.5));
    expect(problem.residuals.count).toBe(3);
  });

  test('refuses what gives no vector', () => {
    expect(() => leastSquaresOf((x) => sum(x), 2)).toThrow(
      'leastSquaresOf: the function gave shape []; it must give a vector of residuals',
    );
  });
});

test('counted counts what is evaluated', () => {
  const { problem, evaluations } = counted(problemOf(traced, 3));
  const [g, h, t] = [new Float64Array(3), new Float64Array(9), new Float64Array(27)];
  problem.value(point);
  problem.valueAndGradient(point, g);
  problem.valueAndGradient(point, g);
  problem.hessian?.(point, h);
  problem.hessianVector?.(point, point, g);
  problem.thirdDerivative?.(point, t);
  expect(evaluations).toEqual({
    values: 3,
    gradients: 2,
    hessians: 1,
    hessianVectors: 1,
    thirdDerivatives: 1,
  });
  expect(problem.residuals).toBeUndefined();
});
