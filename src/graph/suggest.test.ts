import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, suggest, unknownName } from './suggest.js';

/** The definition, recursive: the readable twin. */
function distanceTwin(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const options = [
    distanceTwin(a.slice(1), b) + 1,
    distanceTwin(a, b.slice(1)) + 1,
    distanceTwin(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]) {
    options.push(distanceTwin(a.slice(2), b.slice(2)) + 1);
  }
  return Math.min(...options);
}

describe('editDistance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['adma', 'adam', 1],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('%s to %s is %d', (a, b, expected) => {
    expect(editDistance(a, b)).toBe(expected);
  });

  test('equals the recursive definition', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        expect(editDistance(a, b)).toBe(distanceTwin(a, b));
      }),
    );
  });
});

describe('suggest', () => {
  const names = ['sgd', 'adam', 'adamw', 'adagrad', 'rmsprop', 'fashion-mnist'];
  test.each([
    ['adm', 'adam'],
    ['Adam', 'adam'],
    ['RMSProp', 'rmsprop'],
    ['fashion', 'fashion-mnist'],
    ['fashoin_mnist', 'fashion-mnist'],
    ['sdg', 'sgd'],
    ['quasi-newton', undefined],
    ['x', undefined],
    ['', undefined],
    ['a'.repeat(10 ** 6), undefined],
  ])('%.20s suggests %s', (name, expected) => {
    expect(suggest(name, names)).toBe(expected);
  });

  test('the sentence names what is near, else what is known', () => {
    expect(unknownName('optimizer', 'adm', names)).toBe('unknown optimizer "adm"; did you mean "adam"?');
    expect(unknownName('data set', 'x', ['a-b', 'digits'])).toBe('unknown data set "x"; known: a-b, digits');
    expect(unknownName('data set', 'y'.repeat(10 ** 6), ['digits']).length).toBeLessThan(200);
  });
});
