import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encode } from 'fast-png';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { describe as describeDataset, type Dataset } from './dataset.js';
import { decodeImages, readImageHeader } from './images.js';
import { loadDataset } from './load.js';
import type { DataOptions } from './options.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-images-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

/** A PNG by another encoder than the one whose library reads it; value = start + index of the byte. */
function png(start: number, { width = 3, height = 2, channels = 1 } = {}): Uint8Array {
  const data = Uint8Array.from({ length: width * height * channels }, (_, index) => start + index);
  return encode({ width, height, channels, depth: 8, data });
}

/** The numbers as they were before they were standardised. */
function original({ normalisation, inputShape }: Dataset, values: ArrayLike<number>): number[] {
  const { mean = [], std = [] } = normalisation ?? {};
  const plane = inputShape[1] * inputShape[2];
  return Array.from(values, (value, index) => {
    const channel = Math.floor(index / plane) % inputShape[0];
    return Math.abs(Math.round(value * std[channel] + mean[channel]));
  });
}

const load = (options: DataOptions = {}): Promise<Dataset> => loadDataset(folder, options);

describe('a folder of images', () => {
  test('train and test folders, classes by name, files in the order of their names', async () => {
    write('train/cat/b.png', png(10));
    write('train/cat/a.PNG', png(0));
    write('train/ant/1.png', png(20));
    write('test/cat/1.png', png(30));
    write('train/cat/notes.txt', png(0));
    write('train/cat/.hidden.png', new Uint8Array());
    const data = await load();
    expect(data.task).toEqual({ kind: 'classification', classes: ['ant', 'cat'] });
    expect(data.inputShape).toEqual([1, 2, 3]);
    expect(describeDataset(data)).toBe('3 train, 0 validation, 1 test');
    expect([...data.train.labels.data]).toEqual([0, 1, 1]);
    expect(original(data, data.train.inputs.data)).toEqual(
      [20, 0, 10].flatMap((start) => [0, 1, 2, 3, 4, 5].map((place) => start + place)),
    );
    expect(original(data, data.test.inputs.data)).toEqual([30, 31, 32, 33, 34, 35]);
    expect(data.notes).toEqual(['1 files that are neither PNG nor JPEG are left out']);
  });

  test('one folder is divided, with equal shares of the classes', async () => {
    for (const name of ['x', 'y'])
      for (let index = 0; index < 10; index++) write(`${name}/${index}.png`, png(index));
    const data = await load({ validation: 4, test: 0.2 });
    expect(describeDataset(data)).toBe('12 train, 4 validation, 4 test');
    expect([...data.test.labels.data]).toEqual([0, 0, 1, 1]);
    expect([...(data.validation?.labels.data ?? [])]).toEqual([0, 0, 1, 1]);
  });

  test('colours become planes; one colour image makes all of them so, unless grey is asked for', async () => {
    write('a/1.png', png(0, { channels: 3 }));
    write('a/2.png', png(50, { channels: 1 }));
    write('b/1.png', png(100, { channels: 4 }));
    write('b/2.png', png(100, { channels: 2 }));
    const data = await load({ test: 2, splitSeed: 3 });
    expect(data.inputShape).toEqual([3, 2, 3]);
    const paths = ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png'].map((name) => join(folder, name));
    const rgb = await decodeImages(paths, { channels: 3, height: 2, width: 3 });
    const planes = (start: number, step: number, add: number): number[] =>
      Array.from({ length: 18 }, (_, index) => start + step * (index % 6) + add * Math.floor(index / 6));
    // Interleaved bytes, a grey one repeated, and transparency left out.
    expect([...rgb]).toEqual([
      ...planes(0, 3, 1),
      ...planes(50, 1, 0),
      ...planes(100, 4, 1),
      ...planes(100, 2, 0),
    ]);
    const grey = await load({ color: 'grey', test: 2 });
    expect(grey.inputShape).toEqual([1, 2, 3]);
    const [value] = await decodeImages([paths[0]], { channels: 1, height: 2, width: 3 });
    // 0, 1, 2 are nearly black in every way of weighing them.
    expect(value).toBeLessThan(3);
  });

  test('JPEG, to the errors of its compression, and turned as its EXIF data say', async () => {
    const data = Uint8Array.from({ length: 16 * 8 }, (_, index) => 2 * (index % 16) + 60);
    const image = sharp(data, { raw: { width: 16, height: 8, channels: 1 } }).toColourspace('b-w');
    const path = write('a/1.jpg', await image.clone().jpeg({ quality: 100 }).toBuffer());
    const turned = write(
      'a/2.jpeg',
      await image.clone().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer(),
    );
    expect(await readImageHeader(path)).toMatchObject({ width: 16, height: 8, grey: true });
    expect(await readImageHeader(turned)).toMatchObject({ width: 8, height: 16 });
    const read = await decodeImages([path], { channels: 1, height: 8, width: 16 });
    expect(Math.max(...read.map((value, index) => Math.abs(value - data[index])))).toBeLessThan(3);
    const upright = await decodeImages([turned], { channels: 1, height: 16, width: 8 });
    // A quarter turn: what grew to the right grows downwards.
    expect(upright[15 * 8] - upright[0]).toBeGreaterThan(25);
    expect(Math.abs(upright[7] - upright[0])).toBeLessThan(3);
  });

  test('16 bits a channel are cut to 8', async () => {
    const data = Uint16Array.of(0, 256, 25_700, 65_535);
    const path = write('a/1.png', encode({ width: 2, height: 2, channels: 1, depth: 16, data }));
    expect([...(await decodeImages([path], { channels: 1, height: 2, width: 2 }))]).toEqual([0, 1, 100, 255]);
  });

  test('images of different sizes: two are named, and a size brings all to one', async () => {
    write('a/1.png', png(100));
    write('a/2.png', png(100, { width: 6, height: 4 }));
    write('b/1.png', png(100));
    write('b/2.png', png(100));
    await expect(load()).rejects.toThrow(
      /^images of different sizes: \S+1\.png has 3×2 pixels, \S+2\.png has 6×4 pixels; give a size to bring all to$/,
    );
    const data = await load({ size: [4, 5] });
    expect(data.inputShape).toEqual([1, 4, 5]);
    // The middle of the largest part of the shape: a 2×4 image of two halves gives a square of both.
    const halves = write(
      'c/1.png',
      encode({ width: 4, height: 2, channels: 1, depth: 8, data: Uint8Array.of(9, 9, 90, 90, 9, 9, 90, 90) }),
    );
    expect([...(await decodeImages([halves], { channels: 1, height: 2, width: 2 }))]).toEqual([9, 90, 9, 90]);
  });

  test.each<[Readonly<Record<string, Uint8Array>>, DataOptions, RegExp]>([
    [{ 'a/1.png': png(0), 'b/1.png': png(0).subarray(0, 60) }, {}, /b\/1\.png cannot be read as an image \(/],
    [{ 'a/1.png': png(0), 'b/1.jpg': Uint8Array.of(1, 2, 3) }, {}, /b\/1\.jpg cannot be read as an image \(/],
    [{ 'a/1.png': png(0), 'b/1.png': new Uint8Array() }, {}, /b\/1\.png cannot be read as an image \(/],
    [
      { 'train/a/1.png': png(0), 'test/a/1.png': png(0), 'test/z/1.png': png(0) },
      {},
      /class "z" occurs in the test part only/,
    ],
    [{ 'a/1.png': png(0), '1.png': png(0) }, {}, /1\.png lies in no folder of a class/],
    [{ 'a/1.png': png(0), 'b/c/1.png': png(0) }, {}, /b\/c is a folder in the folder of a class/],
    [{ 'a/1.png': png(0), 'b/1.gif': png(0) }, {}, /b holds no PNG or JPEG images/],
    [{ 'a/1.gif': png(0) }, {}, /holds none of what is read: four IDX files/],
    [
      { 'a/1.png': png(0), 'a/2.png': png(0) },
      { label: 'x' },
      /is a folder of images; the option label says nothing about it/,
    ],
    [
      { 'a/1.png': png(0), 'a/2.png': png(0) },
      { size: [100_000, 100_000] },
      /more than the 2 GiB that are read; give a smaller size/,
    ],
  ])('%#: a folder at fault', async (files, options, message) => {
    for (const [name, bytes] of Object.entries(files)) write(name, bytes);
    await expect(load(options)).rejects.toThrow(message);
    await expect(load(options)).rejects.toThrow(ScreeError);
  });

  test('another format under the name of a PNG, and more pixels than are read', async () => {
    const one = sharp({ create: { width: 4, height: 4, channels: 3, background: 'red' } });
    const webp = write('a/1.png', await one.webp().toBuffer());
    await expect(readImageHeader(webp)).rejects.toThrow('1.png is a webp file; PNG and JPEG images are read');
    // The header promises 30,000 × 30,000 pixels, of which the file has none.
    const bomb = png(0).slice();
    new DataView(bomb.buffer).setUint32(16, 30_000);
    new DataView(bomb.buffer).setUint32(20, 30_000);
    const path = write('a/2.png', bomb);
    await expect(readImageHeader(path)).rejects.toThrow(/2\.png/);
    await expect(decodeImages([path], { channels: 1, height: 2, width: 2 })).rejects.toThrow(
      /2\.png cannot be read/,
    );
  });

  test('damaged files give pixels or a ScreeError that names them', async () => {
    const jpeg = await sharp({ create: { width: 24, height: 16, channels: 3, background: '#a63' } })
      .jpeg()
      .toBuffer();
    const samples = [new Uint8Array(jpeg), png(3, { width: 12, height: 9 })];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.nat(700),
        fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 3 }),
        async (sample, length, changes) => {
          const damaged = sample.slice(0, length);
          for (const [place, byte] of changes) if (place < damaged.length) damaged[place] = byte;
          const path = write('damaged.png', damaged);
          try {
            await readImageHeader(path);
            expect((await decodeImages([path], { channels: 3, height: 4, width: 4 })).length).toBe(48);
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
            expect(error).toHaveProperty('message', expect.stringContaining(path));
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(readFileSync(join(folder, 'damaged.png'))).toBeDefined();
  });
});
