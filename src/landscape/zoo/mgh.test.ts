import { describe, expect, test } from 'vitest';
import { readGolden } from '../../../test/support/golden.js';
import { compile } from '../../compile/index.js';
import type { Tensor } from '../../graph/index.js';
import { float64 } from '../../ops/index.js';
import { valueAndGrad } from '../../transform/index.js';
import { findProblem, leastSquaresProblems, problemResiduals, type LeastSquaresProblem } from './index.js';

interface Golden {
  readonly problems: readonly {
    readonly number: number;
    readonly n: number;
    readonly m: number;
    readonly start: number[];
    readonly published: number[];
    readonly value: number;
    readonly gradient: number[];
    readonly probe: { x: number[]; value: number; gradient: number[] };
  }[];
}

/** Sums of squares and their gradients by JAX, from residuals that were written apart from ours. */
const golden = (readGolden('mgh.json') as Golden).problems;

function sumOfSquares(problem: LeastSquaresProblem) {
  const { evaluate } = problemResiduals(problem);
  const program = compile(
    valueAndGrad((x: Tensor) => evaluate(x).square().sum()),
    [float64(problem.n)],
  );
  return (point: readonly number[]) => {
    const { value, gradient } = program.run([...point]);
    return { value: value.data[0], gradient: Array.from(gradient.data) };
  };
}

const cases = golden.map((wanted): [string, LeastSquaresProblem, Golden['problems'][number]] => {
  const problem = findProblem(wanted.number, { n: wanted.n });
  return [`${wanted.number} ${problem.title}, n = ${wanted.n}`, problem, wanted];
});

test('all 35 are there', () => {
  expect(leastSquaresProblems().map(({ number }) => number)).toEqual(
    Array.from({ length: 35 }, (_, i) => i + 1),
  );
  expect(new Set(golden.map(({ number }) => number)).size).toBe(35);
});

describe.each(cases)('%s', (_, problem, wanted) => {
  test('has the sizes, start and minima of the paper', () => {
    const { n, m, start, optima } = problem;
    expect([n, m]).toEqual([wanted.n, wanted.m]);
    start.forEach((x, i) => expect(x).toBeCloseTo(wanted.start[i], 15));
    // Where the paper has a second minimum, it is among ours too.
    for (const value of wanted.published) {
      expect(optima.some((optimum) => Math.abs(optimum.value - value) <= 1e-12 * Math.abs(value))).toBe(true);
    }
    const { count, variables } = problemResiduals(problem);
    expect([count, variables.length]).toEqual([m, n]);
  });

  test('has the value and gradient that JAX has, at the start and beside it', () => {
    const at = sumOfSquares(problem);
    for (const { x, value, gradient } of [{ ...wanted, x: wanted.start }, wanted.probe]) {
      const actual = at(x);
      // Two orders of summation over terms of either sign: 1e-12 of the largest part.
      expect(Math.abs(actual.value - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value));
      const scale = Math.max(...gradient.map(Math.abs));
      gradient.forEach((g, i) => expect(Math.abs(actual.gradient[i] - g)).toBeLessThanOrEqual(1e-11 * scale));
    }
  });

  test('has residuals that their plain twin has', () => {
    const { evaluate, values } = problemResiduals(problem);
    const program = compile(evaluate, [float64(problem.n)]);
    const wantedValues = values(wanted.probe.x);
    const actual = Array.from(program.run(wanted.probe.x).data);
    expect(actual).toHaveLength(wantedValues.length);
    const scale = Math.max(...wantedValues.map(Math.abs));
    wantedValues.forEach((r, i) => expect(Math.abs(actual[i] - r)).toBeLessThanOrEqual(1e-13 * scale));
  });

  test('has its minima where they are said to be', () => {
    const at = sumOfSquares(problem);
    const start = at(problem.start);
    for (const { value, point } of problem.optima) {
      if (point === undefined) continue;
      const actual = at(point);
      // The published values have six digits, the last not rounded alike everywhere.
      expect(Math.abs(actual.value - value)).toBeLessThanOrEqual(1e-5 * value + 1e-24);
      const steepest = Math.max(...start.gradient.map(Math.abs));
      expect(Math.max(...actual.gradient.map(Math.abs))).toBeLessThanOrEqual(1e-9 * Math.max(1, steepest));
    }
  });
});

describe('sizes', () => {
  test('large ones are computed as vectors', () => {
    const problem = findProblem('broyden-tridiagonal', { n: 10_000 });
    const { evaluate, count } = problemResiduals(problem);
    const result = compile(evaluate, [float64(10_000)]).run([...problem.start]).data;
    // At x = −1: −5 − (−1) − 2(−1) + 1, at the first without the neighbour before, at the last without the one after.
    expect([count, result[0], result[1], result[5000], result[9999]]).toEqual([10_000, -2, -1, -1, -3]);
  });

  test.each<[number | string, { n?: number; m?: number }, string]>([
    [36, {}, 'problem 36 does not exist; they are numbered from 1 to 35'],
    ['helicalvaley', {}, 'unknown problem "helicalvaley"; did you mean "helical-valley"?'],
    ['wood', { n: 5 }, 'wood: n is 5; it must be 4'],
    ['bard', { m: 14 }, 'bard: m is 14; it must be 15'],
    ['extended-rosenbrock', { n: 5 }, 'n is 5; it must be a multiple of 2 from 2 to 100000'],
    ['linear-rank-1', { n: 5, m: 4 }, 'linear-rank-1: m is 4; it must be a whole number from 5'],
  ])('%s %o is refused', (which, size, message) => {
    expect(() => findProblem(which, size)).toThrow(message);
  });
});
