import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((extent, axis) => view.setUint32(4 + 4 * axis, extent));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Writes a data set in the manner of MNIST: rows of `shape` that hold their label everywhere. */
export function writeDataset(
  path: string,
  { shape, train, test }: { shape: readonly number[]; train: readonly number[]; test: readonly number[] },
): void {
  mkdirSync(path, { recursive: true });
  const size = shape.reduce((product, extent) => product * extent, 1);
  for (const [name, labels] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    const images = labels.flatMap((label) => new Array<number>(size).fill(label * 20));
    writeFileSync(join(path, `${name}-images-idx3-ubyte`), idx([labels.length, ...shape], images));
    writeFileSync(join(path, `${name}-labels-idx1-ubyte`), idx([labels.length], labels));
  }
}
