import { expect, test } from 'vitest';
import { missingStart, readNumbers, readPoint, readRanges } from './assignments.js';

const list = Array.from({ length: 5 }, (_, k) => `x[${k + 1}]`);

test.each([
  ['x=1,y=0.5', ['x', 'y'], [1, 0.5]],
  ['y=0.5, x = -1', ['x', 'y'], [-1, 0.5]],
  ['1,−2e-3', ['x', 'y'], [1, -0.002]],
  ['3', ['x'], [3]],
  ['x=2', list, [2, 2, 2, 2, 2]],
  ['x=2,x[3]=7', list, [2, 2, 7, 2, 2]],
  ['x[1]=1,x[2]=2,a=3', ['a', 'x[1]', 'x[2]'], [3, 1, 2]],
])('%s is a point', (text, variables, expected) => {
  expect(readPoint(text, variables)).toEqual(expected);
});

test.each([
  ['x=1', ['x', 'y'], '--from: the variable y has no start; give all of x, y, as --from x=1,y=1'],
  ['x=1,x=2', ['x'], '--from: x is given twice'],
  ['z=1', ['x', 'y'], '--from: unknown variable "z"; known: x, y'],
  ['alhpa=1', ['alpha'], '--from: unknown variable "alhpa"; did you mean "alpha"?'],
  ['1,2,3', ['x', 'y'], '--from: 3 numbers for 2 variables (x, y); write --from x=1,y=1'],
  ['x=one', ['x'], '--from: x=one is no finite number; write it as x=0.5'],
  ['x=Infinity', ['x'], '--from: x=Infinity is no finite number; write it as x=0.5'],
  ['x=', ['x'], '--from: x= is no finite number; write it as x=0.5'],
  ['x=1,2', ['x', 'y'], '--from: "2" has no name'],
  [
    '1,2',
    list,
    '--from: 2 numbers for 5 variables (x[1], x[2], x[3], x[4], x[5]); write --from x=0.5 for all of them',
  ],
])('%s is no point', (text, variables, message) => {
  expect(() => readPoint(text, variables)).toThrow(message);
});

test('numbers by name, from one list or several', () => {
  expect(readNumbers('--param', ['a=2,b=-3', 'c=1e6'])).toEqual({ a: 2, b: -3, c: 1e6 });
  expect(() => readNumbers('--param', ['5'])).toThrow('--param: "5" has no name; write it as a=2');
  expect(() => readNumbers('--param', ['a=1', 'a=2'])).toThrow('--param: a is given twice');
});

test('boxes', () => {
  expect(readRanges('x=-5:5,y=0:2e1', ['x', 'y'])).toEqual([
    [-5, 5],
    [0, 20],
  ]);
  expect(readRanges('-1:1', ['x', 'y'])).toEqual([
    [-1, 1],
    [-1, 1],
  ]);
  expect(() => readRanges('x=1:0,y=0:1', ['x', 'y'])).toThrow(
    '--domain: x=1:0 is no range: it is reversed; write it as x=-5:5',
  );
  expect(() => readRanges('x=0:1:2,y=0:1', ['x', 'y'])).toThrow('is no range');
  expect(() => readRanges('x=0:', ['x'])).toThrow('is no range');
  expect(() => readRanges('x=0:1', ['x', 'y'])).toThrow('--domain: the variable y has no range; add y=-5:5');
  expect(() => readRanges('x=0:1,z=0:1', ['x', 'y'])).toThrow('--domain: unknown variable "z"');

  const notation = { option: '--box', between: '..' } as const;
  expect(readRanges('x=-4..4,y=.5..1e2', ['x', 'y'], notation)).toEqual([
    [-4, 4],
    [0.5, 100],
  ]);
  expect(readRanges('x=-4..4', ['x[1]', 'x[2]'], notation)).toEqual([
    [-4, 4],
    [-4, 4],
  ]);
  expect(() => readRanges('x=0..Infinity', ['x'], notation)).toThrow(
    '--box: x=0..Infinity is no range: it is infinite; write it as x=-5..5',
  );
  expect(() => readRanges('x=NaN..1', ['x'], notation)).toThrow('--box: x=NaN..1 is no range; write it as');
});

test('a missing start says how to give it', () => {
  expect(missingStart(['x']).message).toBe('walk: the variable x needs a start: --from x=1');
  expect(missingStart(['x', 'y']).message).toBe('walk: the variables x, y need a start: --from x=1,y=1');
});
