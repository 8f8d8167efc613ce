import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expressions } from '../../test/formula/expressions.js';
import type { Expression } from './ast.js';
import { FormulaError } from './errors.js';
import { formula } from './formula.js';
import { functions } from './functions.js';
import { parse } from './parse.js';
import { print } from './print.js';

/** A tree without the places in the text. */
function shape(tree: Expression): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'at' ? undefined : value)));
}

function messageOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof FormulaError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('meaning', () => {
  test.each([
    ['-x^2', '-(x^2)'],
    ['2^-x', '2^(-x)'],
    ['2^-x^2', '2^(-(x^2))'],
    ['a^b^c', 'a^(b^c)'],
    ['a ** b', 'a^b'],
    ['a - b - c', '(a - b) - c'],
    ['a / b / c', '(a/b)/c'],
    ['a / b * c', '(a/b)*c'],
    ['a / b c', 'a/(b*c)'],
    ['1/2 x', '(1/2)*x'],
    ['-1/2 x', '(-1/2)*x'],
    ['y 1/2 x', '(y*(1/2))*x'],
    ['a/2 x', 'a/(2*x)'],
    ['1/2/3 x', '1/((2/3)*x)'],
    ['(1)/2 x', '1/(2*x)'],
    ['2x', '2*x'],
    ['2(x+1)', '2*(x+1)'],
    ['x y', 'x*y'],
    ['(x)(y)', 'x*y'],
    ['x(y)(z)', 'x*y*z'],
    ['x2 3', 'x2*3'],
    ['2x^2', '2*(x^2)'],
    ['2^3x', '(2^3)*x'],
    ['2 sin(x) cos(y)', '2*sin(x)*cos(y)'],
    ['3e', '3*e'],
    ['2e3x', '2000*x'],
    ['2e+x', '2*e + x'],
    ['.5x - 3.', '0.5*x - 3'],
    ['--x', '-(-x)'],
    ['+x', 'x'],
    ['x - -y', 'x - (-y)'],
    ['|x| |y|', 'abs(x)*abs(y)'],
    ['||x| - |y||', 'abs(abs(x) - abs(y))'],
    ['2|x|', '2*abs(x)'],
    ['|x(|y|)|', 'abs(x*abs(y))'],
    ['x²−3x·y³', 'x^2 - 3*x*y^3'],
    ['-x²', '-(x^2)'],
    ['2^x²', '2^(x^2)'],
    ['α×β ÷ π', 'alpha*beta/pi'],
    ['ln(x)', 'log(x)'],
    ['pow(x, y)', 'x^y'],
    ['theta(x)', 'theta*x'],
    ['x_max(y)', 'x_max*y'],
    ['x[i+1]^2', '(x[i+1])^2'],
    ['x[1](y)', 'x[1]*y'],
    ['if(0 < x <= 1, x, y)', 'if(0 < x and x <= 1, x, y)'],
    ['if(x ≤ 1 or y ≠ 2 and not z > 3, x, y)', 'if((x <= 1) or ((y != 2) and (not (z > 3))), x, y)'],
    ['if(not x > 1 and y > 1, x, y)', 'if((not (x > 1)) and y > 1, x, y)'],
    ['piecewise(x < 0, 0, x < 1, x, 1)', 'piecewise((x < 0), 0, (x < 1), x, 1)'],
    ['x\n + y', 'x+y'],
  ])('%s is %s', (text, explicit) => {
    expect(shape(parse(text))).toEqual(shape(parse(explicit)));
  });

  test('the trees themselves', () => {
    expect(parse('-x^2')).toMatchInlineSnapshot(`
      {
        "kind": "negate",
        "operand": {
          "kind": "binary",
          "left": {
            "at": 1,
            "kind": "name",
            "name": "x",
          },
          "operator": "^",
          "right": {
            "kind": "number",
            "value": 2,
          },
        },
      }
    `);
    expect(shape(parse('sum(x[i], i, 1, n)'))).toEqual({
      kind: 'reduction',
      operation: 'sum',
      body: { kind: 'element', name: 'x', index: { kind: 'name', name: 'i' } },
      index: 'i',
      from: { kind: 'number', value: 1 },
      to: { kind: 'name', name: 'n' },
    });
  });

  test('a known variable with a long name can stand before parentheses', () => {
    expect(print(parse('width(x + 1)', ['width']))).toBe('width*(x + 1)');
  });
});

describe('errors', () => {
  test.each([
    ['x +', 3, 'expected a number, a variable, a function or "(", but the formula ends here'],
    ['', 0, 'but the formula ends here'],
    ['x * * y', 4, 'found "*"'],
    ['(x', 2, 'expected ")" for the "(" at character 1, but the formula ends here'],
    ['x[1', 3, 'expected "]" for the "[" at character 2'],
    ['(x]', 2, 'expected ")" for the "(" at character 1, found "]"'],
    ['|x', 2, 'expected "|"'],
    ['x)', 1, 'closes nothing'],
    ['x, y', 1, 'a comma separates only'],
    ['x[1][2]', 4, 'only one index'],
    ['2 3', 2, 'expected an operator or the end of the formula, found "3"'],
    ['sin x', 0, 'sin is a function; write what it is of in parentheses'],
    ['sin^2(x)', 0, 'write the power behind it: sin(x)^2'],
    ['1 + sn(x)', 4, 'there is no function sn; did you mean sin?'],
    ['width(x)', 0, 'for a product write width*(…)'],
    ['atan2(x)', 0, 'atan2(y, x) is given 1 operand'],
    ['sin()', 0, 'sin(x) is given 0 operands'],
    ['sin(x, y)', 0, 'sin(x) is given 2 operands'],
    ['f = x^2', 2, 'write "=="'],
    ['n!', 1, 'no factorial'],
    ['x $ y', 2, '"$" has no meaning in a formula'],
    ['x 😀', 2, '"😀" has no meaning'],
    ['1e999', 0, 'larger than the largest double'],
    ['x < 1', 0, 'a number is needed here'],
    ['1 + (x < 1)', 4, 'a number is needed here'],
    ['if(x, 1, 2)', 3, 'a condition such as x > 0 is needed here'],
    ['if(x > 1 and y, 1, 2)', 13, 'a condition such as x > 0 is needed here'],
    ['if(x > 1, 1)', 0, 'if needs three operands'],
    ['piecewise(x > 1, 1)', 0, 'a last value'],
    ['sum(x, i)', 0, 'sum needs four operands'],
    ['sum(x, 1, 1, 3)', 7, 'must be the name of its index'],
    ['x and', 0, 'a condition such as x > 0 is needed here'],
    ['and x', 0, 'expected a condition, found "and"'],
  ])('%s', (text, position, problem) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ position, problem: expect.stringContaining(problem) }),
    );
  });

  test('show the place', () => {
    expect(messageOf('x^2 + * y')).toMatchInlineSnapshot(`
      "expected a number, a variable, a function or "(", found "*"
        x^2 + * y
              ^"
    `);
    expect(messageOf(`${'x + '.repeat(40)}sim(x)${' + y'.repeat(40)}`)).toMatchInlineSnapshot(`
      "there is no function sim; did you mean sin?
        …+ x + x + x + x + x + x + x + x + x + x + x + x + sim(x) + y + y + y + y + y + y…
                                                           ^"
    `);
  });
});

describe('printing', () => {
  test.each([
    '-x^2',
    '(-x)^2',
    '(x^y)^z',
    'x^y^z',
    '2^-x',
    'x - (y - z)',
    'x - y - z',
    'x/(y*z)',
    'x/y*z',
    '-(x + y)*z',
    'x*-y',
    '(1 - x)^2 + 100*(y - x^2)^2',
    'sum(100*(x[i + 1] - x[i]^2)^2 + (1 - x[i])^2, i, 1, n - 1)',
    'if(x < 1 or not (y > 2) and z == 3, abs(x), atan2(y, x))',
    'if((x < 1 or y > 2) and z == 3, 1e-7, 2.5e+21)',
  ])('%s has no parentheses to spare', (text) => {
    expect(print(parse(text))).toBe(text);
  });

  test('what is printed is read as the same tree', () => {
    const unary = Object.keys(functions).filter((name) => name !== 'atan2');
    const vocabulary = { unary, binary: ['atan2', 'min', 'max', 'hypot'], lists: true };
    fc.assert(
      fc.property(expressions(vocabulary), (tree) => {
        expect(shape(parse(print(tree)))).toEqual(shape(tree));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('size', () => {
  test.each([
    ['parentheses', '(', ')'],
    ['calls', 'sin(', ')'],
    ['sums of sums', '(1 + 2*3^(', '))'],
    ['signs', '-', ''],
    ['powers', '2^', ''],
    ['bars', '|', '|'],
    ['elements', 'x[', ']'],
  ])('%s nested 10,000 deep are read and written', (_, open, close) => {
    const text = `${open.repeat(10_000)}x${close.repeat(10_000)}`;
    const printed = print(parse(text));
    expect(print(parse(printed))).toBe(printed);
  });

  test.each(['if(x > 0, 1, ', 'if(', 'sum('])('%s nested a thousand deep is refused in words', (open) => {
    expect(() => parse(open.repeat(1000))).toThrow(
      'more than 200 sums, products and piecewise functions stand inside one another',
    );
  });

  test('a million characters are read, more are refused', () => {
    const text = `${'x+y*'.repeat(249_999)}x`;
    expect(print(parse(text)).replaceAll(' ', '')).toBe(text);
    expect(() => parse(`${text}+x+x`)).toThrow(
      'a formula may have 1,000,000 characters, this one has 1,000,001',
    );
  });
});

describe('foreign text', () => {
  const words = [
    'x y x[ sin sin( sum( if( piecewise( not and or i ln( pow( 1 .5 2e3 ² π ( ) [ ] | , + - * / ^ ** < <= ==',
    ' __proto__ constructor constructor( toString( = ! \u0000 😀 \ud800',
  ]
    .join('')
    .split(' ')
    .concat(' ', '\n');

  test.each([
    [
      'words of the grammar',
      fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join('')),
    ],
    ['any characters', fc.string({ unit: 'binary', maxLength: 60 })],
    [
      'any code units',
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
        .map((codes) => String.fromCharCode(...codes)),
    ],
  ])('%s give a tree or a FormulaError', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        let tree;
        try {
          tree = parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormulaError);
          return;
        }
        expect(shape(parse(print(tree)))).toEqual(shape(tree));
      }),
      { numRuns: 3000 },
    );
  });

  test('ten kilobytes of anything are answered', () => {
    // A parser that backtracks would take hours on some of these; the test's time limit is the only clock.
    const long = fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words), fc.constantFrom(...words));
    fc.assert(
      fc.property(long, (parts) => {
        const text = parts.join('').repeat(10_000).slice(0, 10_000);
        try {
          formula(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FormulaError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
