import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { parseCsv } from './csv.js';
import { describe as describeDataset, type Dataset } from './dataset.js';
import { loadDataset } from './load.js';
import type { DataOptions } from './options.js';
import { encodeTable } from './table-encoding.js';
import { readTable } from './table.js';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-table-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string | Uint8Array, name = `table-${count++}.csv`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function load(text: string | Uint8Array, options: DataOptions = {}, name?: string): Promise<Dataset> {
  return loadDataset(write(text, name), options);
}

/** Thirty rows of two kinds: width and colour tell the kind; one column never changes. */
const rows = Array.from({ length: 30 }, (_, row) => ({
  width: 0.5 + row,
  colour: ['red', 'green', 'blue'][row % 3],
  always: 7,
  kind: row < 18 ? 'small' : 'large',
}));
const plants = [
  'width,colour,always,kind',
  ...rows.map(({ width, colour, always, kind }) => `${width},${colour},${always},${kind}`),
].join('\n');

describe('a table', () => {
  test('parts of the stated sizes, classes in equal shares', async () => {
    const data = await load(plants, { validation: 5, test: 0.2 });
    expect(describeDataset(data)).toBe('19 train, 5 validation, 6 test');
    expect(data.task).toEqual({ kind: 'classification', classes: ['large', 'small'] });
    const small = (part = data.test): number =>
      Array.from(part.labels.data).filter((label) => label === 1).length;
    // 18 of 30 rows are small: 0.6 of each part, to a row.
    expect([small(data.train), small(data.validation), small(data.test)]).toEqual([11, 3, 4]);
    expect(data.notes).toEqual([
      'the column kind (the last) is predicted: 2 classes',
      'categories, and how many values each has in the training part: colour (3)',
    ]);
  });

  test('standardised on the training part alone; categories and constants stand as they are', async () => {
    const { inputShape, train, test: held, normalisation, encoding, validation } = await load(plants);
    expect(validation).toBeUndefined();
    expect(inputShape).toEqual([5]);
    expect(encoding).toEqual({
      columns: [{ name: 'width' }, { name: 'colour', values: ['blue', 'green', 'red'] }, { name: 'always' }],
    });
    const { mean = [], std = [] } = normalisation ?? {};
    expect(mean.slice(1)).toEqual([0, 0, 0, 7]);
    expect(std.slice(1)).toEqual([1, 1, 1, 1]);
    const seen = new Set<number>();
    const widths: number[] = [];
    for (const part of [train, held]) {
      for (let row = 0; row < part.size; row++) {
        const [width, blue, green, red, always] = part.inputs.data.subarray(5 * row, 5 * row + 5);
        const index = Math.round(width * std[0] + mean[0] - 0.5);
        seen.add(index);
        if (part === train) widths.push(rows[index].width);
        expect(['blue', 'green', 'red'][[blue, green, red].indexOf(1)]).toBe(rows[index].colour);
        expect([blue + green + red, always]).toEqual([1, 0]);
        expect(['large', 'small'][part.labels.data[row]]).toBe(rows[index].kind);
      }
    }
    expect(seen.size).toBe(30);
    const middle = widths.reduce((sum, value) => sum + value, 0) / widths.length;
    const spread = Math.sqrt(widths.reduce((sum, value) => sum + (value - middle) ** 2, 0) / widths.length);
    expect(mean[0]).toBeCloseTo(middle, 12);
    expect(std[0]).toBeCloseTo(spread, 12);
  });

  test('the split is that of its seed, and the test part does not depend on validation', async () => {
    const [first, again, other, more] = await Promise.all([
      load(plants),
      load(plants),
      load(plants, { splitSeed: 1 }),
      load(plants, { validation: 0.3 }),
    ]);
    expect(again.test).toEqual(first.test);
    expect(other.test.inputs.data).not.toEqual(first.test.inputs.data);
    expect(more.test.labels).toEqual(first.test.labels);
  });

  test('a number as the target, standardised with the training part', async () => {
    const text = ['y,x', ...Array.from({ length: 40 }, (_, row) => `${row * 2.5},${row}`)].join('\n');
    const { task, train, inputShape, notes } = await load(text, { test: 10 });
    expect(inputShape).toEqual([1]);
    if (task.kind !== 'regression') throw new Error(task.kind);
    expect(task.target).toBe('y');
    expect(train.labels.dtype).toBe('float32');
    const target = Array.from(train.labels.data, (label) => label * task.std + task.mean);
    const mean = target.reduce((sum, value) => sum + value, 0) / 30;
    expect(task.mean).toBeCloseTo(mean, 4);
    expect(target.every((value) => Math.abs(value / 2.5 - Math.round(value / 2.5)) < 1e-5)).toBe(true);
    expect(notes).toEqual([
      'the column y is predicted as a number (task classification would take its values as classes)',
    ]);
  });

  test.each<[string, DataOptions, string]>([
    ['a few integers are classes', {}, 'classification'],
    ['unless a number is asked for', { task: 'regression' }, 'regression'],
  ])('%s', async (_, options, kind) => {
    const text = ['x,quality', ...Array.from({ length: 30 }, (__, row) => `${row},${10 - (row % 3)}`)].join(
      '\n',
    );
    const { task } = await load(text, options);
    expect(task.kind).toBe(kind);
    if (task.kind === 'classification') expect(task.classes).toEqual(['8', '9', '10']);
  });

  test('tabs, quotes, a byte order mark, CRLF, gzip and a column left out', async () => {
    const text = plants
      .replaceAll(',', '\t')
      .replaceAll('green', '"gre""en\tor ""yellow"""')
      .replaceAll('\n', '\r\n');
    const data = await load(
      gzipSync(`\uFEFF${text}\r\n`),
      { drop: ['always'], label: 'kind' },
      'plants.tsv.gz',
    );
    expect(data.name).toBe('plants');
    expect(data.encoding?.columns).toEqual([
      { name: 'width' },
      { name: 'colour', values: ['blue', 'gre"en\tor "yellow"', 'red'] },
    ]);
    expect(data.train.inputs.data).toEqual((await load(plants, { drop: ['always'] })).train.inputs.data);
  });

  test('integers that are codes become categories when named', async () => {
    const text = ['code,y', ...Array.from({ length: 20 }, (_, row) => `${row % 2 ? 10 : 9},${row % 2}`)].join(
      '\n',
    );
    const data = await load(text, { categorical: ['code'] });
    expect(data.encoding).toEqual({ columns: [{ name: 'code', values: ['10', '9'] }] });
    expect(data.inputShape).toEqual([2]);
  });

  test('a category that the training part lacks is told, and sets none of its numbers', async () => {
    const path = join(folder, 'parted');
    const { mkdir } = await import('node:fs/promises');
    await mkdir(path);
    write('a,y\nred,0\nblue,1\nred,0\nblue,1\n', 'parted/train.csv');
    write('y,a\n0,red\n1,pink\n', 'parted/test.csv');
    const data = await loadDataset(path);
    expect(describeDataset(data)).toBe('4 train, 0 validation, 2 test');
    expect([...data.test.inputs.data]).toEqual([0, 1, 0, 0]);
    expect(data.notes).toContain(
      '1 rows of the test part have a value in a that the training part lacks: none is set',
    );
    await expect(loadDataset(path, { test: 0.5 })).rejects.toThrow('has a test part of its own');
    write('a,y\nred,0\nblue,2\n', 'parted/test.csv');
    await expect(loadDataset(path)).rejects.toThrow('class "2" occurs in the test part only (row 1)');
    write('b,y\nred,0\n', 'parted/test.csv');
    await expect(loadDataset(path)).rejects.toThrow('test.csv has no column "a", which');
  });

  test('other rows are read with the encoding, whatever the order of their columns', async () => {
    const { encoding = { columns: [] } } = await load(plants);
    const table = await readTable(write('always,extra,colour,width\n7,?,red,3\n7,?,pink,4\n'));
    const { inputs, outside } = encodeTable(table, encoding);
    expect([...inputs]).toEqual([3, 0, 0, 1, 7, 4, 0, 0, 0, 7]);
    expect([...outside]).toEqual([['colour', 1]]);
    const lacking = await readTable(write('always,colour\n7,red\n'));
    expect(() => encodeTable(lacking, encoding)).toThrow(
      'has no column "width"; its columns are always, colour',
    );
  });

  const tenth = '3,red,7,small';
  test.each<[string, DataOptions, string]>([
    [plants, { label: 'kond' }, 'unknown column "kond"; did you mean "kind"?'],
    [plants, { drop: ['colur'] }, 'unknown column "colur"; did you mean "colour"?'],
    [plants, { task: 'regression' }, 'line 2 has "small" in the column kind; a finite number is expected'],
    [plants, { length: 3 }, 'is a table; the option length says nothing about it'],
    [plants, { test: 30 }, 'test 30 is neither a share from 0 to below 1 nor a count of rows below the 30'],
    [plants, { validation: 27 }, '27 rows for validation leave none of 24 to train on'],
    [plants, { test: 0 }, 'of 30 rows none is left for the test part'],
    [`${plants}\nabc,red,7,small`, {}, 'line 32 has "abc" in the column width; a finite number is expected'],
    [`${plants}\n,red,7,small`, {}, 'line 32 has no value in the column width'],
    [`${plants}\nNA,red,7,small`, {}, 'line 32 has no value ("NA") in the column width'],
    [plants.replaceAll(',7,', ',NA,'), {}, 'has no value ("NA") in the column always; fill it in'],
    [`${plants}\n3, ,7,small`, {}, 'line 32 has no value in the column colour'],
    [`${plants}\n3,red,7,`, {}, 'line 32 has no value in the column kind'],
    [`${plants}\n3,red`, {}, 'line 32 has 2 fields, line 1 has 4'],
    [`${plants}\n${tenth}\n"3`, {}, 'the quote opened on line 33 is never closed'],
    [
      '1,2\n3,4\n',
      {},
      'line 1 holds only numbers; a header with the columns’ names is expected'.replace('’', "'"),
    ],
    ['a,a\n3,4\n', {}, 'two columns are called "a"'],
    ['a,b\n', {}, 'has a header, but no rows'],
    ['', {}, 'is empty; a header and rows are expected'],
    ['y\n1\n2\n', {}, 'a column to predict and one or more to predict it from are needed'],
    [',x,y\n0,1,2\n1,2,3\n', {}, 'column 1 has no name; give it one, or leave it out (drop "column 1")'],
    [
      ['x,y', ...Array.from({ length: 400 }, (_, row) => `name ${row},${row % 2}`)].join('\n'),
      {},
      'the column x holds 320 different texts, more than the 256 of a category; leave it out (drop)',
    ],
  ])('%#: a table at fault is refused by name', async (text, options, message) => {
    await expect(load(text, options)).rejects.toThrow(message);
  });

  test('a text that is not UTF-8 is refused with its line', async () => {
    const latin1 = Buffer.from(plants.replace('30', 'für'), 'latin1');
    const bytes = Buffer.concat([latin1, Buffer.from('\n3,gr\xfcn,7,small\n', 'latin1')]);
    await expect(load(bytes)).rejects.toThrow('line 32 is not UTF-8 text; save the file as UTF-8');
    await expect(loadDataset(join(folder, 'none.csv'))).rejects.toThrow('there is no folder');
  });

  test('damaged tables give a data set or a ScreeError', async () => {
    const bytes = new TextEncoder().encode(plants);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length),
        fc.array(
          fc.tuple(fc.nat(bytes.length - 1), fc.constantFrom('"', ',', '\n', '\r', '\t', '\0', 'é', '7')),
          { maxLength: 4 },
        ),
        async (length, changes) => {
          const damaged = plants.split('');
          for (const [place, character] of changes) damaged[place] = character;
          try {
            const { train } = await load(damaged.join('').slice(0, length), {}, 'damaged.csv');
            expect(train.inputs.data.every(Number.isFinite)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('parseCsv reads what csv-parse reads, with each delimiter', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '\t', '"', '\n', '1'), maxLength: 5 });
  const table = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(table, fc.constantFrom(',', '\t'), (cells, delimiter) => {
      const text = cells
        .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter))
        .join('\r\n');
      expect(parseCsv(text, 'x', { delimiter }).map((row) => row.fields)).toEqual(parse(text, { delimiter }));
    }),
  );
});
