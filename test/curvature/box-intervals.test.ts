import { expect, test } from 'vitest';
import { rules } from '../../src/curvature/interval/rules.js';
import { Registers } from '../../src/curvature/interval/registers.js';
import { down, up } from '../../src/curvature/interval/rounding.js';
import { readGolden } from '../support/golden.js';

const { functions } = readGolden('intervals.json') as {
  functions: Record<string, number[][]>;
};

function enclose(name: string, operands: readonly (readonly [number, number])[]): [number, number, number] {
  const r = new Registers(operands.length + 1);
  operands.forEach(([lo, hi], at) => r.set(at, lo, hi, 0));
  const rule = rules.get(name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  rule(r, operands.length, 0, 1, 2);
  return [r.lo[operands.length], r.hi[operands.length], r.flags[operands.length]];
}

const bits = new DataView(new ArrayBuffer(8));

/** The double after a positive one. */
function next(x: number): number {
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) + 1n);
  return bits.getFloat64(0);
}

test('down and up pass the neighbouring doubles by no more than one', () => {
  for (const x of [
    5e-324,
    1e-310,
    2.2250738585072014e-308,
    1e-300,
    0.1,
    0.5,
    1,
    1.5,
    2,
    Math.PI,
    1e22,
    1e300,
  ]) {
    expect(up(x)).toBeGreaterThanOrEqual(next(x));
    expect(up(x)).toBeLessThanOrEqual(next(next(x)));
    expect(down(next(x))).toBeLessThanOrEqual(x);
    expect(down(-x)).toBe(-up(x));
  }
  expect(down(Infinity)).toBe(Number.MAX_VALUE);
  expect(up(Infinity)).toBe(Infinity);
  expect(up(Number.MAX_VALUE)).toBe(Infinity);
});

// The two doubles around the true value, from sixty digits: a value between them lies within the bounds if both do.
test.each(Object.keys(functions))('%s encloses its true values at points, and not widely', (name) => {
  for (const row of functions[name]) {
    const operands = row.slice(0, -2);
    const [below, above] = row.slice(-2);
    const [lo, hi, flags] = enclose(
      name,
      operands.map((x) => [x, x]),
    );
    expect(flags).toBe(0);
    expect(lo).toBeLessThanOrEqual(below);
    expect(hi).toBeGreaterThanOrEqual(above);
    // 17 units for the functions that are made of several others, on either side, and one for each rounding.
    const unit = Math.max(Math.abs(below) * Number.EPSILON, Number.MIN_VALUE);
    expect(hi - lo).toBeLessThanOrEqual(40 * unit);
  }
});

test.each(Object.keys(functions).filter((name) => functions[name][0].length === 3))(
  '%s encloses true values over intervals from one point to another',
  (name) => {
    const rows = [...functions[name]].sort(([a], [b]) => a - b);
    for (let from = 0; from < rows.length; from += 3) {
      for (const to of [from + 1, from + 4, from + 20].filter((index) => index < rows.length)) {
        const [lo, hi] = enclose(name, [[rows[from][0], rows[to][0]]]);
        for (const [, below, above] of rows.slice(from, to + 1)) {
          expect(lo).toBeLessThanOrEqual(below);
          expect(hi).toBeGreaterThanOrEqual(above);
        }
      }
    }
  },
);

test('periodic functions reach their extremes where the interval does', () => {
  expect(enclose('sin', [[0, 2]])[1]).toBe(1);
  expect(enclose('sin', [[0, 1.5]])[1]).toBeLessThan(1);
  expect(enclose('sin', [[4, 5]])[0]).toBe(-1);
  expect(enclose('cos', [[-0.1, 0.1]])[1]).toBe(1);
  expect(enclose('cos', [[3, 3.2]])[0]).toBe(-1);
  expect(enclose('cos', [[-100, 100]]).slice(0, 2)).toEqual([-1, 1]);
  expect(enclose('sin', [[1e15, 1e15]]).slice(0, 2)).toEqual([-1, 1]);
  expect(enclose('sin', [[0, 0]])).toEqual([0, 0, 0]);
});

test('what lies outside of a domain, or at a pole, is flagged', () => {
  const [pole, edge, empty, kink] = [1, 2, 4, 8];
  expect(enclose('reciprocal', [[-1, 2]])).toEqual([-Infinity, Infinity, pole]);
  const [lo, hi, flags] = enclose('reciprocal', [[0, 2]]);
  expect(lo).toBeLessThanOrEqual(0.5);
  expect([hi, flags]).toEqual([Infinity, pole]);
  expect(enclose('reciprocal', [[0, 0]])[2]).toBe(pole | empty);
  expect(enclose('sqrt', [[-1, 4]])[2]).toBe(edge);
  expect(enclose('sqrt', [[-2, -1]])[2]).toBe(empty);
  expect(enclose('log', [[-1, 4]])[2]).toBe(edge | pole);
  expect(enclose('log', [[-1, 0]])[2]).toBe(empty);
  expect(enclose('asin', [[0.5, 1.5]])[2]).toBe(edge);
  expect(enclose('tan', [[1, 2]])[2]).toBe(pole);
  expect(
    enclose('pow', [
      [-1, 1],
      [0.5, 0.5],
    ])[2],
  ).toBe(edge);
  expect(
    enclose('pow', [
      [-2, -1],
      [0.5, 0.5],
    ])[2],
  ).toBe(empty);
  expect(
    enclose('pow', [
      [-2, 3],
      [-2, -2],
    ]),
  ).toEqual([0, Infinity, pole]);
  expect(enclose('sign', [[-1, 1]])).toEqual([-1, 1, kink]);
  expect(enclose('floor', [[0.5, 1.5]])).toEqual([0, 1, kink]);
  expect(
    enclose('less', [
      [0, 1],
      [2, 3],
    ]),
  ).toEqual([1, 1, 0]);
  expect(
    enclose('less', [
      [0, 2],
      [1, 3],
    ]),
  ).toEqual([0, 1, kink]);
  // The branch that is not taken says nothing, whatever it is.
  const r = new Registers(4);
  r.set(0, 1, 1, 0);
  r.set(1, 2, 3, 0);
  r.setEmpty(2, 0);
  rules.get('where')?.(r, 3, 0, 1, 2);
  expect([r.lo[3], r.hi[3], r.flags[3]]).toEqual([2, 3, 0]);
});

test('products keep zero times an unbounded end at zero, and even powers above it', () => {
  expect(
    enclose('mul', [
      [0, 0],
      [-Infinity, Infinity],
    ]).slice(0, 2),
  ).toEqual([0, 0]);
  const r = new Registers(2);
  r.set(0, -2, 1, 0);
  rules.get('power')?.(r, 1, 0, 2, 0);
  expect(r.lo[1]).toBe(0);
  expect(r.hi[1]).toBeGreaterThanOrEqual(4);
  rules.get('power')?.(r, 1, 0, 3, 0);
  expect(r.lo[1]).toBeLessThanOrEqual(-8);
  expect(r.hi[1]).toBeGreaterThanOrEqual(1);
  expect(r.hi[1]).toBeLessThan(1 + 1e-14);
});
