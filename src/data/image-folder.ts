import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import type { RawDataset } from './dataset.js';
import { decodeImages, eachAtOnce, readImageHeader, type ImageHeader, type ImageShape } from './images.js';
import { checkOptions, type DataOptions } from './options.js';

/** What folders of parts are called. */
const partNames = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test'],
} as const;
type PartName = keyof typeof partNames;

const MOST_BYTES = 2 ** 31 - 1;

interface ClassFolder {
  readonly name: string;
  readonly images: readonly string[];
  readonly others: number;
}

/** Paths under a folder in the order of their names: subfolders, images and how many other files there are. */
async function listFolder(folder: string): Promise<{ folders: string[]; images: string[]; others: number }> {
  const folders: string[] = [];
  const images: string[] = [];
  let others = 0;
  // Hidden files and folders are the system's.
  for (const name of (await readdir(folder)).filter((entry) => !entry.startsWith('.')).sort()) {
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isDirectory()) folders.push(path);
    else if (entry?.isFile() && /\.(?:png|jpe?g)$/i.test(name)) images.push(path);
    else others++;
  }
  return { folders, images, others };
}

/** The folders of the parts, or the one folder that is to be split. */
async function findParts(folder: string): Promise<Partial<Record<PartName, string>>> {
  const { folders } = await listFolder(folder);
  const find = (names: readonly string[]): string | undefined =>
    folders.find((path) => names.includes(basename(path).toLowerCase()));
  const train = find(partNames.train);
  if (train === undefined) return { train: folder };
  const test = find(partNames.test);
  const validation = find(partNames.validation);
  return { train, ...(validation && { validation }), ...(test && { test }) };
}

async function listClasses(folder: string): Promise<ClassFolder[]> {
  const { folders, images } = await listFolder(folder);
  if (images.length > 0) {
    throw new ScreeError(
      `${images[0]} lies in no folder of a class; a folder for each class is expected in ${folder}`,
    );
  }
  const classes: ClassFolder[] = [];
  for (const path of folders) {
    const own = await listFolder(path);
    if (own.folders.length > 0) {
      throw new ScreeError(
        `${own.folders[0]} is a folder in the folder of a class; images alone are expected in ${path}`,
      );
    }
    if (own.images.length === 0) throw new ScreeError(`${path} holds no PNG or JPEG images`);
    classes.push({ name: basename(path), images: own.images, others: own.others });
  }
  return classes;
}

/** Whether a folder holds folders with images, or folders of parts that do. */
export async function isImageFolder(folder: string): Promise<boolean> {
  const { train = folder } = await findParts(folder);
  for (const path of (await listFolder(train)).folders) {
    if ((await listFolder(path)).images.length > 0) return true;
  }
  return false;
}

/**
 * A data set from a folder of PNG and JPEG images with a folder for each class, in `train` and `test` (and `val`) or in the
 * folder itself, of which images are then held back. Images are [1, height, width] where all are grey, else [3, height, width].
 * @param options.size height and width to which all are brought; without it they must have one size
 * @param options.color grey or rgb
 * @throws ScreeError for images of different sizes (naming two), a damaged one, a folder without images, or a class without a
 *   folder in the training part
 */
export async function readImageFolder(folder: string, options: DataOptions = {}): Promise<RawDataset> {
  checkOptions(folder, 'images', options);
  const folders = await findParts(folder);
  const lists = await Promise.all(
    Object.entries(folders).map(async ([part, path]) => ({ part, path, classes: await listClasses(path) })),
  );
  const names = [...new Set(lists.flatMap(({ classes }) => classes.map(({ name }) => name)))].sort();
  const headers: ImageHeader[] = [];
  await eachAtOnce(
    lists.flatMap(({ classes }) => classes.flatMap(({ images }) => images)),
    async (path, index) => {
      headers[index] = await readImageHeader(path);
    },
  );
  const shape = shapeOf(folder, headers, options);
  const bytes = headers.length * shape.channels * shape.height * shape.width;
  if (bytes > MOST_BYTES) {
    throw new ScreeError(
      `${folder}: ${headers.length} images of ${shape.height}×${shape.width} take ${bytes} bytes, more than the 2 GiB that are read; give a smaller size`,
    );
  }
  const others = lists.reduce(
    (sum, { classes }) => sum + classes.reduce((own, one) => own + one.others, 0),
    0,
  );
  const partOf = async (name: PartName) => {
    const list = lists.find(({ part }) => part === name);
    if (list === undefined) return undefined;
    const paths = list.classes.flatMap(({ images }) => images);
    const labels = list.classes.flatMap((one) => one.images.map(() => names.indexOf(one.name)));
    return { inputs: await decodeImages(paths, shape), labels: Int32Array.from(labels) };
  };
  const train = await partOf('train');
  if (train === undefined || train.labels.length === 0) {
    throw new ScreeError(`${folders.train} holds no folders of classes with PNG or JPEG images`);
  }
  const validation = await partOf('validation');
  const test = await partOf('test');
  return {
    name: basename(resolve(folder)),
    source: folder,
    inputShape: [shape.channels, shape.height, shape.width],
    classes: names,
    notes: others === 0 ? [] : [`${others} files that are neither PNG nor JPEG are left out`],
    train,
    ...(validation && { validation }),
    ...(test && { test }),
  };
}

function shapeOf(folder: string, headers: readonly ImageHeader[], { size, color }: DataOptions): ImageShape {
  const channels = (color ?? (headers.every(({ grey }) => grey) ? 'grey' : 'rgb')) === 'grey' ? 1 : 3;
  if (size !== undefined) return { channels, height: size[0], width: size[1] };
  if (headers.length === 0) throw new ScreeError(`${folder} holds no PNG or JPEG images`);
  const [first] = headers;
  const other = headers.find(({ width, height }) => width !== first.width || height !== first.height);
  if (other !== undefined) {
    const show = ({ path, width, height }: ImageHeader): string => `${path} has ${width}×${height} pixels`;
    throw new ScreeError(
      `images of different sizes: ${show(first)}, ${show(other)}; give a size to bring all to`,
    );
  }
  return { channels, height: first.height, width: first.width };
}
