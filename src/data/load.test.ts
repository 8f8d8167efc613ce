import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFashionMnist } from './fashion-mnist.js';
import { loadDataset } from './load.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scree-load-'));
});
afterEach(() => rm(folder, { recursive: true }));

function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const extents = shape.flatMap((extent) => [0, 0, extent >> 8, extent & 255]);
  return Uint8Array.of(0, 0, 8, shape.length, ...extents, ...data);
}

/** Three train rows and two test rows of 1×2, classes 0 and 1; entries of `changes` replace files, undefined leaves one out. */
async function writeFolder(changes: Readonly<Record<string, Uint8Array | undefined>> = {}): Promise<string> {
  const files = {
    'train-images-idx3-ubyte': idx([3, 1, 2], [0, 1, 2, 3, 4, 5]),
    'train-labels-idx1-ubyte.gz': gzipSync(idx([3], [0, 1, 0])),
    't10k-images-idx3-ubyte.gz': gzipSync(idx([2, 1, 2], [6, 7, 8, 9])),
    't10k-labels-idx1-ubyte': idx([2], [1, 0]),
    ...changes,
  };
  const path = join(folder, 'toy');
  await mkdir(path, { recursive: true });
  for (const [name, bytes] of Object.entries(files))
    if (bytes !== undefined) await writeFile(join(path, name), bytes);
  return path;
}

describe('loadDataset', () => {
  test('a folder with IDX files, plain and packed', async () => {
    const path = await writeFolder();
    const data = await loadDataset(path, { normalisation: { mean: [0], std: [1] } });
    expect(data).toMatchObject({ name: 'toy', source: path, inputShape: [1, 1, 2] });
    expect(data.task).toEqual({ kind: 'classification', classes: ['0', '1'] });
    expect([...data.train.inputs.data]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...data.test.inputs.data]).toEqual([6, 7, 8, 9]);
    expect([...data.test.labels.data]).toEqual([1, 0]);
  });

  test('the names that other publishers use, and images with channels', async () => {
    const path = await writeFolder({
      'train-images-idx3-ubyte': undefined,
      'train-images.idx4-ubyte': idx([3, 2, 1, 1], [0, 1, 2, 3, 4, 5]),
      't10k-images-idx3-ubyte.gz': undefined,
      'test-images-idx4-ubyte.gz': gzipSync(idx([2, 2, 1, 1], [6, 7, 8, 9])),
    });
    const data = await loadDataset(path);
    expect(data.train.inputs.shape).toEqual([3, 2, 1, 1]);
    expect(data.normalisation?.mean).toEqual([2, 3]);
  });

  test.each([
    [{ 't10k-labels-idx1-ubyte': undefined }, 'no t10k-labels-idx1-ubyte (plain or .gz)'],
    [
      { 't10k-labels-idx1-ubyte': idx([2], [1, 2]) },
      'toy: label 2 of row 1 of the test part is outside the 2 classes',
    ],
    [{ 't10k-labels-idx1-ubyte': idx([2, 1], [1, 0]) }, 'shape [2,1] holds no labels'],
    [
      { 't10k-labels-idx1-ubyte': idx([1], [1]) },
      'the test part has 1 labels, but 2 inputs of shape [1,1,2]',
    ],
    [{ 't10k-labels-idx1-ubyte': new Uint8Array() }, 't10k-labels-idx1-ubyte: empty, not an IDX file'],
    [
      { 'train-images-idx3-ubyte': idx([3, 2, 1], [0, 1, 2, 3, 4, 5]) },
      'images of shape [1,1,2], those of the train part',
    ],
    [{ 'train-images-idx3-ubyte': idx([3], [0, 1, 2]) }, 'shape [3] holds no images'],
    [{ 'train-images-idx3-ubyte': idx([3, 0, 2], []) }, 'shape [3,0,2] holds no images'],
    [{ 'train-images-idx3-ubyte': idx([3, 1, 2], [0, 1]) }, 'train-images-idx3-ubyte: truncated: 18 bytes'],
    [
      { 'train-images-idx3-ubyte': idx([0, 1, 2], []), 'train-labels-idx1-ubyte.gz': gzipSync(idx([0], [])) },
      'toy: the train part has no rows',
    ],
  ])('%#: a folder at fault', async (changes, message) => {
    const path = await writeFolder(changes);
    await expect(loadDataset(path)).rejects.toThrow(message);
  });

  test('unknown names and paths', async () => {
    await expect(loadDataset('fashion_mnist')).rejects.toThrow(
      'unknown data set "fashion_mnist"; did you mean "fashion-mnist"?',
    );
    await expect(loadDataset('nothing')).rejects.toThrow(
      'unknown data set "nothing"; known: digits, fashion-mnist, alice',
    );
    await expect(loadDataset('toString')).rejects.toThrow('unknown data set "toString"');
    await expect(loadDataset('./nowhere/at-all')).rejects.toThrow('there is no folder ./nowhere/at-all');
    await expect(loadDataset('package.json')).rejects.toThrow(
      'package.json is none of the files that are read: a table (.csv, .tsv)',
    );
  });
});

describe('fashion-mnist without its files', () => {
  const closed = 'http://127.0.0.1:65535';

  test('names the three ways to get it, and what was tried', async () => {
    const attempt = readFashionMnist({
      environment: { XDG_CACHE_HOME: folder, SCREE_DATA: join(folder, 'no') },
      systemFolder: join(folder, 'none'),
      mirrors: [closed],
    });
    await expect(attempt).rejects.toThrow(
      /^fashion-mnist is not on this machine and was not downloaded \(.*cannot reach http:\/\/127\.0\.0\.1:65535\/train-images-idx3-ubyte\.gz: /,
    );
    await expect(attempt).rejects.toThrow(
      "install Debian's package dataset-fashion-mnist, or name a folder with its four IDX files (by its path or in " +
        'SCREE_DATA), or run again with a connection to the internet',
    );
  });

  test('files of the same names with another content are refused', async () => {
    await writeFolder();
    const attempt = readFashionMnist({ environment: { SCREE_DATA: join(folder, 'toy') }, mirrors: [closed] });
    await expect(attempt).rejects.toThrow(/toy.*: damaged or another file: SHA-256/);
  });
});

const debian = '/usr/share/datasets/fashion-mnist';

describe.skipIf(!existsSync(debian))(
  'fashion-mnist from Debian’s package (skipped where dataset-fashion-mnist is not installed)',
  () => {
    test('60,000 + 10,000 images, 6,000 and 1,000 a class, with the published mean and deviation', async () => {
      const data = await loadDataset('fashion-mnist', { environment: { HOME: folder } });
      expect(data).toMatchObject({ name: 'fashion-mnist', source: debian, inputShape: [1, 28, 28] });
      expect(data.train.inputs.shape).toEqual([60000, 1, 28, 28]);
      expect(data.test.inputs.shape).toEqual([10000, 1, 28, 28]);
      for (const { labels, size } of [data.train, data.test]) {
        const counts = new Array<number>(10).fill(0);
        for (const label of labels.data) counts[label]++;
        expect(counts).toEqual(new Array<number>(10).fill(size / 10));
      }
      // 0.2860 and 0.3530 of 255: the constants that everyone uses for it.
      expect((data.normalisation?.mean[0] ?? NaN) / 255).toBeCloseTo(0.286, 4);
      expect((data.normalisation?.std[0] ?? NaN) / 255).toBeCloseTo(0.353, 4);
      expect(await readdir(folder)).toEqual([]);
    });

    test('downloaded to the cache over a connection that is cut, then read from there', async () => {
      let requests = 0;
      const server = createServer((request, response) => {
        requests++;
        const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
        const path = join(debian, basename(request.url ?? ''));
        if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-99999999/100000000` });
        const file = createReadStream(path, { start: from });
        // The first request brings a part only; without a length the end must be told by the transfer itself.
        if (requests === 1) file.on('data', () => setTimeout(() => response.destroy(), 20));
        file.pipe(response);
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const address = server.address();
      const mirror = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
      const files = new Set<string>();
      try {
        const options = {
          environment: { XDG_CACHE_HOME: folder },
          systemFolder: join(folder, 'none'),
          onProgress: ({ file }: { file: string }) => files.add(file),
        };
        const raw = await readFashionMnist({ ...options, mirrors: ['http://127.0.0.1:65535', mirror] });
        expect(raw.source).toBe(join(folder, 'scree', 'fashion-mnist'));
        expect(raw.train.inputs.length).toBe(60000 * 784);
        expect(files.size).toBe(4);
        const again = await readFashionMnist({ ...options, mirrors: [] });
        expect(again.test.labels).toEqual(raw.test.labels);
        expect(requests).toBeGreaterThanOrEqual(5);
      } finally {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    });

    test('from SCREE_DATA, the folder itself or fashion-mnist in it', async () => {
      await symlink(debian, join(folder, 'fashion-mnist'));
      for (const own of [folder, join(folder, 'fashion-mnist')]) {
        const raw = await readFashionMnist({
          environment: { SCREE_DATA: own },
          systemFolder: join(folder, 'none'),
          mirrors: [],
        });
        expect(raw.source.startsWith(folder)).toBe(true);
      }
    });
  },
);
