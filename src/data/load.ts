import { stat } from 'node:fs/promises';
import { ScreeError } from '../graph/errors.js';
import { unknownName } from '../graph/suggest.js';
import { createDataset, type Dataset, type RawDataset } from './dataset.js';
import { readDigits } from './digits.js';
import type { DownloadProgress } from './download.js';
import { readFashionMnist, type Environment } from './fashion-mnist.js';
import { readIdxFolder } from './idx-folder.js';
import type { Normalisation } from './normalise.js';
import { checkOptions, type DataOptions } from './options.js';
import { isTablePath, readTableDataset } from './table.js';

export interface LoadOptions extends DataOptions {
  /** Called for every piece of a download. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Constants of an earlier run; by default those of the training part. */
  readonly normalisation?: Normalisation;
  /** SCREE_DATA, XDG_CACHE_HOME and HOME are read from here. */
  readonly environment?: Environment;
}

const readers: Readonly<Record<string, (options: LoadOptions) => Promise<RawDataset>>> = {
  digits: readDigits,
  'fashion-mnist': readFashionMnist,
};

/** Names that {@link loadDataset} knows. */
export const datasetNames: readonly string[] = Object.keys(readers);

/**
 * A data set by name (`digits`, `fashion-mnist`), or from a folder with the four IDX files of MNIST's naming. A name is
 * taken before a folder that is called the same: write ./digits for the folder.
 * @throws ScreeError for an unknown name (with the nearest), a folder without the files, and whatever is wrong in them
 */
export async function loadDataset(
  nameOrPath: string,
  { onProgress, normalisation, environment, ...options }: LoadOptions = {},
): Promise<Dataset> {
  const { validation, test, splitSeed } = options;
  const split = { validation, test, splitSeed };
  if (Object.hasOwn(readers, nameOrPath)) {
    checkOptions(nameOrPath, 'bytes', options);
    return createDataset(await readers[nameOrPath]({ onProgress, environment }), { ...split, normalisation });
  }
  if (isTablePath(nameOrPath)) {
    return createDataset(await readTableDataset(nameOrPath, options), { normalisation });
  }
  return createDataset(await readFolder(nameOrPath), { ...split, normalisation });
}

async function readFolder(path: string): Promise<RawDataset> {
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory()) return readIdxFolder(path);
  if (entry !== undefined)
    throw new ScreeError(`${path} is no folder; a folder with four IDX files is expected`);
  if (/[\\/]/.test(path))
    throw new ScreeError(`there is no folder ${path}; known data sets: ${datasetNames.join(', ')}`);
  throw new ScreeError(unknownName('data set', path, datasetNames));
}
