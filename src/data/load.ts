import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';
import { readAlice } from './alice.js';
import { findNpyFiles, readNpyFolder, readNpz } from './arrays.js';
import { createDataset, type Dataset, type DatasetOptions, type RawDataset } from './dataset.js';
import { readDigits } from './digits.js';
import type { DownloadProgress } from './download.js';
import { readFashionMnist, type Environment } from './fashion-mnist.js';
import { findIdxFiles, readIdxFolder } from './idx-folder.js';
import { isImageFolder, readImageFolder } from './image-folder.js';
import type { Normalisation } from './normalise.js';
import { checkOptions, type DataOptions } from './options.js';
import { isTablePath, readTableDataset } from './table.js';
import { isTextPath, readTextDataset } from './text.js';

export interface LoadOptions extends DataOptions {
  /** Called for every piece of a download. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Constants of an earlier run; by default those of the training part. */
  readonly normalisation?: Normalisation;
  /** SCREE_DATA, XDG_CACHE_HOME and HOME are read from here. */
  readonly environment?: Environment;
}

/** A loader gives a data set, or a source that is still to be divided and standardised. */
type Loader = (options: LoadOptions) => Promise<Dataset | RawDataset>;

/** A source whose form leaves nothing to say but how it is divided. */
function fixed(name: string, read: Loader): Loader {
  return async ({ onProgress, environment, normalisation: _, ...options }) => {
    checkOptions(name, 'bytes', options);
    return read({ onProgress, environment });
  };
}

function dataOptions({
  onProgress: _,
  environment: __,
  normalisation: ___,
  ...options
}: LoadOptions): DataOptions {
  return options;
}

const named: Readonly<Record<string, Loader>> = {
  digits: fixed('digits', readDigits),
  'fashion-mnist': fixed('fashion-mnist', readFashionMnist),
  alice: (options) => readAlice(dataOptions(options)),
};

/** Names that {@link loadDataset} knows. */
export const datasetNames: readonly string[] = Object.keys(named);

/** What can be read, for messages. */
const fileKinds = 'a table (.csv, .tsv), NumPy arrays (.npz) or a text (.txt)';
const folderKinds =
  'four IDX files of MNIST’s naming, train.csv and test.csv, NumPy arrays (x_train.npy …), or a folder of PNG or JPEG images for each class';

/**
 * A data set by name (`digits`, `fashion-mnist`, `alice`), or by path, of what is there: a table (.csv, .tsv), NumPy arrays
 * (.npz), a text for characters (.txt), or a folder with the four IDX files of MNIST's naming, with train.csv and test.csv, with
 * .npy files, or with a folder of images for each class. A name is taken before a file or folder that is called the same: write
 * ./digits for the folder.
 * @throws ScreeError for an unknown name (with the nearest), a path without any of these, an option that says nothing about
 *   the source, and whatever is wrong in its files
 * @example
 * ```ts
 * import { loadDataset } from 'scree/data';
 *
 * const { inputShape, train, test } = await loadDataset('digits');
 * console.log(inputShape, train.size, test.size);
 * ```
 * ```text
 * [ 1, 8, 8 ] 1437 360
 * ```
 */
export async function loadDataset(nameOrPath: string, options: LoadOptions = {}): Promise<Dataset> {
  const loader = Object.hasOwn(named, nameOrPath) ? named[nameOrPath] : await loaderOf(nameOrPath);
  const loaded = await loader(options);
  if ('task' in loaded) return loaded;
  const { normalisation, validation, test, splitSeed } = options;
  // What a loader has divided itself has no training rows left to give away.
  const division: DatasetOptions = loaded.divided === true ? {} : { validation, test, splitSeed };
  return createDataset(loaded, { ...division, normalisation });
}

async function loaderOf(path: string): Promise<Loader> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory()) return folderLoader(path);
  if (entry !== undefined) return fileLoader(path);
  if (!/[\\/.]/.test(path)) throw new ScreeError(unknownName('data set', path, datasetNames));
  throw new ScreeError(
    `there is no folder ${path}, nor such a file; known data sets: ${datasetNames.join(', ')}`,
  );
}

function fileLoader(path: string): Loader {
  if (isTablePath(path)) return (options) => readTableDataset(path, dataOptions(options));
  if (isTextPath(path)) return (options) => readTextDataset(path, dataOptions(options));
  if (/\.npz$/i.test(path)) return (options) => readNpz(path, dataOptions(options));
  if (/\.npy$/i.test(path)) {
    throw new ScreeError(
      `${path} is one array; name the folder that holds x.npy and y.npy, or a .npz with both`,
    );
  }
  throw new ScreeError(`${path} is none of the files that are read: ${fileKinds}, or a folder`);
}

async function folderLoader(path: string): Promise<Loader> {
  if ((await findIdxFiles(path)).size > 0) return fixed(path, () => readIdxFolder(path));
  const tables = await findTables(path);
  if (tables !== undefined) {
    return (options) => readTableDataset(tables.train, dataOptions(options), tables.test);
  }
  if ((await findNpyFiles(path)).size > 0) return (options) => readNpyFolder(path, dataOptions(options));
  if (await isImageFolder(path)) return (options) => readImageFolder(path, dataOptions(options));
  throw new ScreeError(`${path} holds none of what is read: ${folderKinds}`);
}

/** The tables train and test of a folder, where both are there. */
async function findTables(folder: string): Promise<{ train: string; test: string } | undefined> {
  const names = (await readdir(folder)).filter(isTablePath).sort();
  const [train, test] = ['train', 'test'].map((part) => names.find((name) => name.startsWith(`${part}.`)));
  if (train === undefined || test === undefined) return undefined;
  return { train: join(folder, train), test: join(folder, test) };
}
