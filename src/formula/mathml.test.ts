import { describe, expect, test } from 'vitest';
import { expressions } from '../../test/formula/expressions.js';
import * as fc from 'fast-check';
import { functions } from './functions.js';
import { mathml } from './mathml.js';
import { parse } from './parse.js';

/** Throws unless every element of a text is closed in order and every sign outside is escaped. */
function checkWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(/<(\/?)([a-z]+)((?: [a-z]+="[^"<&]*")*)>/g, (_, closing: string, tag: string) => {
    if (closing === '') open.push(tag);
    else if (open.pop() !== tag) throw new Error(`</${tag}> closes nothing in ${xml}`);
    return '';
  });
  if (open.length > 0) throw new Error(`<${open[0]}> is not closed in ${xml}`);
  if (/[<>]|&(?!lt;|gt;|#x[0-9a-f]+;)/.test(rest)) throw new Error(`unescaped sign in ${rest}`);
}

/** What is seen, roughly: the text without its elements, invisible signs as they are meant. */
function seen(text: string): string {
  return mathml(parse(text))
    .replace(/<mfrac>/g, '{')
    .replace(/<\/mfrac>/g, '}')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#x2061;', '')
    .replaceAll('&#x2062;', ' ')
    .replaceAll('&#xa0;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}

describe('mathml', () => {
  test('fractions, powers and invisible products', () => {
    expect(mathml(parse('x^2/2 - 3x*y'))).toMatchInlineSnapshot(
      `"<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mfrac><msup><mi>x</mi><mn>2</mn></msup><mn>2</mn></mfrac><mo>−</mo><mrow><mrow><mn>3</mn><mo>&#x2062;</mo><mi>x</mi></mrow><mo>&#x2062;</mo><mi>y</mi></mrow></mrow></math>"`,
    );
  });

  test('a sum with bounds', () => {
    expect(mathml(parse('sum(x[i]^2, i, 1, n)'))).toMatchInlineSnapshot(
      `"<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><msup><msub><mi>x</mi><mi>i</mi></msub><mn>2</mn></msup></mrow></math>"`,
    );
  });

  test('cases', () => {
    expect(mathml(parse('if(x < 0, -x, x)'))).toMatchInlineSnapshot(
      `"<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mo>{</mo><mtable columnalign="left"><mtr><mtd><mrow><mo>−</mo><mi>x</mi></mrow></mtd><mtd><mrow><mtext>if&#xa0;</mtext><mrow><mi>x</mi><mo>&lt;</mo><mn>0</mn></mrow></mrow></mtd></mtr><mtr><mtd><mi>x</mi></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow></math>"`,
    );
  });

  test.each([
    ['2*3', '2·3'],
    ['2x', '2 x'],
    ['x*2', 'x·2'],
    ['x*-y', 'x (−y)'],
    ['(x + y)*z', '(x+y) z'],
    ['x - (y - z)', 'x−(y−z)'],
    ['-(x + y)', '−(x+y)'],
    ['-x*y', '−x y'],
    ['--x', '−(−x)'],
    ['(x/y)*z', '{xy} z'],
    ['(x/y)^2', '({xy})2'],
    ['(x^y)^z', '(xy)z'],
    ['exp(-x^2)', 'e−x2'],
    ['exp(x)^2', '(ex)2'],
    ['sum(i, i, 1, 3)*x', '(∑i=13i) x'],
    ['sum(x + i, i, 1, 3)', '∑i=13(x+i)'],
    ['alpha_1 + beta2 + x_max', 'α1+β2+xmax'],
    ['log(x) + log10(x)', 'ln(x)+log10(x)'],
    ['max(x, y, 1)', 'max(x,y,1)'],
    ['|x| floor(x)', '|x| ⌊x⌋'],
    ['1e-7 x + 2.5e21', '10−7 x+2.5·1021'],
    ['if(not (x < 1) and (y > 2 or x == 1), 1, 0)', '{1if ¬(x<1) and (y>2 or x=1)0otherwise'],
  ])('%s is seen as %s', (text, wanted) => {
    expect(seen(text)).toBe(wanted);
  });

  test('every formula gives well-formed elements', () => {
    const unary = Object.keys(functions).filter((name) => name !== 'atan2');
    fc.assert(
      fc.property(expressions({ unary, binary: ['atan2', 'hypot'], lists: true }), (tree) => {
        checkWellFormed(mathml(tree));
      }),
      { numRuns: 300 },
    );
  });
});
