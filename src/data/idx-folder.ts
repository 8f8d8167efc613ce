import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ScreeError } from '../graph/errors.js';
import { sameShape, showShape, type Shape } from '../graph/shape.js';
import type { ByteDataset, BytePart } from './dataset.js';
import { readIdx, type IdxArray } from './idx.js';

/** The four files of a data set in the manner of MNIST, by the names that its publishers gave them. */
export const idxParts = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;
export type IdxPart = (typeof idxParts)[number];

/** Paths of the parts that a folder holds, none for a folder that cannot be listed; plain files before packed ones. */
export async function findIdxFiles(folder: string): Promise<ReadonlyMap<IdxPart, string>> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return new Map();
  }
  const found = new Map<IdxPart, string>();
  for (const part of idxParts) {
    // Unpacking programs and other publishers write train-images.idx3-ubyte, test-labels-idx1-ubyte, idx4 for colours.
    const [, kind, content] = /^(train|t10k)-(images|labels)/.exec(part) ?? [];
    const pattern = new RegExp(
      `^${kind === 't10k' ? '(?:t10k|test)' : kind}-${content}[-.]idx\\d-ubyte(?:\\.gz)?$`,
    );
    const name = names.filter((candidate) => pattern.test(candidate)).sort((a, b) => a.length - b.length)[0];
    if (name !== undefined) found.set(part, join(folder, name));
  }
  return found;
}

function inputShapeOf(images: IdxArray, path: string): Shape {
  const [, ...shape] = images.shape;
  if (shape.length === 0 || shape.includes(0)) {
    throw new ScreeError(
      `${path}: shape ${showShape(images.shape)} holds no images; [rows, height, width] is expected`,
    );
  }
  return shape.length === 2 ? [1, ...shape] : shape;
}

function labelsOf(labels: IdxArray, path: string): Uint8Array {
  if (labels.shape.length === 1) return labels.data;
  throw new ScreeError(
    `${path}: shape ${showShape(labels.shape)} holds no labels; one number a row is expected`,
  );
}

/**
 * Reads the four IDX files of a folder: images [N, height, width], [N, channels, height, width] or rows [N, numbers],
 * and labels [N].
 * @param options.name defaults to the folder's own
 * @param options.classes names of the classes; by default 0 to the largest label of the train part
 * @param options.sha256 checksum of each file's content
 * @throws ScreeError naming the files that are missing or do not fit together
 */
export async function readIdxFolder(
  folder: string,
  {
    name = basename(resolve(folder)),
    classes,
    sha256,
  }: { name?: string; classes?: readonly string[]; sha256?: Readonly<Record<IdxPart, string>> } = {},
): Promise<ByteDataset> {
  const found = await findIdxFiles(folder);
  const missing = idxParts.filter((part) => !found.has(part));
  if (missing.length > 0) {
    throw new ScreeError(
      `${folder}: no ${missing.join(', ')} (plain or .gz); a folder with the four IDX files is expected`,
    );
  }
  const files = await Promise.all(
    [...found].map(async ([part, path]) => ({
      path,
      array: await readIdx(path, { sha256: sha256?.[part] }),
    })),
  );
  const [trainImages, trainLabels, testImages, testLabels] = files;
  const inputShape = inputShapeOf(trainImages.array, trainImages.path);
  const testShape = inputShapeOf(testImages.array, testImages.path);
  if (!sameShape(inputShape, testShape)) {
    throw new ScreeError(
      `${testImages.path}: images of shape ${showShape(testShape)}, those of the train part have ${showShape(inputShape)}`,
    );
  }
  const train: BytePart = {
    inputs: trainImages.array.data,
    labels: labelsOf(trainLabels.array, trainLabels.path),
  };
  const test: BytePart = {
    inputs: testImages.array.data,
    labels: labelsOf(testLabels.array, testLabels.path),
  };
  const largest = train.labels.reduce((most, label) => Math.max(most, label), 0);
  return {
    name,
    source: folder,
    inputShape,
    classes: classes ?? Array.from({ length: largest + 1 }, (_, label) => String(label)),
    train,
    test,
  };
}
