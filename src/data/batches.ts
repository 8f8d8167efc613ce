import { allocate, type TypedArray } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { sizeOf } from '../graph/shape.js';
import { permutation } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { rowWriter, type RowWriter } from './augment-rows.js';
import type { Augmentation } from './augment.js';
import type { Split } from './dataset.js';
import { mixWithNext, symmetricBeta } from './mixup.js';
import type { Normalisation } from './normalise.js';

/** Rows for one step. */
export interface Batch {
  /** [size, ...inputShape] of the split's dtype. */
  readonly inputs: NDArray;
  /** [size, …] of the split's dtype. */
  readonly labels: NDArray;
  /**
   * With mixup: each example is `weight` of one with `labels` and 1 − `weight` of one with `mix.labels`; so is its loss.
   * The weight is float32 [], from 0 to 1.
   */
  readonly mix?: { readonly labels: NDArray; readonly weight: NDArray };
  readonly size: number;
  readonly epoch: number;
  /** Place in the epoch, from 0. */
  readonly index: number;
}

/** Rows of a batch that follow one another. */
export interface BatchPart {
  readonly first: number;
  readonly count: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** Epoch e takes the rows in the order drawn from its fork e; without it they come in the order of the split. */
  readonly shuffle?: Generator;
  /** Leave out the last batch of an epoch when it is not full. */
  readonly dropLast?: boolean;
  /** Make these rows of each batch only, the same ones as in the whole; batches that are not full must be left out. */
  readonly part?: BatchPart;
  /** Change the examples, in each epoch anew: the same ones for the same generator, epoch and row (for mixup, batch). */
  readonly augment?: {
    readonly augmentation: Augmentation;
    readonly generator: Generator;
    /** The data set's: tells what black is. */
    readonly normalisation?: Normalisation;
  };
}

export interface Batches {
  readonly perEpoch: number;
  /**
   * The batches of an epoch from batch `first` on: the same as if the ones before had been taken.
   * A batch's arrays are valid until the next but one is asked for, from this or another epoch: two buffers take
   * turns, so that the next batch can be prepared while a step still reads the last. Every full batch is in one of
   * the same two pairs of typed arrays.
   */
  epoch(epoch: number, first?: number): IterableIterator<Batch>;
}

interface Arrays {
  readonly inputs: NDArray;
  readonly labels: NDArray;
  /** Labels of what is mixed in. */
  readonly others: NDArray;
}

/** One of the two places for a batch: arrays for a full one, and views of them for the last, shorter one. */
interface Place {
  readonly full: Arrays;
  readonly last: Arrays;
  readonly weight: NDArray;
}

function head(array: NDArray, rows: number): NDArray {
  const shape = [rows, ...array.shape.slice(1)];
  return { data: array.data.subarray(0, sizeOf(shape)), shape, dtype: array.dtype };
}

function place(split: Split, batchSize: number, lastSize: number): Place {
  const make = ({ shape, dtype }: NDArray): NDArray => {
    const full = [batchSize, ...shape.slice(1)];
    return { data: allocate(dtype, sizeOf(full)), shape: full, dtype };
  };
  const full = { inputs: make(split.inputs), labels: make(split.labels), others: make(split.labels) };
  return {
    full,
    last: {
      inputs: head(full.inputs, lastSize),
      labels: head(full.labels, lastSize),
      others: head(full.others, lastSize),
    },
    weight: { data: new Float32Array(1), shape: [], dtype: 'float32' },
  };
}

/** Copies row order[first + i] of `from` to row i of `to`, `size` rows of `width` numbers. */
function gather(
  from: TypedArray,
  to: TypedArray,
  order: Int32Array,
  first: number,
  size: number,
  width: number,
): void {
  if (width === 1) {
    for (let row = 0; row < size; row++) to[row] = from[order[first + row]];
    return;
  }
  for (let row = 0; row < size; row++) {
    const start = order[first + row] * width;
    to.set(from.subarray(start, start + width), row * width);
  }
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ScreeError(`batches: ${name} ${value} is not an integer from ${low} to ${high}`);
  }
}

function writerOf(
  { inputs }: Split,
  { augmentation, normalisation }: NonNullable<BatchOptions['augment']>,
): RowWriter {
  if (!(inputs.data instanceof Float32Array)) {
    throw new ScreeError(`augmentation: ${inputs.dtype} examples, such as characters, cannot be changed`);
  }
  return rowWriter(inputs.data, inputs.shape.slice(1), augmentation, normalisation);
}

/**
 * Cuts a split into batches.
 * @throws ScreeError when batchSize is not an integer from 1 to the rows of the split, or the examples cannot be augmented
 */
export function batches(
  split: Split,
  { batchSize, shuffle, dropLast = false, augment, part }: BatchOptions,
): Batches {
  requireWhole('batchSize', batchSize, 1, Infinity);
  if (batchSize > split.size) {
    throw new ScreeError(
      `batches: a batch of ${batchSize} is more than the ${split.size} rows there are; take 1 to ${split.size}`,
    );
  }
  const rest = split.size % batchSize;
  if (part !== undefined) {
    requireWhole("part's first row", part.first, 0, batchSize - 1);
    requireWhole("part's rows", part.count, 1, batchSize - part.first);
    if (rest > 0 && !dropLast) throw new ScreeError('batches: a part is of full batches only: take dropLast');
  }
  const { first: skipped, count } = part ?? { first: 0, count: batchSize };
  const lastSize = rest === 0 || part !== undefined ? count : rest;
  const perEpoch = Math.floor(split.size / batchSize) + (rest > 0 && !dropLast ? 1 : 0);
  const width = sizeOf(split.inputs.shape.slice(1));
  const labelWidth = sizeOf(split.labels.shape.slice(1));
  const places = [place(split, count, lastSize), place(split, count, lastSize)];
  // With mixup the row behind a part, which is mixed into its last.
  const next = new Float32Array(augment?.augmentation.mixup === undefined ? 0 : width);
  const orderOf = (epoch: number): Int32Array =>
    shuffle ? permutation(shuffle.fork(epoch), split.size) : new Int32Array(split.size).map((_, row) => row);
  const write = augment && writerOf(split, augment);
  const mixup = augment?.augmentation.mixup;
  let turn = 0;

  function* epochBatches(epoch: number, first: number): IterableIterator<Batch> {
    const order = orderOf(epoch);
    const generator = augment?.generator.fork(epoch);
    for (let index = first; index < perEpoch; index++) {
      const whole = Math.min(batchSize, split.size - index * batchSize);
      const start = index * batchSize + skipped;
      const size = Math.min(count, whole);
      const { full, last, weight } = places[turn];
      const { inputs, labels, others } = size === count ? full : last;
      turn = 1 - turn;
      gather(split.labels.data, labels.data, order, start, size, labelWidth);
      if (write === undefined || generator === undefined || !(inputs.data instanceof Float32Array)) {
        gather(split.inputs.data, inputs.data, order, start, size, width);
        yield { inputs, labels, size, epoch, index };
        continue;
      }
      for (let row = 0; row < size; row++) write(inputs.data, row * width, order[start + row], generator.key);
      if (mixup === undefined) {
        yield { inputs, labels, size, epoch, index };
        continue;
      }
      weight.data[0] = symmetricBeta(generator.fork(index), mixup.alpha);
      // The whole batch's last row is mixed with its first.
      const behind = index * batchSize + ((skipped + size) % whole);
      write(next, 0, order[behind], generator.key);
      mixWithNext(inputs.data, width, weight.data[0], next);
      others.data.set(labels.data.subarray(labelWidth));
      const label = order[behind] * labelWidth;
      others.data.set(split.labels.data.subarray(label, label + labelWidth), labels.data.length - labelWidth);
      yield { inputs, labels, mix: { labels: others, weight }, size, epoch, index };
    }
  }

  return {
    perEpoch,
    epoch(epoch, first = 0) {
      requireWhole('epoch', epoch, 0, Number.MAX_SAFE_INTEGER);
      requireWhole('first batch', first, 0, perEpoch);
      return epochBatches(epoch, first);
    },
  };
}
