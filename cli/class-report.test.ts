import { expect, test } from 'vitest';
import { classScores } from '../src/train/index.js';
import { classLines, confusionLines } from './class-report.js';
import { plain } from './terminal/style.js';

const confusion = [
  [5, 0, 2],
  [0, 0, 0],
  [1, 0, 1200],
];
const classes = ['cat', 'dog', 'pig'];
const show = (lines: readonly string[]) => `\n${lines.join('\n')}\n`;

test('the matrix, with dots for zeros', () => {
  expect(show(confusionLines(confusion, classes, { columns: 80, style: plain }))).toMatchInlineSnapshot(`
    "
    rows: what it is; columns: what it was taken for

    truth  cat  dog    pig
    ─────  ───  ───  ─────
    cat      5    ·      2
    dog      ·    ·      ·
    pig      1    ·  1,200
    "
  `);
});

test('the pairs that are confused most often, where the matrix is too wide', () => {
  expect(show(confusionLines(confusion, classes, { columns: 20, style: plain }))).toMatchInlineSnapshot(`
    "
    confused most often (--json has all)

    what it is  taken for  times
    ──────────  ─────────  ─────
    cat         pig            2
    pig         cat            1
    "
  `);
  const right = [
    [3, 0],
    [0, 4],
  ];
  expect(confusionLines(right, ['a', 'b'], { columns: 5, style: plain })).toEqual([
    'no class was taken for another',
  ]);
});

test('a row a class; of many classes those with the lowest F1', () => {
  const options = { columns: 80, style: plain };
  expect(show(classLines(classScores(confusion, classes), options))).toMatchInlineSnapshot(`
    "
    class  precision  recall      F1  support
    ─────  ─────────  ──────  ──────  ───────
    cat       0.8333  0.7143  0.7692        7
    dog            –       –       –        0
    pig       0.9983  0.9992  0.9988    1,201
    "
  `);
  const many = Array.from({ length: 60 }, (_, index) => ({
    class: `c${index}`,
    precision: 1,
    recall: 1,
    f1: 1 - index / 100,
    support: 1,
  }));
  const lines = classLines(many, options);
  expect(lines[0]).toBe('the 40 classes with the lowest F1 (--json has all)');
  expect(lines[4]).toMatch(/^c59 /);
  expect(lines).toHaveLength(4 + 40);
});
