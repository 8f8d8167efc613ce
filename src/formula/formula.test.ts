import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expressions } from '../../test/formula/expressions.js';
import { compile } from '../compile/index.js';
import { print as printGraph, ScreeError, type Tensor } from '../graph/index.js';
import { float32, float64, trace } from '../ops/index.js';
import { grad, hessian, simplify, vmap } from '../transform/index.js';
import { bind } from './bind.js';
import { Emitter } from './emit.js';
import { evaluate, type Values } from './evaluate.js';
import { formula } from './formula.js';
import { functions } from './functions.js';

/** Value, gradient and Hessian of a formula on the JavaScript target. */
function derivatives(text: string, point: readonly number[], parameters?: Values) {
  const f = formula(text, { parameters });
  const n = point.length;
  const program = compile(
    (x: Tensor) => ({ value: f.evaluate(x), gradient: grad(f.evaluate)(x), hessian: hessian(f.evaluate)(x) }),
    [float64(n)],
  );
  const { value, gradient, hessian: second } = program.run([...point]);
  return { f, value: value.data[0], gradient: Array.from(gradient.data), hessian: Array.from(second.data) };
}

/** Central differences of the plain evaluator. */
function differences(f: (point: number[]) => number, point: readonly number[], step: number): number[] {
  return point.map((_, i) => {
    const moved = (by: number) => f(point.map((x, j) => (i === j ? x + by : x)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

function expectAllClose(
  actual: readonly number[],
  wanted: readonly number[],
  rtol: number,
  atol: number,
): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((x, i) => {
    expect(Math.abs(x - wanted[i]), `${x} against ${wanted[i]}`).toBeLessThanOrEqual(
      atol + rtol * Math.abs(wanted[i]),
    );
  });
}

describe('formula', () => {
  test('x² − xy: value, gradient, Hessian', () => {
    const { f, value, gradient, hessian } = derivatives('x^2 - x*y', [3, 0.5]);
    expect(f.variables).toEqual(['x', 'y']);
    expect({ value, gradient, hessian }).toEqual({
      value: 7.5,
      gradient: [5.5, -3],
      hessian: [2, -1, -1, 0],
    });
  });

  test('is as short a graph as one written by hand', () => {
    const f = formula('x^2 - x*y');
    const graph = simplify(trace((x: Tensor, y: Tensor) => f.evaluate({ x, y }), [float64(), float64()]));
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "(%0: float64[], %1: float64[]) → %4
        %2: float64[] = mul %0 %0
        %3: float64[] = mul %0 %1
        %4: float64[] = sub %2 %3"
    `);
  });

  test('parameters, lists of data, other element types', () => {
    const parameters = { y: [1, 3, 7], t: [0, 1, 2], a: 2 };
    const f = formula('sum((y[i] - a*exp(b*t[i]))^2, i, 1, 3)', { parameters });
    expect(f.variables).toEqual(['b']);
    const wanted = 1 + (3 - 2 * Math.exp(0.5)) ** 2 + (7 - 2 * Math.E) ** 2;
    expect(f.value([0.5])).toBeCloseTo(wanted, 12);
    const program = compile((b: Tensor) => f.evaluate({ b }), [float32()]);
    const result = program.run(0.5);
    expect(result.dtype).toBe('float32');
    expect(Math.abs(result.data[0] - wanted)).toBeLessThan(1e-5);
  });

  test('without variables', () => {
    const f = formula('2*pi');
    expect(compile(() => f.evaluate({}), []).run().data).toEqual(Float64Array.of(2 * Math.PI));
  });

  test('can be mapped over a batch', () => {
    const f = formula('sum(x[i]^2, i, 1, 3) - x[1]*x[2]');
    const program = compile((points: Tensor) => vmap(f.evaluate)(points), [float64(2, 3)]);
    expect(
      Array.from(
        program.run([
          [1, 2, 3],
          [0, 1, 0],
        ]).data,
      ),
    ).toEqual([12, 1]);
  });

  test.each<[string, (x: Tensor) => Tensor, string]>([
    ['a vector of the wrong length', (x) => formula('x + y').evaluate(x), 'they must have shape [2]'],
    ['a missing variable', (x) => formula('x + y').evaluate({ x: x.sum() }), 'the variable y is missing'],
    [
      'a vector for a number',
      (x) => formula('x').evaluate({ x }),
      'x is Tensor float64[3]; it must have shape []',
    ],
  ])('%s is refused', (_, f, message) => {
    expect(() => trace(f, [float64(3)])).toThrow(message);
  });

  test('a point of the wrong length is refused', () => {
    expect(() => formula('x + y').value([1])).toThrow(ScreeError);
  });
});

describe('the traced formula is its plain twin', () => {
  const unary = Object.keys(functions).filter((name) => functions[name].least === 1);

  test('for random formulas', () => {
    let finite = 0;
    const trees = expressions({ unary, binary: ['atan2', 'min', 'max', 'hypot'], lists: false });
    const number = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(trees, fc.record({ x: number, y: number, z2: number }), (root, point) => {
        const binding = bind([{ text: '', root }], {}, ['x', 'y', 'z2']);
        const program = compile(
          (x: Tensor, y: Tensor, z2: Tensor) =>
            new Emitter(binding, '', new Map(Object.entries({ x, y, z2 })), 'float64').scalar(root),
          [float64(), float64(), float64()],
        );
        const actual = program.run(point.x, point.y, point.z2).data[0];
        const wanted = evaluate(root, point);
        if (!Number.isFinite(wanted) || !Number.isFinite(actual)) return;
        finite++;
        // Powers are products and logarithms to other bases quotients there: a few roundings each.
        expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(1e-12 * Math.abs(wanted) + 1e-13);
      }),
      { numRuns: 1500, seed: 1 },
    );
    expect(finite).toBeGreaterThan(700);
  });

  test.each<[string, Values, number]>([
    ['sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2, i, 1, n-1)', { n: 5 }, 5],
    ['sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2, i, 1, n-1)', { n: 40 }, 40],
    ['sum(100*(x[2*i]-x[2*i-1]^2)^2+(1-x[2*i-1])^2, i, 1, n/2)', { n: 40 }, 40],
    ['sum(x[n+1-i]*x[i]/i, i, 1, n)', { n: 30 }, 30],
    ['sum(x[i], i, 1, n) + prod(cos(x[i]/sqrt(i)), i, 1, n)', { n: 29 }, 29],
    ['prod(1 + x[i]^2/10, i, 1, 3)*prod(x[1], i, 1, 20)', {}, 3],
    ['sum(x[1] + a, i, 1, 100)', { a: 2 }, 1],
    ['sum(sum((x[i] - x[j])^2/(i + j), j, 1, 15), i, 1, 20)', {}, 20],
    ['sum(x[i]*sum(x[i]*j + x[j]*i, j, 1, 15), i, 1, 20)', {}, 20],
    ['sum(x[i]^2*sum(j*x[2], j, 1, 15), i, 1, 20)', {}, 20],
    ['sum(sum(x[j], j, 1, i)^2, i, 1, 20)', {}, 20],
    ['sum(sum(x[i + j], j, 1, 14)^2, i, 1, 16)', {}, 30],
    ['sum(x[i^2], i, 1, 5)*sum(x[1 + floor(i/2)], i, 1, 30)', {}, 25],
    ['sum((if(i > 1, x[i-1], 0) - 2*x[i] + if(i < n, x[i+1], 1))^2, i, 1, n)', { n: 30 }, 30],
    ['sum(if(i == 7 or i == 9, x[i], x[1]*i), i, 1, n)', { n: 30 }, 9],
    ['sum(if(x[i] > 0 and i > 15, x[i]^3, sin(x[i])), i, 1, n)', { n: 30 }, 30],
    ['sum(if(x[1] > i/10, x[2], i), i, 1, n)', { n: 30 }, 2],
    ['sum(x[1]^i/prod(k, k, 1, i), i, 0, 20)', {}, 1],
    [
      'sum(a[i]*x[1]^2*sum(a[j] + x[2], j, 1, 13), i, 1, 13)',
      { a: Array.from({ length: 13 }, (_, i) => i / 7) },
      2,
    ],
    ['sum(if(i > 5, if(x[i] > 0, log(x[i]), x[i]^2), 1/(1 + x[i]^2)), i, 1, 20)', {}, 20],
    ['sum(x[i], i, 5, 4) + prod(x[i], i, 5, 4) + x[1]', {}, 1],
    ['(x*sin(y)/y)^2 + sin(x)/x', {}, 2],
  ])('%s, with its gradient', (text, parameters, n) => {
    const point = Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1) + 0.2);
    const { f, value, gradient } = derivatives(text, point, parameters);
    expect(f.variables).toHaveLength(n);
    const wanted = f.value(point);
    expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-12 * Math.abs(wanted));
    // Central differences with step 1e-6: the cut term is about 1e-12 f‴, the rounding 1e-10 f.
    const scale = Math.max(1, Math.abs(wanted));
    expectAllClose(gradient, differences(f.value, point, 1e-6), 1e-6, 1e-8 * scale);
  });
});

describe('large sums', () => {
  const rosenbrock = 'sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2, i, 1, n-1)';

  test('Rosenbrock in 10,000 variables is a dozen nodes', () => {
    const f = formula(rosenbrock, { parameters: { n: 10_000 } });
    expect(printGraph(simplify(trace(f.evaluate, [float64(10_000)])))).toMatchInlineSnapshot(`
      "(%0: float64[10000]) → %10
        %1: float64[9999] = slice %0 {starts=[1] ends=[10000] steps=[1]}
        %2: float64[9999] = slice %0 {starts=[0] ends=[9999] steps=[1]}
        %3: float64[9999] = mul %2 %2
        %4: float64[9999] = sub %1 %3
        %5: float64[9999] = mul %4 %4
        %6: float64[9999] = mul 100 %5
        %7: float64[9999] = sub 1 %2
        %8: float64[9999] = mul %7 %7
        %9: float64[9999] = add %6 %8
        %10: float64[] = sum %9 {axes=[0] keepDims=false}"
    `);
  });

  test('and has the gradient of the closed form', () => {
    const n = 10_000;
    const f = formula(rosenbrock, { parameters: { n } });
    const x = Array.from({ length: n }, (_, i) => Math.cos(i));
    const gradient = compile(grad(f.evaluate), [float64(n)]).run(x).data;
    const wanted = x.map((_, i) => {
      const left = i > 0 ? 200 * (x[i] - x[i - 1] ** 2) : 0;
      return left + (i < n - 1 ? -400 * x[i] * (x[i + 1] - x[i] ** 2) - 2 * (1 - x[i]) : 0);
    });
    expectAllClose(Array.from(gradient), wanted, 1e-12, 1e-12);
  });

  test('what would make too many operations is refused', () => {
    const f = formula('sum(x[1 + floor(sqrt(i))], i, 1, 120000)');
    expect(() => trace(f.evaluate, [float64(347)])).toThrow('the formula makes more than 200,000 operations');
  });
});

describe('derivatives where formulas are delicate', () => {
  test.each<[string, number[], number[], number[]]>([
    ['if(x > 0, sqrt(x), x^2)', [-1], [-2], [2]],
    ['if(x > 0, x*log(x), 0)', [-1], [0], [0]],
    ['if(x != 0, 1/x, x)', [0], [1], [0]],
    ['if(x > 1, acosh(x), asin(x/2))', [0], [0.5], [0]],
    ['if(abs(x) < 1, 1, exp(1000*x))', [0.9], [0], [0]],
    ['if(x < 0, if(x > -1, log(x + 1), atan2(x, x + 2)), x^1.5)', [4], [3], [0.375]],
    ['x^3', [0], [0], [0]],
    ['x^7 + y^5*x', [0, 0], [0, 0], [0, 0, 0, 0]],
    ['sum(x^k, k, 0, 20)', [0], [1], [2]],
    ['x^-2', [2], [-0.25], [0.375]],
    ['sin(x)/x', [0], [0], [-1 / 3]],
    ['sin(2*x)/(2*x)', [0], [0], [-4 / 3]],
    [
      'cos(x)/x*sin(y)/y',
      [Math.PI, 0],
      [1 / Math.PI ** 2, 0],
      [1 / Math.PI - 2 / Math.PI ** 3, 0, 0, 1 / (3 * Math.PI)],
    ],
    ['2^x', [0], [Math.LN2], [Math.LN2 ** 2]],
    ['max(x, 0)', [-1], [0], [0]],
    ['hypot(x, y)', [3, 4], [0.6, 0.8], [0.128, -0.096, -0.096, 0.072]],
  ])('%s at %o', (text, point, gradient, hessian) => {
    const actual = derivatives(text, point);
    expectAllClose(actual.gradient, gradient, 1e-14, 1e-14);
    expectAllClose(actual.hessian, hessian, 1e-14, 1e-14);
  });

  test('sin(x)/x near 0 keeps its digits', () => {
    for (const x of [1e-9, 1e-3, 0.5, 0.999999, 1, 1.000001, 3]) {
      const { value, gradient } = derivatives('sin(x)/x', [x]);
      // Taylor series of the derivative, −x/3 + x³/30 − …, which converges fast for these x.
      let [term, wanted] = [-x / 3, 0];
      for (let k = 1; Math.abs(term) > 1e-20; k++) {
        wanted += term;
        term *= ((-x * x) / ((2 * k + 2) * (2 * k + 3))) * ((k + 1) / k);
      }
      expectAllClose([value, ...gradient], [Math.sin(x) / x, wanted], 1e-14, 1e-17);
    }
  });
});
