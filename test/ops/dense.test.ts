import { expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import { Generator, uniform } from '../../src/random/index.js';
import { grad } from '../../src/transform/index.js';

const draw = (...shape: number[]) =>
  uniform(new Generator(9).fork(shape.join()), shape, { low: -1, high: 1, dtype: 'float64' });
const run = (f: (a: Tensor) => Tensor, a: NDArray): number[] => Array.from(compile(f, [a]).run(a).data);

/** Zeros to within the roundings of matrices of this order with entries and condition numbers below a thousand. */
function expectZeros(values: readonly number[]): void {
  values.forEach((value) => expect(Math.abs(value)).toBeLessThan(1e-11));
}

test.each([1, 2, 7, 20])('definitions hold for matrices of order %i', (n) => {
  const a = draw(3, n, n);
  const identity = () => ops.eye(n, n, 'float64');
  expectZeros(run((x) => x.matmul(ops.inverse(x)).sub(identity()), a));
  expectZeros(run((x) => ops.solve(x, x).sub(identity()), a));
  const positive = (x: Tensor) => x.matmul(x.swapLast()).add(identity());
  expectZeros(
    run((x) => {
      const lower = ops.cholesky(positive(x));
      return lower.matmul(lower.swapLast()).sub(positive(x)).add(ops.triu(lower, 1));
    }, a),
  );
  expectZeros(
    run((x) => {
      const { values, vectors } = ops.eigh(positive(x));
      return positive(x)
        .matmul(vectors)
        .sub(vectors.mul(values.reshape([3, 1, n])));
    }, a),
  );
  expectZeros(
    run((x) => ops.slogdet(positive(x)).logAbs.sub(ops.eigh(positive(x)).values.log().sum({ axes: 1 })), a),
  );
});

test('matrices of order 0', () => {
  const none = ndarray(new Float64Array(0), [2, 0, 0]);
  expect(run(ops.determinant, none)).toEqual([1, 1]);
  expect(run(ops.inverse, none)).toEqual([]);
  expect(run(ops.cholesky, none)).toEqual([]);
  expect(run((a) => ops.eigh(a).values, none)).toEqual([]);
});

test('in float32 the work is done in float64', () => {
  const a = ndarray(draw(4, 4).data, [4, 4], 'float32');
  const [single, double] = [a, ndarray(a.data, [4, 4], 'float64')].map((x) => run(ops.inverse, x));
  expect(single).toEqual(double.map(Math.fround));
});

test('an equal eigenvalue leaves the derivative of its trace as it is', () => {
  const a = ndarray(Float64Array.of(2, 0, 0, 0, 2, 0, 0, 0, 2), [3, 3]);
  const sumOfCubes = (x: Tensor) => ops.eigh(x).values.pow(3).sum();
  // d tr(A³) = 3·A² for a symmetric matrix.
  expect(run(grad(sumOfCubes), a)).toEqual([12, 0, 0, 0, 12, 0, 0, 0, 12]);
});

test.each<[string, (a: Tensor) => Tensor, number[], string]>([
  ['solve', (a) => ops.solve(a, a), [1, 2, 2, 4], 'solve: matrix 0 of [2,2] is singular'],
  ['inverse', ops.inverse, [0, 0, 0, 0], 'solve: matrix 0 of [2,2] is singular'],
  ['cholesky', ops.cholesky, [1, 2, 2, 1], 'cholesky: matrix 0 of [2,2] is not positive definite'],
  ['cholesky of NaN', ops.cholesky, [NaN, 0, 0, 1], 'cholesky: matrix 0 of [2,2] is not positive definite'],
  ['eigh of infinity', (a) => ops.eigh(a).values, [Infinity, 0, 0, 1], 'must be finite'],
])('%s says while running which matrix it cannot take', (_name, f, data, message) => {
  const a = ndarray(Float64Array.from(data), [2, 2]);
  const program = compile(f, [a]);
  expect(() => program.run(a)).toThrow(message);
});

test('a determinant of 0, NaN and what has no inverse', () => {
  const singular = ndarray(Float64Array.of(1, 2, 2, 4), [2, 2]);
  expect(run(ops.determinant, singular)).toEqual([0]);
  expect(run(ops.determinant, ndarray(Float64Array.of(1, NaN, 2, 4), [2, 2]))).toEqual([NaN]);
  expect(() => run(grad(ops.determinant), singular)).toThrow(/singular/);
});

test('shapes that do not fit, and the target that lacks the op', async () => {
  const traced = (f: (a: Tensor) => Tensor) => () => ops.trace(f, [ops.float64(2, 3)]);
  expect(traced(ops.inverse)).toThrow(
    'inverse: float64[2,3] must be square matrices of floating-point numbers',
  );
  expect(traced((a) => ops.solve(a.matmul(a.swapLast()), a.swapLast()))).toThrow(
    'solve: the right-hand side [3,2] of [2,2] needs 2 rows',
  );
  await expect(async () =>
    compile(ops.inverse, [ops.float64(2, 2)], { target: 'onnx', threads: 1 }),
  ).rejects.toThrow(/solve: ONNX Runtime has neither the op nor its parts/);
});
