import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';

/** Rows of a data set: those to train on or those to test with. */
export interface Split {
  readonly size: number;
  /** float32 [size, ...inputShape], standardised with the data set's {@link Normalisation}; int32 for characters. */
  readonly inputs: NDArray;
  /** As the data set's {@link Task} says. */
  readonly labels: NDArray;
}

/** What was taken from the source's numbers and what they were divided by, a pair a channel: (value − mean) / std. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
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
  /** Shape of one input; images are [channels, height, width], characters [length]. */
  readonly inputShape: Shape;
  readonly task: Task;
  /** What the inputs were standardised with; absent for characters. */
  readonly normalisation?: Normalisation;
  readonly train: Split;
  readonly validation?: Split;
  readonly test: Split;
}

/** A data set as its files hold it: bytes, row after row, and a label a row. */
export interface RawDataset {
  readonly name: string;
  readonly source: string;
  readonly inputShape: Shape;
  readonly classes: readonly string[];
  readonly train: RawPart;
  readonly test: RawPart;
}

export interface RawPart {
  readonly inputs: Uint8Array;
  readonly labels: Uint8Array;
}

function channelsOf(inputShape: Shape): number {
  return inputShape.length === 3 ? inputShape[0] : 1;
}

/**
 * Mean and standard deviation of each channel over all rows, exact from counts of the 256 values. A constant channel
 * has std 1. Given the train part alone, nothing of the test part leaks into training.
 * @param inputs bytes [rows, ...inputShape]
 */
export function standardisation(inputs: Uint8Array, inputShape: Shape): Normalisation {
  const channels = channelsOf(inputShape);
  const plane = sizeOf(inputShape) / channels;
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (
    let start = 0, channel = 0;
    start < inputs.length;
    start += plane, channel = (channel + 1) % channels
  ) {
    const count = counts[channel];
    for (let index = start; index < start + plane; index++) count[inputs[index]]++;
  }
  const total = inputs.length / channels;
  const mean = counts.map((count) => count.reduce((sum, seen, value) => sum + seen * value, 0) / total);
  const std = counts.map((count, channel) => {
    const squares = count.reduce((sum, seen, value) => sum + seen * (value - mean[channel]) ** 2, 0);
    return Math.sqrt(squares / total) || 1;
  });
  return { mean, std };
}

/**
 * (value − mean) / std for every byte, rounded once to float32.
 * @param inputs bytes [rows, ...inputShape]
 * @throws ScreeError when the constants are not one finite pair a channel with std above 0
 */
export function normalise(inputs: Uint8Array, inputShape: Shape, { mean, std }: Normalisation): Float32Array {
  const channels = channelsOf(inputShape);
  const usable =
    mean.every((value) => Number.isFinite(value)) && std.every((value) => value > 0 && value < Infinity);
  if (mean.length !== channels || std.length !== channels || !usable) {
    throw new ScreeError(
      `normalise: inputs of shape ${showShape(inputShape)} need ${channels} finite mean and positive std, ` +
        `not [${mean.join(', ')}] and [${std.join(', ')}]`,
    );
  }
  const plane = sizeOf(inputShape) / channels;
  const tables = mean.map((middle, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => (value - middle) / std[channel]),
  );
  const out = new Float32Array(inputs.length);
  for (
    let start = 0, channel = 0;
    start < inputs.length;
    start += plane, channel = (channel + 1) % channels
  ) {
    const table = tables[channel];
    for (let index = start; index < start + plane; index++) out[index] = table[inputs[index]];
  }
  return out;
}

function checkPart(
  { name, inputShape, classes }: RawDataset,
  part: string,
  { inputs, labels }: RawPart,
): void {
  if (labels.length === 0) throw new ScreeError(`${name}: the ${part} part has no rows`);
  const size = sizeOf(inputShape);
  if (inputs.length !== labels.length * size) {
    throw new ScreeError(
      `${name}: the ${part} part has ${labels.length} labels, but ${inputs.length / size} inputs of shape ${showShape(inputShape)}`,
    );
  }
  const row = labels.findIndex((label) => label >= classes.length);
  if (row >= 0) {
    throw new ScreeError(
      `${name}: label ${labels[row]} of row ${row} of the ${part} part is outside the ${classes.length} classes, 0 to ${classes.length - 1}`,
    );
  }
}

/**
 * A checked, standardised data set from bytes.
 * @param normalisation constants of an earlier run; by default those of the train part
 * @throws ScreeError for a part without rows, inputs and labels of different counts, or a label outside the classes,
 *   naming row and value
 */
export function createDataset(raw: RawDataset, normalisation?: Normalisation): Dataset {
  checkPart(raw, 'train', raw.train);
  checkPart(raw, 'test', raw.test);
  const { name, source, inputShape, classes } = raw;
  const constants = normalisation ?? standardisation(raw.train.inputs, inputShape);
  const split = ({ inputs, labels }: RawPart): Split => ({
    size: labels.length,
    inputs: {
      data: normalise(inputs, inputShape, constants),
      shape: [labels.length, ...inputShape],
      dtype: 'float32',
    },
    labels: { data: Int32Array.from(labels), shape: [labels.length], dtype: 'int32' },
  });
  return {
    name,
    source,
    inputShape,
    task: { kind: 'classification', classes },
    normalisation: constants,
    train: split(raw.train),
    test: split(raw.test),
  };
}
