import { describe, expect, test } from 'vitest';
import { readGolden } from '../../test/support/golden.js';
import { compile } from '../compile/index.js';
import { formula } from '../formula/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64, softmax, toTensor } from '../ops/index.js';
import { fourthDerivative, thirdDerivative } from './forms.js';
import { jet } from './jet.js';

interface Golden {
  one: Record<string, { at: number; coefficients: number[] }>;
  several: Record<string, { at: number[]; order: number; terms: Record<string, number> }>;
}
const golden = readGolden('taylor.json') as Golden;

const jetOf = (text: string) => {
  const { evaluate } = formula(text);
  return jet((x: Tensor) => evaluate(x));
};
const axes = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j)));

describe('against mpmath and sympy', () => {
  // Each coefficient within its own bound, and the bound within 1e-11 of the largest: it must not be an empty promise.
  test.each(Object.entries(golden.one))('%s to order 12', (text, { at, coefficients: expected }) => {
    const { coefficients, errors, kink } = jetOf(text)([at], [[1]], { order: 12 });
    expect(kink).toBeUndefined();
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((value, k) => {
      expect(Math.abs(coefficients[k] - value)).toBeLessThanOrEqual(
        errors[k] + Number.EPSILON * Math.abs(value),
      );
      expect(errors[k]).toBeLessThan(1e-11 * largest);
    });
  });

  test.each(Object.entries(golden.several))('%s', (text, { at, order, terms }) => {
    const { coefficients, errors, exponents } = jetOf(text)(at, axes(at.length), { order });
    exponents.forEach((powers, m) => {
      const value = terms[powers.join()] ?? 0;
      expect(Math.abs(coefficients[m] - value)).toBeLessThanOrEqual(errors[m] + 1e-15);
      expect(errors[m]).toBeLessThan(1e-12);
    });
  });
});

describe('jet', () => {
  test('a polynomial is its own series, in four variables to order 8', () => {
    const { coefficients, exponents } = jetOf('a^3*b^2*c*d^2 + 2*a - d^8')([0, 0, 0, 0], axes(4), {
      order: 8,
    });
    const found = exponents.flatMap((powers, m) =>
      coefficients[m] === 0 ? [] : [`${powers.join('')}: ${coefficients[m]}`],
    );
    expect(found).toEqual(['1000: 2', '3212: 1', '0008: -1']);
  });

  test('along a direction it is the series of the restriction', () => {
    const [u, v] = [0.6, -0.8];
    const along = jetOf('exp(x*y) + x/(2 + y)')([0.3, 0.1], [[u, v]], { order: 10 });
    const restricted = jetOf('exp((0.3 + 0.6*t)*(0.1 - 0.8*t)) + (0.3 + 0.6*t)/(2.1 - 0.8*t)')([0], [[1]], {
      order: 10,
    });
    along.coefficients.forEach((value, k) => expect(value).toBeCloseTo(restricted.coefficients[k], 13));
  });

  test('vectors, sums, products of matrices and composite ops', () => {
    const matrix = ndarray(Float64Array.of(1, 2, 3, 4), [2, 2]);
    const f = (x: Tensor) =>
      softmax(
        toTensor('test', matrix)
          .matmul(x.reshape([2, 1]))
          .reshape([2]),
      )
        .slice([0], [1])
        .sum();
    // softmax's first entry is σ of the difference of the operands: −2(u + v).
    const { coefficients } = jet(f)([0, 0], [[1, 0]], { order: 5 });
    const sigmoid = jetOf('sigmoid(-2*x)')([0], [[1]], { order: 5 });
    sigmoid.coefficients.forEach((value, k) => expect(coefficients[k]).toBeCloseTo(value, 14));
    const many = jetOf('sum(x[i]^2, i, 1, 20) + prod(x[i], i, 1, 20)')(
      new Array<number>(20).fill(1),
      [new Array<number>(20).fill(1)],
      { order: 3 },
    );
    expect(Array.from(many.coefficients)).toEqual([21, 60, 210, 1140]);
  });

  test.each([
    ['abs(x) + y', [0, 1], '|x| at 0'],
    ['sqrt(x)*y', [0, 1], '√x at 0'],
    ['x^2.5 + y', [0, 1], 'x^2.5 at 0'],
    ['max(x, y)', [1, 1], 'max where both are 1'],
    ['floor(x) + y', [2, 1], 'floor at 2'],
    ['relu(x) + y', [0, 1], 'relu where both are 0'],
    ['hypot(x, y)', [0, 0], 'hypot at (0, 0)'],
    ['if(x < 0, x^2, y)', [0, 1], 'a condition that changes there'],
    ['asin(x) + y', [1, 1], 'asin at 1'],
  ])('%s says that it is not smooth', (text, at, why) => {
    expect(jetOf(text)(at, axes(2), { order: 3 }).kink).toBe(why);
  });

  test('a condition between equal series is no kink', () => {
    const { kink, coefficients } = jetOf('if(x < 0, x^2, x*x + 0*x) + sin(x)/x')([0], [[1]], { order: 4 });
    expect(kink).toBeUndefined();
    expect(coefficients[2]).toBeCloseTo(1 - 1 / 6, 15);
    expect(jetOf('sin(x)/x')([1], [[1]], { order: 4 }).kink).toBeUndefined();
  });

  test('refuses what it cannot do', () => {
    const f = jetOf('x*y');
    expect(() => f([0, 0], [], { order: 2 })).toThrow('got no direction for a point of 2');
    expect(() => f([0, 0], [[1]], { order: 2 })).toThrow('a direction of 1 numbers');
    expect(() => f([0, 0], [[1, 0]], { order: 1.5 })).toThrow('order is 1.5');
    expect(() =>
      f(
        [0, 0],
        Array.from({ length: 8 }, () => [1, 0]),
        { order: 12 },
      ),
    ).toThrow('more than 20000 terms');
  });
});

test('third and fourth derivative forms are those of the series', () => {
  const { evaluate } = formula('exp(x*y)*sin(x + 2*y) + x^4*y');
  const f = (x: Tensor) => evaluate(x);
  const spec = float64(2);
  const point = ndarray(Float64Array.of(0.3, -0.2), [2]);
  const [u, v, w, z] = [
    [1, 0.5],
    [-0.3, 1],
    [0.2, 0.7],
    [1, -1],
  ];
  const array = (numbers: number[]) => ndarray(Float64Array.from(numbers), [2]);
  const third = compile(
    (x: Tensor, a: Tensor, b: Tensor, c: Tensor) => thirdDerivative(f)(x)(a, b, c),
    [spec, spec, spec, spec],
  );
  const fourth = compile(
    (x: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) => fourthDerivative(f)(x)(a, b, c, d),
    [spec, spec, spec, spec, spec],
  );
  // The coefficient of u₁·u₂·…·u_k in the series along k directions is the form of order k.
  const mixed = (directions: number[][]) => {
    const { coefficients, exponents } = jet(f)([0.3, -0.2], directions, { order: directions.length });
    return coefficients[exponents.findIndex((powers) => powers.every((power) => power === 1))];
  };
  expect(third.run(point, array(u), array(v), array(w)).data[0]).toBeCloseTo(mixed([u, v, w]), 11);
  expect(fourth.run(point, array(u), array(v), array(w), array(z)).data[0]).toBeCloseTo(
    mixed([u, v, w, z]),
    11,
  );
});
