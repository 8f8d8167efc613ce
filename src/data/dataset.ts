import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import { channelsOf, normalise, standardisation, type Normalisation, type RawNumbers } from './normalise.js';
import { holdOutValidation, splitRows, type SplitOptions } from './split.js';
import type { TableEncoding } from './table-encoding.js';

/** Rows of a data set: those to train on, to choose by, or to test with. */
export interface Split {
  readonly size: number;
  /** float32 [size, ...inputShape], standardised with the data set's {@link Normalisation}; int32 for characters. */
  readonly inputs: NDArray;
  /** As the data set's {@link Task} says. */
  readonly labels: NDArray;
}

/** What is to be learnt of a row: which labels it has, and what a model gives for it. */
export type Task =
  /** Labels are int32 [size], indices of the classes. */
  | { readonly kind: 'classification'; readonly classes: readonly string[] }
  /** Labels are float32 [size]: (target − mean) / std, with the constants of the training part. */
  | { readonly kind: 'regression'; readonly target: string; readonly mean: number; readonly std: number }
  /** Inputs are int32 [size, length], indices of the alphabet; labels int32 [size, length], the next character of each. */
  | { readonly kind: 'characters'; readonly alphabet: readonly string[] };

/** How many numbers a model gives for a row (a place of a row of characters): what its `build(input, outputs)` gets. */
export function outputSize(task: Task): number {
  switch (task.kind) {
    case 'classification':
      return task.classes.length;
    case 'regression':
      return 1;
    case 'characters':
      return task.alphabet.length;
  }
}

export interface Dataset {
  readonly name: string;
  /** Where it was read from, for people. */
  readonly source: string;
  /** Shape of one input; images are [channels, height, width], rows of a table [features], characters [length]. */
  readonly inputShape: Shape;
  readonly task: Task;
  /** What the inputs were standardised with; absent for characters. */
  readonly normalisation?: Normalisation;
  /** How the columns of a table became numbers: other rows are read with it. Plain JSON. */
  readonly encoding?: TableEncoding;
  /** What a reader should be told, a sentence each: which column was taken as the label, what was left out. */
  readonly notes: readonly string[];
  readonly train: Split;
  readonly validation?: Split;
  readonly test: Split;
}

/** A data set as its files hold it. */
export type RawDataset = {
  readonly name: string;
  readonly source: string;
  readonly inputShape: Shape;
  readonly train: RawPart;
  /** Where the source has no such part, it is taken from the training part as the {@link SplitOptions} say. */
  readonly validation?: RawPart;
  readonly test?: RawPart;
  /** The parts are as the options say already: nothing more is taken from the training part. */
  readonly divided?: boolean;
  /** Equal pieces of an example that have their own mean and std. Default its channels; 1 where it is no image. */
  readonly groups?: number;
  /** Features that are left as they are, such as the 0 and 1 of a category. */
  readonly unscaled?: readonly number[];
  readonly encoding?: TableEncoding;
  readonly notes?: readonly string[];
} & (
  | { readonly classes: readonly string[]; readonly target?: undefined }
  /** Labels are numbers to be predicted; `target` is what they are called. */
  | { readonly target: string; readonly classes?: undefined }
);

export interface RawPart {
  /** Row after row: [rows, ...inputShape]. */
  readonly inputs: RawNumbers;
  /** A class or a number a row. */
  readonly labels: Uint8Array | Int32Array | Float64Array;
}

/** A source of bytes with both parts. */
export type ByteDataset = RawDataset & { readonly train: BytePart; readonly test: BytePart };

export interface BytePart extends RawPart {
  readonly inputs: Uint8Array;
  readonly labels: Uint8Array;
}

export interface DatasetOptions extends SplitOptions {
  /** Constants of an earlier run; by default those of the training part. */
  readonly normalisation?: Normalisation;
}

type PartName = 'train' | 'validation' | 'test';

function checkPart(raw: RawDataset, part: PartName, { inputs, labels }: RawPart): void {
  const { name, inputShape, classes } = raw;
  if (labels.length === 0) throw new ScreeError(`${name}: the ${part} part has no rows`);
  const size = sizeOf(inputShape);
  if (inputs.length !== labels.length * size) {
    throw new ScreeError(
      `${name}: the ${part} part has ${labels.length} labels, but ${inputs.length / size} inputs of shape ${showShape(inputShape)}`,
    );
  }
  const odd = inputs instanceof Uint8Array ? -1 : inputs.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new ScreeError(
      `${name}: ${inputs[odd]} in row ${Math.floor(odd / size)} of the ${part} part; inputs must be finite numbers`,
    );
  }
  const fits =
    classes === undefined ? Number.isFinite : (label: number) => label >= 0 && label < classes.length;
  const row = labels.findIndex((label) => !fits(label));
  if (row < 0) return;
  throw new ScreeError(
    classes === undefined
      ? `${name}: ${labels[row]} as the target of row ${row} of the ${part} part; it must be a finite number`
      : `${name}: label ${labels[row]} of row ${row} of the ${part} part is outside the ${classes.length} classes, 0 to ${classes.length - 1}`,
  );
}

/** What no row of the training part is labelled with cannot be learnt. */
function checkClasses({ name, classes, train }: RawDataset, part: PartName, { labels }: RawPart): void {
  if (classes === undefined) return;
  const seen = new Uint8Array(classes.length);
  for (const label of train.labels) seen[label] = 1;
  const row = labels.findIndex((label) => seen[label] === 0);
  if (row < 0) return;
  throw new ScreeError(
    `${name}: class ${JSON.stringify(classes[labels[row]])} occurs in the ${part} part only (row ${row}); ` +
      `every class needs rows in the training part`,
  );
}

/** The rows of a part, in the order given. */
function takeRows({ inputs, labels }: RawPart, width: number, rows: readonly number[]): RawPart {
  const likeInputs = (length: number): RawNumbers => {
    if (inputs instanceof Uint8Array) return new Uint8Array(length);
    return inputs instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  };
  const taken = likeInputs(rows.length * width);
  rows.forEach((row, place) => taken.set(inputs.subarray(row * width, (row + 1) * width), place * width));
  const own = labels.slice(0, rows.length);
  rows.forEach((row, place) => (own[place] = labels[row]));
  return { inputs: taken, labels: own };
}

/** Divides a source as the options say; parts of its own stay as they are. */
function divide(raw: RawDataset, options: SplitOptions): RawDataset & { readonly test: RawPart } {
  const { name, inputShape, classes, train, validation, test } = raw;
  if (test !== undefined && options.test !== undefined) {
    throw new ScreeError(`${name} has a test part of its own; the option test is for a source without one`);
  }
  if (validation !== undefined && options.validation !== undefined) {
    throw new ScreeError(
      `${name} has a validation part of its own; the option validation is for a source without one`,
    );
  }
  const labels = classes === undefined ? train.labels.length : train.labels;
  const take = (rows: readonly number[]): RawPart => takeRows(train, sizeOf(inputShape), rows);
  if (test === undefined) {
    const rows = splitRows(name, labels, validation === undefined ? options : { ...options, validation: 0 });
    return {
      ...raw,
      train: take(rows.train),
      test: take(rows.test),
      ...(rows.validation.length > 0 && { validation: take(rows.validation) }),
    };
  }
  if (!options.validation) return { ...raw, test };
  const all = Array.from(train.labels, (_, row) => row);
  const rows = holdOutValidation(name, labels, all, options);
  if (rows.validation.length === 0) return { ...raw, test };
  return { ...raw, train: take(rows.train), validation: take(rows.validation), test };
}

/** The training part's constants, those of unscaled features being no change. */
function constantsOf({ train, inputShape, groups, unscaled = [] }: RawDataset): Normalisation {
  const { mean, std } = standardisation(train.inputs, inputShape, groups ?? channelsOf(inputShape));
  const kept = new Set(unscaled);
  return {
    mean: mean.map((value, index) => (kept.has(index) ? 0 : value)),
    std: std.map((value, index) => (kept.has(index) ? 1 : value)),
  };
}

/**
 * A checked, divided and standardised data set.
 * @throws ScreeError for a part without rows, inputs and labels of different counts, a number that is not finite, a label
 *   outside the classes or in another part than the training part only, naming row and value
 */
export function createDataset(
  source: RawDataset,
  { normalisation, ...options }: DatasetOptions = {},
): Dataset {
  checkPart(source, 'train', source.train);
  const raw = divide(source, options);
  for (const part of ['validation', 'test'] as const) {
    const rows = raw[part];
    if (rows === undefined) continue;
    checkPart(raw, part, rows);
    checkClasses(raw, part, rows);
  }
  const { name, inputShape, classes, encoding, notes = [] } = raw;
  const constants = normalisation ?? constantsOf(raw);
  const labelling = taskOf(raw);
  const split = ({ inputs, labels }: RawPart): Split => ({
    size: labels.length,
    inputs: {
      data: normalise(inputs, inputShape, constants),
      shape: [labels.length, ...inputShape],
      dtype: 'float32',
    },
    labels:
      labelling.kind === 'regression'
        ? {
            data: Float32Array.from(labels, (label) => (label - labelling.mean) / labelling.std),
            shape: [labels.length],
            dtype: 'float32',
          }
        : { data: Int32Array.from(labels), shape: [labels.length], dtype: 'int32' },
  });
  return {
    name,
    source: raw.source,
    inputShape,
    task: classes === undefined ? labelling : { kind: 'classification', classes },
    normalisation: constants,
    ...(encoding && { encoding }),
    notes,
    train: split(raw.train),
    ...(raw.validation && { validation: split(raw.validation) }),
    test: split(raw.test),
  };
}

function taskOf(raw: RawDataset): Extract<Task, { kind: 'classification' | 'regression' }> {
  if (raw.classes !== undefined) return { kind: 'classification', classes: raw.classes };
  const { mean, std } = standardisation(Float64Array.from(raw.train.labels), [1]);
  return { kind: 'regression', target: raw.target, mean: mean[0], std: std[0] };
}

const whole = new Intl.NumberFormat('en');

/** The sizes of the parts in one line, such as `1,437 train, 0 validation, 360 test`. */
export function describe({ train, validation, test }: Dataset): string {
  return [
    `${whole.format(train.size)} train`,
    `${whole.format(validation?.size ?? 0)} validation`,
    `${whole.format(test.size)} test`,
  ].join(', ');
}
