import { describe, expect, test } from 'vitest';
import { BrailleCanvas } from './braille.js';
import { lineChart, progressBar, sparkline } from './chart.js';
import { visibleWidth } from './text.js';

const show = (lines: readonly string[]) => `\n${lines.map((line) => line.trimEnd()).join('\n')}\n`;

describe('BrailleCanvas', () => {
  test('puts each of the eight dots of a character where Unicode has it', () => {
    // The names of Unicode number the dots 1 to 8; dot n is bit n − 1 of the code point.
    const numbered = [
      [1, 4],
      [2, 5],
      [3, 6],
      [7, 8],
    ];
    for (const [y, row] of numbered.entries()) {
      for (const [x, dot] of row.entries()) {
        const canvas = new BrailleCanvas(1, 1);
        canvas.set(x, y);
        expect(canvas.toLines()).toEqual([String.fromCodePoint(0x2800 + (1 << (dot - 1)))]);
      }
    }
  });

  test('draws lines in all directions, whole, and leaves out what is outside', () => {
    const canvas = new BrailleCanvas(8, 4);
    for (const [x, y] of [
      [15, 0],
      [0, 15],
      [15, 15],
      [0, 0],
      [7, 0],
      [0, 7],
    ]) {
      canvas.line(7, 7, x, y);
    }
    canvas.set(-1, 0);
    canvas.set(16, 0);
    canvas.set(0, 16);
    expect(show(canvas.toLines())).toMatchInlineSnapshot(`
      "
      ⠑⢄ ⢸ ⢀⡠⠊
      ⣀⣀⣑⣼⠔⠁
       ⢀⠔⠁⠑⢄
      ⡠⠊    ⠑⢄
      "
    `);
  });
});

describe('sparkline', () => {
  test('shows values from low to high, gaps, and long series as means', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([1, NaN, 3])).toBe('▁ █');
    expect(sparkline([5, 5])).toBe('▅▅');
    expect(sparkline([])).toBe('');
    expect(sparkline([0, 0, 4, 4, 8, 8, NaN, 0], { width: 4 })).toBe('▁▅█▁');
  });
});

describe('lineChart', () => {
  const decay = Array.from({ length: 200 }, (_, i) => 2.3 * Math.exp(-i / 25) + 0.02);

  test('linear', () => {
    const lines = lineChart(decay, { width: 60, labels: ['0', 'loss', 'step 200'] });
    expect(show(lines)).toMatchInlineSnapshot(`
      "
          2.275 ┤⠱⡀
                │ ⠘⢄
          1.344 ┤  ⠈⠢⡀
                │    ⠈⠒⢄
                │       ⠉⠒⠤⢄⣀
        0.02084 ┤            ⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
                └─────────────────────────────────────────────────
                 0                  loss                  step 200
      "
    `);
    expect(lines.every((line) => visibleWidth(line) <= 60)).toBe(true);
  });

  test('logarithmic: an exponential is a straight line', () => {
    const straight = Array.from({ length: 40 }, (_, i) => 10 ** (1 - i / 13));
    expect(show(lineChart(straight, { width: 40, rows: 5, scale: 'log' }))).toMatchInlineSnapshot(`
      "
          10.00 ┤⠉⠒⠢⠤⣀⡀
                │     ⠈⠉⠒⠢⠤⣀⡀
         0.3162 ┤           ⠈⠉⠒⠢⠤⣀⡀
                │                 ⠈⠉⠒⠤⢄⣀
        0.01000 ┤                       ⠉⠑⠒⠤⢄⣀
                └─────────────────────────────

      "
    `);
  });

  test('a logarithmic one with a zero is linear, NaN is a gap, an outlier of a single value is seen', () => {
    const values = [3, 2, NaN, Infinity, 1, 0, 1];
    expect(show(lineChart(values, { width: 30, rows: 3, scale: 'log' }))).toMatchInlineSnapshot(`
      "
          3.000 ┤⠑⠢⣀
          1.500 ┤   ⠁        ⢀     ⢀
              0 ┤             ⠉⠢⢄⠤⠊⠁
                └───────────────────

      "
    `);
  });

  test.each([
    ['nothing', []],
    ['one value', [0.5]],
    ['equal values', [2, 2, 2]],
    ['nothing finite', [NaN, NaN]],
  ])('%s fits in the same lines', (_, values) => {
    const lines = lineChart(values, { width: 24, rows: 3, labels: ['0', '', 'step 1'] });
    expect(lines).toHaveLength(5);
    expect(show(lines)).toMatchSnapshot();
  });
});

describe('progressBar', () => {
  test.each([
    [0, '────'],
    [0.125, '╾───'],
    [0.5, '━━──'],
    [0.9, '━━━╾'],
    [1, '━━━━'],
    [7, '━━━━'],
    [-1, '────'],
    [NaN, '────'],
  ])('%d is %s', (fraction, bar) => {
    expect(progressBar(fraction, { width: 4 })).toBe(bar);
  });
});
