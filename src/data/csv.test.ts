import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { parseCsv } from './csv.js';

function fieldsOf(text: string): (readonly string[])[] {
  return parseCsv(text, 'table.csv').map((row) => row.fields);
}

/** RFC 4180's writer. */
function write(rows: readonly (readonly string[])[], lineBreak: string): string {
  const quote = (field: string): string =>
    /[",\r\n]/.test(field) || field === '' ? `"${field.replaceAll('"', '""')}"` : field;
  return rows.map((row) => row.map(quote).join(',') + lineBreak).join('');
}

describe('parseCsv', () => {
  test.each([
    [
      '1,2\n3,4\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      '1,2\r\n3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['\uFEFFa,b\n', [['a', 'b']]],
    [
      'a,\n,b',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['"a,b","c ""d"""\n', [['a,b', 'c "d"']]],
    ['"two\nlines",x\n', [['two\nlines', 'x']]],
    ['\n\r\na,b\n\n', [['a', 'b']]],
    ['""\n', [['']]],
    ['', []],
  ])('%j', (text, expected) => {
    expect(fieldsOf(text)).toEqual(expected);
  });

  test('reads what a writer of RFC 4180 writes, with both line breaks', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\r', '1'),
      maxLength: 6,
    });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 6 }));
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n'), (rows, lineBreak) => {
        expect(fieldsOf(write(rows, lineBreak))).toEqual(rows);
      }),
    );
  });

  test('rows know their lines, also after line breaks in fields and blank lines', () => {
    expect(parseCsv('a\n"b\nc"\n\nd\n', 'table.csv').map((row) => row.line)).toEqual([1, 2, 5]);
  });

  test.each([
    ['a,b\nc\n', 'table.csv: line 2 has 1 fields, line 1 has 2'],
    ['a\n"b\nc', 'table.csv: the quote opened on line 2 is never closed'],
    ['"a"b,c', 'table.csv: line 1 has text after a closing quote; write "" for a quote in a field'],
    ['x\na"b"', 'table.csv: line 2 has a quote inside a field; quote the whole field'],
  ])('%j is refused', (text, message) => {
    expect(() => parseCsv(text, 'table.csv')).toThrow(new ScreeError(message));
  });

  test('any text gives rows or a ScreeError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r') }), (text) => {
        try {
          const rows = fieldsOf(text);
          expect(rows.every((row) => row.length === rows[0].length)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ScreeError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
