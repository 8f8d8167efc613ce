import { homedir } from 'node:os';
import { join } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import type { ByteDataset } from './dataset.js';
import { download, type DownloadProgress } from './download.js';
import { findIdxFiles, idxParts, readIdxFolder, type IdxPart } from './idx-folder.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const NAME = 'fashion-mnist';
const classes = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** SHA-256 of the unpacked files: Debian packs them anew, the content is the publisher's. */
const checksums: Readonly<Record<IdxPart, string>> = {
  'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
  'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
};

/** Folder of Debian's package dataset-fashion-mnist. */
const DEBIAN_FOLDER = '/usr/share/datasets/fashion-mnist';
const publicMirrors = [
  'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
  'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
];

export interface FashionMnistOptions {
  /** SCREE_DATA, XDG_CACHE_HOME and HOME are read from here. */
  readonly environment?: Environment;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly systemFolder?: string;
  /** Addresses under which the four .gz files lie, tried in order. */
  readonly mirrors?: readonly string[];
}

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT licence): 60,000 + 10,000 images of clothes, 28×28 bytes, ten classes.
 * Read from the first of: the folder of the environment variable SCREE_DATA (or `fashion-mnist` in it), Debian's
 * package, the user's cache folder (XDG_CACHE_HOME or ~/.cache, then scree/fashion-mnist); else downloaded to the last.
 * The content is checked by SHA-256 wherever it comes from.
 * @throws ScreeError naming the three ways to get it when there is none, or the file whose checksum differs
 */
export async function readFashionMnist({
  environment = process.env,
  onProgress,
  systemFolder = DEBIAN_FOLDER,
  mirrors = publicMirrors,
}: FashionMnistOptions = {}): Promise<ByteDataset> {
  const own = environment['SCREE_DATA'];
  const cache = join(
    environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache'),
    'scree',
    NAME,
  );
  for (const folder of [...(own ? [join(own, NAME), own] : []), systemFolder, cache]) {
    if ((await findIdxFiles(folder)).size === idxParts.length) {
      return readIdxFolder(folder, { name: NAME, classes, sha256: checksums });
    }
  }
  const present = await findIdxFiles(cache);
  for (const part of idxParts.filter((candidate) => !present.has(candidate))) {
    await downloadPart(part, cache, mirrors, onProgress);
  }
  return readIdxFolder(cache, { name: NAME, classes, sha256: checksums });
}

async function downloadPart(
  part: IdxPart,
  cache: string,
  mirrors: readonly string[],
  onProgress: FashionMnistOptions['onProgress'],
): Promise<void> {
  const reasons: string[] = [];
  for (const mirror of mirrors) {
    try {
      await download(`${mirror}/${part}.gz`, join(cache, `${part}.gz`), {
        sha256: checksums[part],
        onProgress,
      });
      return;
    } catch (error) {
      if (!(error instanceof ScreeError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new ScreeError(
    `${NAME} is not on this machine and was not downloaded (${reasons.join('; ')}): install Debian's package ` +
      `dataset-fashion-mnist, or name a folder with its four IDX files (by its path or in SCREE_DATA), ` +
      `or run again with a connection to the internet`,
  );
}
