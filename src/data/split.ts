import { ScreeError } from '../graph/errors.js';
import { permutation } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { stratifiedSplit } from './stratify.js';

/** How a source is divided. */
export interface SplitOptions {
  /** Rows held back for validation: a share below 1 or a count of rows. Default 0: none. */
  readonly validation?: number;
  /** Rows held back for the test, of a source without a test part of its own: a share below 1 or a count. Default 0.2. */
  readonly test?: number;
  /** Default 0. A run's own seed does not change the split, so that runs can be compared. */
  readonly splitSeed?: number;
}

/** Row numbers of the parts, each in ascending order. */
export interface PartRows {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

const DEFAULT_TEST = 0.2;

/**
 * The rows that a share or a count asks for.
 * @throws ScreeError when it is neither
 */
export function rowsOf(option: 'validation' | 'test', value: number, rows: number, name: string): number {
  if (value >= 0 && value < 1) return Math.round(value * rows);
  if (Number.isInteger(value) && value >= 1 && value < rows) return value;
  throw new ScreeError(
    `${name}: ${option} ${value} is neither a share from 0 to below 1 nor a count of rows below the ${rows} there are`,
  );
}

/**
 * Divides the rows of a source without parts: at random from `splitSeed`, and so that classes have equal shares where there are
 * classes. The test part is drawn first, the validation part from the rest: another validation leaves the test as it is.
 * @param labels class of each row, or the count of rows where there are no classes
 * @throws ScreeError when shares and counts leave a part without rows
 */
export function splitRows(
  name: string,
  labels: ArrayLike<number> | number,
  { validation = 0, test = DEFAULT_TEST, splitSeed = 0 }: SplitOptions,
): PartRows {
  const rows = typeof labels === 'number' ? labels : labels.length;
  const generator = new Generator(splitSeed).fork('split');
  const testSize = rowsOf('test', test, rows, name);
  const held = divide(labels, testSize, generator.fork('test'));
  if (held.test.length === 0) {
    throw new ScreeError(
      `${name}: of ${rows} rows none is left for the test part; give test as a count of rows`,
    );
  }
  return { ...holdOutValidation(name, labels, held.train, { validation, splitSeed }), test: held.test };
}

/**
 * Takes the validation part, a share or a count of all rows given here, from the rows for training.
 * @param labels as for {@link splitRows}, of all rows
 * @param candidates the rows for training
 */
export function holdOutValidation(
  name: string,
  labels: ArrayLike<number> | number,
  candidates: readonly number[],
  { validation = 0, splitSeed = 0 }: SplitOptions,
): Omit<PartRows, 'test'> {
  const rows = typeof labels === 'number' ? labels : labels.length;
  const size = rowsOf('validation', validation, rows, name);
  if (size >= candidates.length) {
    throw new ScreeError(
      `${name}: ${size} rows for validation leave none of ${candidates.length} to train on; ask for fewer`,
    );
  }
  const own = typeof labels === 'number' ? candidates.length : candidates.map((row) => labels[row]);
  const { train, test } = divide(own, size, new Generator(splitSeed).fork('split').fork('validation'));
  if (size > 0 && test.length === 0) {
    throw new ScreeError(`${name}: every class has a single row to train on; none is left for validation`);
  }
  return {
    train: train.map((index) => candidates[index]),
    validation: test.map((index) => candidates[index]),
  };
}

function divide(
  labels: ArrayLike<number> | number,
  size: number,
  generator: Generator,
): { train: number[]; test: number[] } {
  if (typeof labels !== 'number') return stratifiedSplit(labels, size, generator);
  const order = [...permutation(generator, labels)];
  const ascending = (a: number, b: number): number => a - b;
  return { test: order.slice(0, size).sort(ascending), train: order.slice(size).sort(ascending) };
}
