import { z } from 'zod';
import { ScreeError } from '../graph/errors.js';
import type { CsvRow } from './csv.js';

export const tableEncodingSchema = z.strictObject({
  /** The feature columns in the order of the numbers of an example. A column without `values` is a number as it stands. */
  columns: z.array(z.strictObject({ name: z.string(), values: z.array(z.string()).optional() })),
});

/**
 * How the columns of a table become the numbers of an example: a number stays one; of a category with n `values` (those of the
 * training part, in order) n numbers come, 1 at its place and 0 elsewhere. Plain JSON.
 */
export type TableEncoding = z.infer<typeof tableEncodingSchema>;

/** Rows under a header. */
export interface Table {
  /** What to call it in an error, usually its path. */
  readonly source: string;
  readonly header: readonly string[];
  /** Columns that the file gives no name: they are called by their place. */
  readonly unnamed: readonly string[];
  readonly rows: readonly CsvRow[];
}

const MOST_BYTES = 2 ** 31 - 1;
const missing = /^(?:na|n\/a|nan|null|none|\?)?$/i;

/** A cell's number; undefined where it is none. */
export function cellNumber(cell: string): number | undefined {
  const value = Number(cell);
  // An empty text is 0 for Number.
  return !Number.isFinite(value) || (value === 0 && cell.trim() === '') ? undefined : value;
}

/** Whether a cell says that there is no value. */
export function isMissing(cell: string): boolean {
  return missing.test(cell.trim());
}

/** The error for a cell that should be a number. */
export function notANumber({ source }: Table, { line }: CsvRow, name: string, cell: string): ScreeError {
  if (isMissing(cell)) return noValue(source, line, name, cell);
  return new ScreeError(
    `${source}: line ${line} has ${JSON.stringify(cell)} in the column ${name}; a finite number is expected`,
  );
}

function noValue(source: string, line: number, name: string, cell: string): ScreeError {
  const shown = cell.trim() === '' ? '' : ` (${JSON.stringify(cell)})`;
  return new ScreeError(
    `${source}: line ${line} has no value${shown} in the column ${name}; fill it in, or leave out the row or the column`,
  );
}

/** The text of a category's cell. */
export function cellText({ source }: Table, { line }: CsvRow, name: string, cell: string): string {
  const value = cell.trim();
  if (value === '') throw noValue(source, line, name, cell);
  return value;
}

/** Numbers of an example. */
export function encodedWidth({ columns }: TableEncoding): number {
  return columns.reduce((sum, { values }) => sum + (values?.length ?? 1), 0);
}

/** What columns became. */
export interface EncodedTable {
  /** [rows, numbers of an example] */
  readonly inputs: Float64Array;
  /** Rows whose category is none of the encoding's values, by column: all their numbers there are 0. */
  readonly outside: ReadonlyMap<string, number>;
}

/**
 * The rows of a table as numbers. Columns are found by name: others, and their order, do not matter.
 * @throws ScreeError for a column that is missing, and a cell that is empty or not a number, naming line and column
 */
export function encodeTable(table: Table, encoding: TableEncoding): EncodedTable {
  const { source, header, rows } = table;
  const width = encodedWidth(encoding);
  if (rows.length * width * Float64Array.BYTES_PER_ELEMENT > MOST_BYTES) {
    throw new ScreeError(
      `${source}: ${rows.length} rows of ${width} numbers are more than the 2 GiB that are read`,
    );
  }
  const inputs = new Float64Array(rows.length * width);
  const outside = new Map<string, number>();
  let offset = 0;
  for (const { name, values } of encoding.columns) {
    const column = header.indexOf(name);
    if (column < 0) {
      throw new ScreeError(
        `${source} has no column ${JSON.stringify(name)}; its columns are ${header.join(', ')}`,
      );
    }
    const place = values && new Map(values.map((value, index) => [value, index]));
    rows.forEach((row, index) => {
      const cell = row.fields[column];
      const start = index * width + offset;
      if (place === undefined) {
        const value = cellNumber(cell);
        if (value === undefined) throw notANumber(table, row, name, cell);
        inputs[start] = value;
        return;
      }
      const found = place.get(cellText(table, row, name, cell));
      if (found === undefined) outside.set(name, (outside.get(name) ?? 0) + 1);
      else inputs[start + found] = 1;
    });
    offset += values?.length ?? 1;
  }
  return { inputs, outside };
}
