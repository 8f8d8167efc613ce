import { describe, expect, test } from 'vitest';
import { bind } from './bind.js';
import type { Values } from './evaluate.js';
import { parse } from './parse.js';

function bound(text: string, parameters: Values = {}, order?: readonly string[]) {
  const root = parse(text, [...Object.keys(parameters), ...(order ?? [])]);
  return bind([{ text, root }], parameters, order);
}

/** Variables as `name` or `name[length]`. */
function variablesOf(...arguments_: Parameters<typeof bound>): string[] {
  return bound(...arguments_).variables.map(({ name, length }) =>
    length === undefined ? name : `${name}[${length}]`,
  );
}

describe('variables', () => {
  test.each([
    ['x^2 - x*y', {}, ['x', 'y']],
    ['y + x + alpha', {}, ['alpha', 'x', 'y']],
    ['x10 + x2 + x1 + x', {}, ['x', 'x1', 'x2', 'x10']],
    ['a*x^2 + pi', { a: 2 }, ['x']],
    ['3', {}, []],
    ['sum(100*(x[i+1]-x[i]^2)^2, i, 1, n-1)', { n: 10 }, ['x[10]']],
    ['sum(100*(x[i+1]-x[i]^2)^2, i, 1, n-1) + y', { n: 1e6 }, ['x[1000000]', 'y']],
    ['sum(x[n + 1 - i], i, 1, n)', { n: 5 }, ['x[5]']],
    ['sum(x[i^2], i, 1, n)', { n: 4 }, ['x[16]']],
    ['sum(sum(x[i]*y[i + 2*j], j, 1, 3), i, 1, 4)', {}, ['x[4]', 'y[10]']],
    ['sum(sum(x[j], j, 1, i), i, 1, 4)', {}, ['x[4]']],
    ['sum(if(i > 1, x[i - 1], 0)^2, i, 1, n)', { n: 4 }, ['x[3]']],
    ['sum(if(x[i] > 1, x[i], 0)^2, i, 1, n)', { n: 4 }, ['x[4]']],
    ['sum((y[i] - a*exp(b*t[i]))^2, i, 1, 3)', { y: [3, 2, 1], t: [0, 1, 2] }, ['a', 'b']],
    ['x[p[2]]', { p: [1, 7] }, ['x[7]']],
    ['sum(x[i], i, 3, 2) + y', {}, ['x[0]', 'y']],
  ])('%s', (text, parameters, wanted) => {
    expect(variablesOf(text, parameters)).toEqual(wanted);
  });

  test('stand in the order that is asked for, also those that do not occur', () => {
    expect(variablesOf('x + y', {}, ['y', 'z', 'x'])).toEqual(['y', 'z', 'x']);
    expect(bound('x + sum(p[i], i, 1, 3)', {}, ['p', 'x']).variables).toEqual([
      { name: 'p', offset: 0, length: 3 },
      { name: 'x', offset: 3, length: undefined },
    ]);
  });

  test('can be asked for by the name of a constant', () => {
    expect(variablesOf('phi^2', {}, ['phi'])).toEqual(['phi']);
  });

  test('tell dynamic nodes from those known beforehand', () => {
    const { sources, dynamic } = bound('sum(a*i, i, 1, 3) + x', { a: 1 });
    const [{ root }] = sources;
    if (root.kind !== 'binary') throw new Error('not a sum');
    expect([dynamic.has(root), dynamic.has(root.left), dynamic.has(root.right)]).toEqual([true, false, true]);
  });
});

describe('refusals', () => {
  test.each<[string, Values, number, string]>([
    ['x + sum(x[i], i, 1, 3)', {}, 0, 'x is a list elsewhere; write x[1]'],
    ['sum(i, i, 1, 3)*i', {}, 16, 'i is the index of a sum or product and has no value outside it'],
    [
      'sum(x[i], i, 1, n)',
      {},
      16,
      'the bounds of a sum or product must be known beforehand; give n a value as a parameter',
    ],
    ['x[k]', {}, 2, 'an index must be known beforehand; give k a value as a parameter'],
    ['x[y[1]]', {}, 2, 'an index must be known beforehand'],
    ['x[0]', {}, 0, 'x[0] does not exist; elements are counted from 1'],
    ['x[1/2]', {}, 0, 'x[0.5] does not exist'],
    ['sum(x[i - 1], i, 1, 3)', {}, 4, 'x[0] does not exist'],
    ['sum(y[i]*x, i, 1, 3)', { y: [1, 2] }, 4, 'y[3] does not exist; the parameter y has 2 elements'],
    ['p*x', { p: [1] }, 0, 'the parameter p is a list; write p[1]'],
    ['p[1]*x', { p: 1 }, 0, 'the parameter p is a number, not a list'],
    ['sum(x[i], i, 1, n)', { n: 2.5 }, 0, 'sum counts from an integer to an integer, not from 1 to 2.5'],
    ['sum(sum(x[i^j], i, 1, 1e9), j, 1, 2)', {}, 8, 'too many values'],
    [
      'sum(x + sum(i, i, 1, 2), i, 1, 2)',
      {},
      8,
      'i is already the index of the sum or product around this one',
    ],
  ])('%s', (text, parameters, position, problem) => {
    expect(() => bound(text, parameters)).toThrow(
      expect.objectContaining({ position, problem: expect.stringContaining(problem) }),
    );
  });

  test.each<[Values, string[] | undefined, string]>([
    [{ a: NaN }, undefined, 'the parameter a must be a number, not NaN'],
    [{ a: [1, NaN] }, undefined, 'the parameter a must be a number, not NaN'],
    [{ sin: 1 }, undefined, 'sin is a function'],
    [{ 'a b': 1 }, undefined, '"a b" cannot be the name'],
    [{ a: 1 }, ['x', 'a'], 'a is given twice'],
    [{}, ['x', 'x'], 'x is given twice'],
    [{}, ['y'], 'x is neither a variable nor a parameter; the variables are y'],
    [{}, ['x1', 'y'], 'x is neither a variable nor a parameter; did you mean x1?'],
  ])('parameters %o, variables %o', (parameters, order, problem) => {
    expect(() => bound('2*x', parameters, order)).toThrow(problem);
  });

  test('a parameter that does not occur', () => {
    expect(() => bound('kappa*x', { kapa: 1 })).toThrow(
      'the parameter kapa does not occur in it; did you mean kappa?',
    );
  });

  test('two variables written together', () => {
    expect(() => bound('x^2 - xy', {}, ['x', 'y'])).toThrow(
      'xy is neither a variable nor a parameter; did you mean x*y?',
    );
  });
});
