import { expect, test } from 'vitest';
import { table } from './table.js';

const show = (lines: readonly string[]) => `\n${lines.join('\n')}\n`;

test('numbers and durations stand on the right, words on the left', () => {
  const rows = [
    ['lenet', '61,706', '91.2%', '20s', '1e-3'],
    ['cnn', '421,642', '92.9%', '1m 10s', '4e-3'],
    ['重み', '–', '-0.5', '3.2 ms'],
  ];
  expect(show(table(rows, { columns: ['model', 'parameters', 'test', 'time', 'lr'] })))
    .toMatchInlineSnapshot(`
    "
    model  parameters   test    time    lr
    ─────  ──────────  ─────  ──────  ────
    lenet      61,706  91.2%     20s  1e-3
    cnn       421,642  92.9%  1m 10s  4e-3
    重み            –   -0.5  3.2 ms
    "
  `);
});

test('the alignment may be given, and there may be no rows', () => {
  expect(show(table([['1', 'a']], { columns: ['left', 'right'], align: ['left', 'right'] })))
    .toMatchInlineSnapshot(`
    "
    left  right
    ────  ─────
    1         a
    "
  `);
  expect(show(table([], { columns: ['name', 'value'] }))).toMatchInlineSnapshot(`
    "
    name  value
    ────  ─────
    "
  `);
});

test('head and rule may be coloured', () => {
  const tag = (format: unknown, text: string) => `<${String(format)}>${text}</>`;
  expect(table([['1']], { columns: ['n'], style: tag })).toEqual(['<bold>n</>', '<dim>─</>', '1']);
});
