import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { tapesOf, type Tape } from '../../src/curvature/interval/tape.js';
import { formula } from '../../src/formula/index.js';
import { ndarray } from '../../src/graph/ndarray.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { float64 } from '../../src/ops/index.js';
import { grad, hessian } from '../../src/transform/index.js';

const names = ['x', 'y'];

/** A formula as a function of its text and of exact numbers. */
interface Polynomial {
  readonly text: string;
  /** The value times 2^(scale·degree) at x·2^scale, y·2^scale, all whole numbers. */
  readonly at: (x: bigint, y: bigint, scale: bigint) => bigint;
  readonly degree: number;
}

/** Random polynomials with whole coefficients, nested as people write them. */
const polynomials = fc.letrec<{ node: Polynomial }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Polynomial>(
      { text: 'x', at: (x) => x, degree: 1 },
      { text: 'y', at: (_x, y) => y, degree: 1 },
    ),
    fc
      .integer({ min: -9, max: 9 })
      .map((value): Polynomial => ({ text: `(${value})`, at: () => BigInt(value), degree: 0 })),
    fc
      .tuple(tie('node'), tie('node'), fc.constantFrom('+', '-', '*'))
      .filter(([a, b]) => a.degree + b.degree <= 12)
      .map(([a, b, operator]): Polynomial => {
        const text = `(${a.text}${operator}${b.text})`;
        if (operator === '*') {
          const at: Polynomial['at'] = (x, y, scale) => a.at(x, y, scale) * b.at(x, y, scale);
          return { text, at, degree: a.degree + b.degree };
        }
        const degree = Math.max(a.degree, b.degree);
        const lifted =
          (of: Polynomial): Polynomial['at'] =>
          (x, y, scale) =>
            of.at(x, y, scale) << (scale * BigInt(degree - of.degree));
        const [left, right] = [lifted(a), lifted(b)];
        const at: Polynomial['at'] = (x, y, scale) =>
          operator === '+' ? left(x, y, scale) + right(x, y, scale) : left(x, y, scale) - right(x, y, scale);
        return { text, at, degree };
      }),
  ),
})).node;

/** A double as a whole number times a power of two; null for infinities. */
function exactly(value: number): { digits: bigint; exponent: bigint } | undefined {
  if (!Number.isFinite(value)) return undefined;
  let [digits, exponent] = [value, 0n];
  while (!Number.isInteger(digits)) {
    digits *= 2;
    exponent -= 1n;
  }
  return { digits: BigInt(digits), exponent };
}

/** −1, 0 or 1: a double against digits·2^(−shift). */
function compareExactly(value: number, digits: bigint, shift: bigint): number {
  const exact = exactly(value);
  if (exact === undefined) return Math.sign(value);
  const difference =
    exact.exponent + shift >= 0n
      ? (exact.digits << (exact.exponent + shift)) - digits
      : exact.digits - (digits << -(exact.exponent + shift));
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

const scale = 12n;
const sides = fc.tuple(fc.integer({ min: -16384, max: 16384 }), fc.nat({ max: 8192 }));

/** The bounds of the whole function: the sum of those of its parts. */
function valueOver(tapes: readonly Tape[], lo: Float64Array, hi: Float64Array): [number, number] {
  let [low, high] = [0, 0];
  for (const tape of tapes) {
    const pick = (of: Float64Array) => Float64Array.from(tape.variables, (axis) => of[axis]);
    tape.evaluate({ lo: pick(lo), hi: pick(hi) }, 0);
    low += tape.registers.lo[tape.value];
    high += tape.registers.hi[tape.value];
  }
  // The sum of the parts is rounded here.
  const slack = tapes.length > 1 ? 4 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high)) : 0;
  return [low - slack, high + slack];
}

test('intervals of polynomials contain their exact values, in whole numbers', () => {
  fc.assert(
    fc.property(
      polynomials,
      sides,
      sides,
      fc.array(fc.tuple(fc.nat(64), fc.nat(64)), { minLength: 4, maxLength: 8 }),
      (polynomial, [x, w], [y, h], inside) => {
        const f = formula(polynomial.text, { variables: names });
        const tapes = tapesOf(f.evaluate, 2);
        const unit = 2 ** Number(scale);
        // Also boxes without width, where only rounding parts the bounds.
        for (const [width, height] of [
          [w, h],
          [0, 0],
        ]) {
          const lo = Float64Array.of(x / unit, y / unit);
          const hi = Float64Array.of((x + width) / unit, (y + height) / unit);
          const [low, high] = valueOver(tapes, lo, hi);
          for (const [a, b] of inside) {
            const [px, py] = [x + Math.floor((width * a) / 64), y + Math.floor((height * b) / 64)];
            const exact = polynomial.at(BigInt(px), BigInt(py), scale);
            const shift = scale * BigInt(polynomial.degree);
            expect(compareExactly(low, exact, shift)).toBeLessThanOrEqual(0);
            expect(compareExactly(high, exact, shift)).toBeGreaterThanOrEqual(0);
          }
        }
      },
    ),
    { numRuns: 500, seed: 20 },
  );
}, 30_000);

/** Random formulas of everything that the language has; most have a domain smaller than the plane. */
const formulas = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('x', 'y', 'x', 'y', '2', '0.3', 'pi'),
    fc
      .tuple(tie('node'), tie('node'), fc.constantFrom('+', '-', '*', '/'))
      .map(([a, b, o]) => `(${a}${o}${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('2', '3', '-1', '-2', '0.5', '1.5', '7'))
      .map(([a, e]) => `(${a})^${e}`),
    fc
      .tuple(
        fc.constantFrom(
          'sin',
          'cos',
          'tan',
          'exp',
          'log',
          'sqrt',
          'abs',
          'tanh',
          'atan',
          'sigmoid',
          'softplus',
          'erf',
          'cosh',
          'sinh',
          'asinh',
          'cbrt',
          'relu',
          'floor',
          'sign',
          'asin',
          'log1p',
          'expm1',
        ),
        tie('node'),
      )
      .map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(fc.constantFrom('min', 'max', 'hypot', 'atan2'), tie('node'), tie('node'))
      .map(([name, a, b]) => `${name}(${a},${b})`),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([a, b, c]) => `if(${a}<1,${b},${c})`),
    tie('node').map((a) => `sin(${a})/(${a})`),
  ),
})).node;

test('intervals of formulas contain value, gradient and Hessian at points inside', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      formulas,
      fc.array(
        fc.tuple(
          fc.double({ min: -3, max: 3, noNaN: true }),
          fc.double({ min: -3, max: 3, noNaN: true }),
          fc.constantFrom(1e-3, 0.05, 0.5, 2),
          fc.constantFrom(1e-3, 0.05, 0.5, 2),
        ),
        { minLength: 3, maxLength: 3 },
      ),
      fc.array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        { minLength: 6, maxLength: 6 },
      ),
      (text, boxes, inside) => {
        const f = formula(text, { variables: names });
        const tapes = tapesOf(f.evaluate, 2);
        const program = compile(
          (v: Tensor) => [f.evaluate(v), grad(f.evaluate)(v), hessian(f.evaluate)(v)],
          [float64(2)],
        );
        for (const [x, y, w, h] of boxes) {
          for (const [a, b] of inside) {
            const point = Float64Array.of(x + a * w, y + b * h);
            const [value, gradient, second] = program.run(ndarray(point, [2])).map(({ data }) => data);
            const numbers = [...value, ...gradient, ...second];
            // Beyond these sizes the computed numbers say little about the true ones.
            if (!numbers.every((number) => Math.abs(number) < 1e6)) continue;
            for (const tape of tapes) {
              const pick = (of: ArrayLike<number>) => Float64Array.from(tape.variables, (axis) => of[axis]);
              tape.evaluate({ lo: pick([x, y]), hi: pick([x + w, y + h]) }, 2);
              const { lo, hi, flags } = tape.registers;
              const check = (slot: number, number: number) => {
                // 1e-7: the computed derivatives cancel at times; bounds that missed by their width would be far off.
                const slack = 1e-7 * Math.max(1, ...numbers.map(Math.abs));
                expect(flags[slot] & 4).toBe(0);
                expect(lo[slot]).toBeLessThanOrEqual(number + slack);
                expect(hi[slot]).toBeGreaterThanOrEqual(number - slack);
                compared++;
              };
              if (tapes.length === 1) check(tape.value, value[0]);
              tape.variables.forEach((i, row) => {
                check(tape.gradient[row], gradient[i]);
                tape.variables.forEach((j, column) => {
                  const slot = tape.hessian[row * tape.size + column];
                  // A kink has no second derivative, and one of the first is as good as another.
                  if (!(flags[slot] & 8)) check(slot, second[2 * i + j]);
                });
              });
            }
          }
        }
      },
    ),
    { numRuns: 250, seed: 3 },
  );
  expect(compared).toBeGreaterThan(2_000);
}, 60_000);
