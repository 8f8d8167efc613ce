import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import { sameShape, showShape } from '../graph/shape.js';
import type { RawDataset, RawPart } from './dataset.js';
import { labelNumbers, sayLabels, type Labelling } from './labels.js';
import type { RawNumbers } from './normalise.js';
import {
  checkNpyLength,
  LONGEST_NPY_HEADER,
  MOST_NPY_BYTES,
  parseNpy,
  parseNpyHeader,
  type NpyArray,
} from './npy.js';
import { layoutOf, rawNumbers, toPlanes } from './layout.js';
import { checkOptions, type DataOptions } from './options.js';
import { readAll } from './text-file.js';
import { ZipFile } from './zip.js';

/** The arrays of the parts, by the names of Keras and of MedMNIST, without regard to case. */
const names = {
  train: { inputs: ['x_train', 'train_images', 'x'], labels: ['y_train', 'train_labels', 'y'] },
  validation: { inputs: ['x_val', 'val_images'], labels: ['y_val', 'val_labels'] },
  test: { inputs: ['x_test', 'test_images'], labels: ['y_test', 'test_labels'] },
} as const;

const expected = 'x_train, y_train, x_test and y_test, or x and y';

type PartName = keyof typeof names;
type Reader = () => Promise<NpyArray>;

/**
 * A data set from the arrays of a .npz file: x_train and y_train, if there are any x_test and y_test (and x_val, y_val), or x
 * and y, of which rows are held back. Images are [rows, height, width] or [rows, height, width, channels], as Keras has them,
 * or [rows, channels, height, width]; other arrays are taken as they are. Each channel of images and each column of
 * [rows, features] is standardised with the training part alone.
 * @throws ScreeError naming the arrays that are missing or do not fit together
 */
export async function readNpz(path: string, options: DataOptions = {}): Promise<RawDataset> {
  const zip = await ZipFile.open(path);
  try {
    const readers = new Map<string, Reader>();
    for (const entry of zip.entries) {
      if (!entry.name.endsWith('.npy')) continue;
      const name = entry.name.slice(0, -4);
      readers.set(name.toLowerCase(), async () => parseNpy(await zip.read(entry), `${path}: ${name}`));
    }
    return await readArrays(path, basename(path).replace(/\.npz$/i, ''), readers, options);
  } finally {
    await zip.close();
  }
}

/** The names of the .npy files in a folder, in lower case and without the ending, and their paths. */
export async function findNpyFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await readdir(folder);
  const files = found.filter((name) => /\.npy$/i.test(name)).sort();
  return new Map(files.map((name) => [name.slice(0, -4).toLowerCase(), join(folder, name)]));
}

/** A data set from the .npy files of a folder, named as the arrays of {@link readNpz}. */
export async function readNpyFolder(folder: string, options: DataOptions = {}): Promise<RawDataset> {
  const files = await findNpyFiles(folder);
  const readers = new Map([...files].map(([name, path]): [string, Reader] => [name, () => readNpy(path)]));
  return readArrays(folder, basename(resolve(folder)), readers, options);
}

/**
 * Reads a .npy file.
 * @throws ScreeError as {@link parseNpy}, and when the file cannot be read
 */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readAll(path, MOST_NPY_BYTES);
  checkNpyLength(bytes.length, parseNpyHeader(bytes.subarray(0, LONGEST_NPY_HEADER), path), path);
  return parseNpy(bytes, path);
}

async function readArrays(
  source: string,
  name: string,
  readers: ReadonlyMap<string, Reader>,
  options: DataOptions,
): Promise<RawDataset> {
  checkOptions(source, 'arrays', options);
  const read = async (part: PartName): Promise<{ inputs: NpyArray; labels: NpyArray } | undefined> => {
    const inputs = names[part].inputs.find((candidate) => readers.has(candidate));
    const labels = names[part].labels.find((candidate) => readers.has(candidate));
    if (inputs === undefined && labels === undefined) return undefined;
    const readInputs = readers.get(inputs ?? '');
    const readLabels = readers.get(labels ?? '');
    if (readInputs === undefined || readLabels === undefined) {
      const lacking = inputs === undefined ? names[part].inputs : names[part].labels;
      throw new ScreeError(
        `${source} has ${inputs ?? labels}, but no ${lacking.join(' or ')}; ${expected} are expected`,
      );
    }
    return { inputs: await readInputs(), labels: await readLabels() };
  };
  const train = await read('train');
  if (train === undefined) {
    const has = [...readers.keys()].join(', ') || 'no arrays';
    throw new ScreeError(`${source} has ${has}; ${expected} are expected`);
  }
  const others = { validation: await read('validation'), test: await read('test') };
  const layout = layoutOf(source, train.inputs.shape);
  const inputsOf = (part: string, { data, shape }: NpyArray): RawNumbers => {
    if (!sameShape(shape.slice(1), train.inputs.shape.slice(1))) {
      throw new ScreeError(
        `${source}: ${part} examples of shape ${showShape(shape.slice(1))}, those of the training part have ${showShape(train.inputs.shape.slice(1))}`,
      );
    }
    return layout.channelsLast ? toPlanes(rawNumbers(data), layout.inputShape) : rawNumbers(data);
  };
  // Labels of all parts are judged together: a class of the test part alone is then found and named.
  const parts = [
    train,
    ...(others.validation ? [others.validation] : []),
    ...(others.test ? [others.test] : []),
  ];
  const labelling = labelArrays(
    source,
    parts.map((part) => part.labels),
    options.task,
  );
  let from = 0;
  const next = (part: string, { inputs, labels }: { inputs: NpyArray; labels: NpyArray }): RawPart => {
    from += labels.data.length;
    return {
      inputs: inputsOf(part, inputs),
      labels: labelling.labels.slice(from - labels.data.length, from),
    };
  };
  const own = next('train', train);
  const validation = others.validation && next('validation', others.validation);
  const test = others.test && next('test', others.test);
  return {
    name,
    source,
    inputShape: layout.inputShape,
    groups: layout.groups,
    notes: [sayLabels('y', labelling, options.task), ...layout.notes],
    train: own,
    ...(validation && { validation }),
    ...(test && { test }),
    ...(labelling.classes === undefined ? { target: 'y' } : { classes: labelling.classes }),
  };
}

function labelArrays(source: string, arrays: readonly NpyArray[], task: DataOptions['task']): Labelling {
  for (const { shape } of arrays) {
    if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) continue;
    throw new ScreeError(
      `${source}: labels of shape ${showShape(shape)}; one label a row is expected, [rows]`,
    );
  }
  const values = Float64Array.from(arrays.flatMap(({ data }) => Array.from(data)));
  // Integers count classes, whatever their number; floats may be either.
  const integers = arrays.every(({ type }) => !type.startsWith('f'));
  return labelNumbers(values, task ?? (integers ? 'classification' : undefined));
}
