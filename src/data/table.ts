import { basename } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';
import { parseCsv, type CsvRow } from './csv.js';
import type { RawDataset, RawPart } from './dataset.js';
import { labelNumbers, labelTexts, sayLabels, type Labelling } from './labels.js';
import { checkOptions, type DataOptions } from './options.js';
import { holdOutValidation, splitRows, type PartRows } from './split.js';
import {
  cellNumber,
  cellText,
  encodedWidth,
  encodeTable,
  isMissing,
  notANumber,
  type Table,
  type TableEncoding,
} from './table-encoding.js';
import { readText } from './text-file.js';

const labelNames = ['label', 'target', 'class', 'y'];
/** A column of texts with more different ones is no category: names, numbers of things, free text. */
const MOST_VALUES = 256;

/** Whether a path's ending is that of a table. */
export function isTablePath(path: string): boolean {
  return /\.[ct]sv(?:\.gz)?$/i.test(path);
}

/**
 * Reads a table with a header: commas between the fields (.csv) or tabs (.tsv), RFC 4180's quotes, UTF-8, plain or gzip.
 * @throws ScreeError for a header with a name twice or none, rows of another length, or no rows
 */
export async function readTable(path: string): Promise<Table> {
  const delimiter = /\.tsv(?:\.gz)?$/i.test(path) ? '\t' : ',';
  const [head, ...rows] = parseCsv(await readText(path), path, { delimiter });
  if (head === undefined) throw new ScreeError(`${path} is empty; a header and rows are expected`);
  const header = head.fields.map((name) => name.trim());
  if (header.every((name) => cellNumber(name) !== undefined)) {
    throw new ScreeError(
      `${path}: line ${head.line} holds only numbers; a header with the columns' names is expected`,
    );
  }
  header.forEach((name, column) => {
    if (name !== '' && header.indexOf(name) !== column) {
      throw new ScreeError(
        `${path}: two columns are called ${JSON.stringify(name)}; give each a name of its own`,
      );
    }
  });
  if (rows.length === 0) throw new ScreeError(`${path} has a header, but no rows`);
  // An index without a name is what many programs write first: it can be dropped by its place.
  const names = header.map((name, column) => name || `column ${column + 1}`);
  return { source: path, header: names, unnamed: names.filter((_, column) => header[column] === ''), rows };
}

/**
 * A data set from a table: one column is to be predicted, the others are features. Numbers are standardised with the training
 * part alone; a column of texts is a category, and becomes a 0 or 1 for each of its values in the training part.
 * @param testPath a table with the same columns for the test; by default rows of the one table are held back
 * @returns divided as the options say
 * @throws ScreeError for whatever is wrong in it, naming line and column
 */
export async function readTableDataset(
  path: string,
  options: DataOptions = {},
  testPath?: string,
): Promise<RawDataset> {
  checkOptions(path, 'table', options);
  const table = await readTable(path);
  const test = testPath === undefined ? undefined : await readTestTable(testPath, table);
  const all: Table = test === undefined ? table : { ...table, rows: [...table.rows, ...test.rows] };
  const { label, how, features } = chooseColumns(table, options);
  const labelling = readLabels(table, test, label, options.task);
  const classes = labelling.classes === undefined ? undefined : labelling.labels;
  const name = basename(path).replace(/\.[ct]sv(?:\.gz)?$/i, '');
  const parts =
    test === undefined
      ? splitRows(name, classes ?? all.rows.length, options)
      : withTest(name, table.rows.length, all.rows.length, classes, options);
  const encoding = chooseEncoding(table, test, features, parts.train, options);
  const notes = [sayLabels(`the column ${label}${how}`, labelling, options.task)];
  const categories = encoding.columns.filter(({ values }) => values !== undefined);
  if (categories.length > 0) {
    const list = categories.map((column) => `${column.name} (${column.values?.length})`).join(', ');
    notes.push(`categories, and how many values each has in the training part: ${list}`);
  }
  const partOf = (rows: readonly number[], which: string): RawPart => {
    const chosen: Table = { ...table, rows: rows.map((row) => all.rows[row]) };
    const { inputs, outside } = encodeTable(chosen, encoding);
    for (const [column, count] of outside) {
      notes.push(
        `${count} rows of the ${which} part have a value in ${column} that the training part lacks: none is set`,
      );
    }
    const labels = labelling.labels.slice(0, rows.length);
    rows.forEach((row, place) => (labels[place] = labelling.labels[row]));
    return { inputs, labels };
  };
  const train = partOf(parts.train, 'training');
  const validation = parts.validation.length === 0 ? undefined : partOf(parts.validation, 'validation');
  const width = encodedWidth(encoding);
  return {
    name,
    source: path,
    divided: true,
    inputShape: [width],
    groups: width,
    unscaled: oneHotPlaces(encoding),
    encoding,
    notes,
    train,
    ...(validation && { validation }),
    test: partOf(parts.test, 'test'),
    ...(labelling.classes === undefined ? { target: label } : { classes: labelling.classes }),
  };
}

/** The test table with its columns in the order of the other. */
async function readTestTable(path: string, { source, header }: Table): Promise<Table> {
  const table = await readTable(path);
  const order = header.map((name) => {
    const column = table.header.indexOf(name);
    if (column < 0)
      throw new ScreeError(`${path} has no column ${JSON.stringify(name)}, which ${source} has`);
    return column;
  });
  const rows = table.rows.map(({ line, fields }): CsvRow => ({
    line,
    fields: order.map((column) => fields[column]),
  }));
  return { source: path, header, unnamed: table.unnamed, rows };
}

function withTest(
  name: string,
  trainRows: number,
  rows: number,
  classes: ArrayLike<number> | undefined,
  options: DataOptions,
): PartRows {
  if (options.test !== undefined) {
    throw new ScreeError(`${name} has a test part of its own; the option test is for a source without one`);
  }
  const own = Array.from({ length: trainRows }, (_, row) => row);
  const labels = classes === undefined ? trainRows : Array.from(classes).slice(0, trainRows);
  return {
    ...holdOutValidation(name, labels, own, options),
    test: Array.from({ length: rows - trainRows }, (_, row) => trainRows + row),
  };
}

interface ChosenColumns {
  readonly label: string;
  /** Why that one was taken, where nobody said it. */
  readonly how: string;
  readonly features: readonly string[];
}

function chooseColumns(
  { source, header, unnamed }: Table,
  { label, drop = [], categorical = [] }: DataOptions,
): ChosenColumns {
  for (const name of [...(label === undefined ? [] : [label]), ...drop, ...categorical]) {
    if (!header.includes(name)) throw new ScreeError(`${source}: ${unknownName('column', name, header)}`);
  }
  const left = header.filter((name) => !drop.includes(name));
  const usual = labelNames.flatMap((name) => left.filter((column) => column.toLowerCase() === name))[0];
  const chosen = label ?? usual ?? left.at(-1);
  const features = left.filter((name) => name !== chosen);
  if (chosen === undefined || drop.includes(chosen) || features.length === 0) {
    throw new ScreeError(`${source}: a column to predict and one or more to predict it from are needed`);
  }
  const nameless = features.find((name) => unnamed.includes(name));
  if (nameless !== undefined) {
    throw new ScreeError(
      `${source}: ${nameless} has no name; give it one, or leave it out (drop ${JSON.stringify(nameless)})`,
    );
  }
  return { label: chosen, how: label !== undefined || usual !== undefined ? '' : ' (the last)', features };
}

function readLabels(
  table: Table,
  test: Table | undefined,
  name: string,
  task: DataOptions['task'],
): Labelling {
  const column = table.header.indexOf(name);
  const cells = [table, ...(test ? [test] : [])].flatMap((part) =>
    part.rows.map((row) => ({ part, row, cell: row.fields[column] })),
  );
  const numbers = cells.map(({ cell }) => cellNumber(cell));
  const odd = numbers.indexOf(undefined);
  if (odd < 0)
    return labelNumbers(
      numbers.map((value) => value ?? NaN),
      task,
    );
  const given = numbers.filter((value) => value !== undefined).length;
  // Where most are numbers, another text is a slip: as a class of its own it would be learnt.
  if (task === 'regression' || (task === undefined && 2 * given > cells.length)) {
    const { part, row, cell } = cells[odd];
    throw notANumber(part, row, name, cell);
  }
  return labelTexts(cells.map(({ part, row, cell }) => cellText(part, row, name, cell)));
}

function chooseEncoding(
  table: Table,
  test: Table | undefined,
  features: readonly string[],
  trainRows: readonly number[],
  { categorical = [] }: DataOptions,
): TableEncoding {
  const columns = features.map((name): TableEncoding['columns'][number] => {
    const column = table.header.indexOf(name);
    const parts = [table, ...(test ? [test] : [])];
    const cells = parts.flatMap(({ rows }) => rows.map(({ fields }) => fields[column]));
    if (!categorical.includes(name) && areNumbers(cells)) return { name };
    for (const part of parts) for (const row of part.rows) cellText(part, row, name, row.fields[column]);
    const values = [...new Set(trainRows.map((row) => cells[row].trim()))].sort();
    if (values.length > MOST_VALUES) {
      throw new ScreeError(
        `${table.source}: the column ${name} holds ${values.length} different texts, more than the ${MOST_VALUES} of a category; leave it out (drop)`,
      );
    }
    return { name, values };
  });
  return { columns };
}

/** Whether a column is one of numbers: more of its cells are numbers than texts, those without a value aside. */
function areNumbers(cells: readonly string[]): boolean {
  let numbers = 0;
  let texts = 0;
  for (const cell of cells) {
    if (cellNumber(cell) !== undefined) numbers++;
    else if (!isMissing(cell)) texts++;
    if (2 * numbers > cells.length) return true;
  }
  return numbers > texts || texts === 0;
}

/** The numbers of an example that are 0 or 1 for a category. */
function oneHotPlaces({ columns }: TableEncoding): number[] {
  let offset = 0;
  return columns.flatMap(({ values }) => {
    const start = offset;
    offset += values?.length ?? 1;
    return values === undefined ? [] : values.map((_, index) => start + index);
  });
}
