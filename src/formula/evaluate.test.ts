import * as fc from 'fast-check';
import { all, create, isComplex } from 'mathjs';
import { describe, expect, test } from 'vitest';
import { expressions } from '../../test/formula/expressions.js';
import { evaluate } from './evaluate.js';
import { constants, functions } from './functions.js';
import { parse } from './parse.js';
import { print } from './print.js';

/** A function of real numbers; mathjs hands complex ones over as objects. */
function real(evaluate: (...operands: number[]) => number): (...operands: unknown[]) => number {
  return (...operands) => {
    const numbers = operands.map((operand) => (typeof operand === 'boolean' ? Number(operand) : operand));
    if (numbers.every((operand) => typeof operand === 'number')) return evaluate(...numbers);
    throw new TypeError('not real');
  };
}

/** mathjs with exact comparisons (its floor and ceil need a tolerance), and what it lacks, written otherwise than ours. */
const math = create(all, { relTol: 1e-300, absTol: 0 });
math.import(
  {
    sigmoid: real((x) => (1 + Math.tanh(x / 2)) / 2),
    softplus: real((x) => (x > 30 ? x : Math.log1p(Math.exp(x)))),
    relu: real((x) => (x < 0 ? 0 : x)),
    step: real((x) => (x < 0 || Number.isNaN(x) ? 0 : 1)),
    ln: real(Math.log),
    floor: real((x) => -Math.ceil(-x)),
    ceil: real((x) => -Math.floor(-x)),
    round: real((x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))),
    if: real((condition, x, y) => (condition ? x : y)),
    piecewise: real((first, x, second, y, z) => (first ? x : second ? y : z)),
  },
  { override: true },
);

/** What mathjs makes of a text; undefined where it leaves the real numbers. */
function peer(text: string, scope: Record<string, number>): number | undefined {
  try {
    const value: unknown = math.parse(text).evaluate({ ...scope });
    return typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : undefined;
  } catch (error) {
    // Comparing complex numbers and our own functions of them are what mathjs cannot do.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function expectClose(actual: number, wanted: number, rtol: number): void {
  if (actual === wanted) return;
  expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(rtol * Math.abs(wanted));
}

describe('mathjs gives the same value', () => {
  // hypot and erf are other algorithms there: alone they agree to a few ulp, but a later subtraction can bare that. Zeros may
  // differ in their sign, which atan2 shows, and so do min and max once in 10,000 formulas: hence the fixed seed.
  const apart = ['erf', 'hypot', 'sigmoid', 'softplus', 'round', 'atan2'];
  const unary = Object.keys(functions).filter((name) => !apart.includes(name) && functions[name].least === 1);
  const values = fc.record({
    x: fc.double({ min: -4, max: 4, noNaN: true }),
    y: fc.double({ min: -4, max: 4, noNaN: true }),
    z2: fc.constantFrom(-2, -1, 0, 0.5, 1, 2, 3),
  });

  test('of random formulas', () => {
    let compared = 0;
    const trees = expressions({ unary, binary: ['min', 'max'], lists: false });
    fc.assert(
      fc.property(trees, values, (tree, scope) => {
        const wanted = peer(print(tree), scope);
        const actual = evaluate(tree, scope);
        if (wanted === undefined || !Number.isFinite(wanted) || !Number.isFinite(actual)) return;
        compared++;
        expectClose(actual, wanted, 1e-12);
      }),
      { numRuns: 4000, seed: 1 },
    );
    expect(compared).toBeGreaterThan(2000);
  });

  test.each(Object.entries(functions))('of %s alone', (name, { least }) => {
    for (const x of [-7.5, -3, -2.5, -1, -0.9, -0.5, -1e-9, 0, 1e-9, 0.3, 0.5, 1, 1.5, 2.5, 5.9, 6.1, 40]) {
      const text = least === 2 ? `${name}(x, y)` : name === 'hypot' ? 'hypot(x, y)' : `${name}(x)`;
      const actual = evaluate(parse(text), { x, y: 1.25 });
      const wanted = peer(text, { x, y: 1.25 });
      // mathjs's erf is accurate to 1e-15 absolutely (Cody's approximation), as are tanh and log1p at small arguments.
      if (wanted === undefined || Number.isNaN(wanted)) expect(actual).toBeNaN();
      else if (actual !== wanted) {
        expect(Math.abs(actual - wanted)).toBeLessThanOrEqual(4e-15 * Math.max(1, Math.abs(wanted)));
      }
    }
  });

  test.each([
    '-x^2',
    '2^-x',
    'x^y^2',
    'x/y z2',
    '1/2 x',
    '-1/2 x',
    'x 1/2 y',
    'x/2 y',
    '1/2/3 x',
    '1/2(x+1)',
    '2x^2 y',
    '2 sin(x) cos(y)',
    '(x+1)(y-1)',
    '(x+1)2',
    'x 2',
    '3e-2x',
    '2e',
    'x - -y',
    '-2^x',
    'x*-y',
    '2(x)^2',
    '5/2 pi x',
    'tau phi',
  ])('%s is grouped as in mathjs', (text) => {
    const scope = { x: 1.75, y: 2.25, z2: 3 };
    expectClose(evaluate(parse(text), scope), peer(text, scope) ?? NaN, 1e-15);
  });

  test('of its constants', () => {
    for (const [name, value] of Object.entries(constants)) expect(value).toBe(peer(name, {}));
  });

  test('complex results are no numbers here', () => {
    expect(isComplex(math.evaluate('(-8)^(1/3)'))).toBe(true);
    expect(evaluate(parse('(-8)^(1/3)'), {})).toBeNaN();
    expect(evaluate(parse('cbrt(-8)'), {})).toBe(-2);
  });
});

describe('sums, lists and cases', () => {
  test.each([
    ['sum(k, k, 1, 100)', {}, 5050],
    ['prod(k, k, 1, n)', { n: 6 }, 720],
    ['sum(k, k, 3, 2)', {}, 0],
    ['prod(k, k, 3, 2)', {}, 1],
    ['sum(sum(i*j, j, 1, i), i, 1, 3)', {}, 25],
    ['sum(x[i]*i, i, 1, 3)', { x: [10, 20, 30] }, 140],
    ['sum(100*(x[i+1]-x[i]^2)^2+(1-x[i])^2, i, 1, n-1)', { n: 3, x: [-1, 2, 3] }, 205],
    ['sum(if(i > 1, x[i-1], 0), i, 1, 3)', { x: [10, 20] }, 30],
    ['x[p[2]]', { x: [5, 6, 7], p: [1, 3] }, 7],
    ['sum(i, i, 1, 2) + i', { i: 10 }, 13],
    ['piecewise(x < 0, 1, x < 1, 2, 3)', { x: 0.5 }, 2],
    ['if(x == 1 and not x < 1 or x > 5, 1, 0)', { x: 1 }, 1],
    ['if(0 < x < 1, 1, 0)', { x: 2 }, 0],
    ['if(x < 1, 1, if(x >= 1, 2, 3))', { x: NaN }, 3],
    ['e', { e: 3 }, 3],
  ])('%s', (text, values, wanted) => {
    expect(evaluate(parse(text), values)).toBe(wanted);
  });

  test.each([
    ['1 + x', {}, 4, 'x has no value'],
    ['constructor', {}, 0, 'constructor has no value'],
    ['x[4]', { x: [1, 2, 3] }, 0, 'x[4] does not exist; x has the elements 1 to 3'],
    ['x[0]', { x: [1] }, 0, 'x[0] does not exist'],
    ['x[1.5]', { x: [1, 2] }, 0, 'x[1.5] does not exist'],
    ['1 + x', { x: [1] }, 4, 'x is a list; write x[1]'],
    ['x[1]', { x: 1 }, 0, 'x is a number, not a list'],
    ['sum(i, i, 1, 1.5)', {}, 0, 'sum counts from an integer to an integer, not from 1 to 1.5'],
    ['sum(i, i, 1, 1/0)', {}, 0, 'not from 1 to Infinity'],
    ['2*sum(i, i, 1, 1e9)', {}, 2, 'may have 1,000,000 terms in all'],
    ['sum(sum(sum(1, i, 1, 1000), j, 1, 1000), k, 1, 1000)', {}, 4, 'may have 1,000,000 terms in all'],
  ])('%s is refused', (text, values, position, problem) => {
    const evaluated = () => evaluate(parse(text), values, text);
    expect(evaluated).toThrow(
      expect.objectContaining({ position, problem: expect.stringContaining(problem) }),
    );
  });

  test('two hundred cases inside one another', () => {
    const text = `${'if(x > 0, 1, '.repeat(200)}x${')'.repeat(200)}`;
    expect(evaluate(parse(text), { x: -2 })).toBe(-2);
  });
});
