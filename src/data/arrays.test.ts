import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScreeError } from '../graph/errors.js';
import { describe as describeDataset, type Dataset } from './dataset.js';
import { loadDataset } from './load.js';
import type { DataOptions } from './options.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scree-arrays-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Elements = Uint8Array | Int32Array | Float32Array | Float64Array;

/** A .npy file by the format's description (NEP 1), for a little-endian machine. */
function npy(shape: readonly number[], data: Elements, descr?: string): Uint8Array {
  const type =
    descr ??
    (data instanceof Uint8Array ? '|u1' : data instanceof Int32Array ? '<i4' : `<f${data.BYTES_PER_ELEMENT}`);
  const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`.padEnd(117) + '\n';
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0);
  const content = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Uint8Array.from([...start, ...new TextEncoder().encode(text), ...content]);
}

function count(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}

function load(
  arrays: Readonly<Record<string, Uint8Array>>,
  options: DataOptions = {},
  name = 'a.npz',
): Promise<Dataset> {
  const entries = Object.entries(arrays).map(([array, bytes]): [string, Uint8Array] => [
    `${array}.npy`,
    bytes,
  ]);
  const path = join(folder, name);
  writeFileSync(path, zipSync(Object.fromEntries(entries)));
  return loadDataset(path, options);
}

/** Eight images of 2×2 with three channels, the last axis; value 12·row + 3·place + channel. */
const keras = {
  x_train: npy([8, 2, 2, 3], count(96)),
  y_train: npy([8, 1], Uint8Array.of(3, 5, 3, 5, 3, 5, 3, 5)),
  x_test: npy([2, 2, 2, 3], count(24)),
  y_test: npy([2, 1], Uint8Array.of(5, 3)),
};

describe('arrays', () => {
  test('the names of Keras; channels, its last axis, become the first, each standardised', async () => {
    const data = await load(keras);
    expect(data).toMatchObject({
      name: 'a',
      inputShape: [3, 2, 2],
      task: { kind: 'classification', classes: ['3', '5'] },
    });
    expect(describeDataset(data)).toBe('8 train, 0 validation, 2 test');
    expect([...data.test.labels.data]).toEqual([1, 0]);
    const { mean = [], std = [] } = data.normalisation ?? {};
    // Channel c of the training part holds c, c + 3, …, c + 93.
    expect(mean).toEqual([46.5, 47.5, 48.5]);
    const back = Array.from(data.train.inputs.data, (value, index) => {
      const channel = Math.floor(index / 4) % 3;
      return Math.round(value * std[channel] + mean[channel]);
    });
    expect(back.slice(0, 12)).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    expect([...back].sort((a, b) => a - b)).toEqual([...count(96)]);
    expect(data.notes).toEqual(['y is predicted: 2 classes', 'images of 2×2 with 3 channels, the last axis']);
  });

  test.each<[number[], number[], number]>([
    [[8], [1], 1],
    [[8, 5], [5], 5],
    [[8, 5, 6], [1, 5, 6], 1],
    [[8, 3, 5, 6], [3, 5, 6], 3],
    [[8, 5, 6, 1], [1, 5, 6], 1],
    [[8, 2, 5, 6, 2], [2, 5, 6, 2], 1],
  ])('an array of shape %j has examples of shape %j and %d means', async (shape, inputShape, means) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const x = npy(
      shape,
      Float32Array.from({ length: size }, (_, index) => index),
    );
    const data = await load({ x, y: npy([8], Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1)) });
    expect(data.inputShape).toEqual(inputShape);
    expect(data.normalisation?.mean.length).toBe(means);
    expect(describeDataset(data)).toBe('6 train, 0 validation, 2 test');
  });

  test('x and y of a folder, a number as the target', async () => {
    const path = join(folder, 'plain');
    mkdirSync(path);
    const values = Float64Array.from({ length: 50 }, (_, row) => row / 7);
    writeFileSync(
      join(path, 'X.npy'),
      npy(
        [50, 2],
        Float64Array.from({ length: 100 }, (_, index) => index ** 2),
      ),
    );
    writeFileSync(join(path, 'y.npy'), npy([50], values));
    const data = await loadDataset(path, { validation: 0.1 });
    expect(describeDataset(data)).toBe('35 train, 5 validation, 10 test');
    if (data.task.kind !== 'regression') throw new Error(data.task.kind);
    const { mean, std } = data.task;
    const target = [data.train, data.validation, data.test].flatMap((part) =>
      Array.from(part?.labels.data ?? [], (label) => label * std + mean),
    );
    target.sort((a, b) => a - b).forEach((value, row) => expect(value).toBeCloseTo(values[row], 5));
  });

  test('medical images of MedMNIST’s names keep their three parts', async () => {
    const y = (...labels: number[]): Uint8Array => npy([labels.length, 1], Uint8Array.from(labels));
    const data = await load({
      train_images: npy([4, 2, 2], count(16)),
      val_images: npy([2, 2, 2], count(8)),
      test_images: npy([1, 2, 2], count(4)),
      train_labels: y(0, 1, 2, 1),
      val_labels: y(2, 0),
      test_labels: y(1),
    });
    expect(describeDataset(data)).toBe('4 train, 2 validation, 1 test');
    expect([data.train, data.validation, data.test].map((part) => [...(part?.labels.data ?? [])])).toEqual([
      [0, 1, 2, 1],
      [2, 0],
      [1],
    ]);
  });

  const x = npy([4, 2], count(8));
  const y = npy([4], Uint8Array.of(0, 1, 0, 1));
  test.each<[Readonly<Record<string, Uint8Array>>, DataOptions, string]>([
    [{ a: x }, {}, 'a.npz has a; x_train, y_train, x_test and y_test, or x and y are expected'],
    [{}, {}, 'a.npz has no arrays'],
    [{ x }, {}, 'a.npz has x, but no y_train or train_labels or y;'],
    [{ x_train: x, y_train: y, y_test: y }, {}, 'has y_test, but no x_test or test_images'],
    [{ x, y: npy([3], count(3)) }, {}, 'a: the train part has 3 labels, but 4 inputs of shape [2]'],
    [{ x, y: npy([4, 2], count(8)) }, {}, 'labels of shape [4,2]; one label a row is expected'],
    [{ x: npy([4, 0], count(0)), y }, {}, 'examples of shape [0] hold no numbers'],
    [
      { x, y, x_test: npy([1, 3], count(3)), y_test: npy([1], count(1)) },
      {},
      'test examples of shape [3], those of the training part have [2]',
    ],
    [{ x, y, x_test: x, y_test: npy([4], count(4)) }, {}, 'class "2" occurs in the test part only (row 2)'],
    [
      { x: npy([4, 2], Float32Array.of(0, 1, 2, NaN, 4, 5, 6, 7)), y },
      {},
      'NaN in row 1 of the train part; inputs must be finite',
    ],
    [{ x, y: npy([4], Float64Array.of(0.5, Infinity, 2, 3)) }, {}, 'Infinity as the target of row 1'],
    [{ x: npy([4, 2], count(64), '|O8'), y }, {}, 'a.npz: x: holds Python objects'],
    [{ x, y, x_test: x, y_test: y }, { test: 0.1 }, 'a has a test part of its own'],
    [{ x, y }, { size: [3, 3] }, 'is NumPy arrays; the option size says nothing about it'],
  ])('%#: arrays at fault', async (arrays, options, message) => {
    await expect(load(arrays, options)).rejects.toThrow(message);
  });

  test('one .npy file is not enough', async () => {
    writeFileSync(join(folder, 'x.npy'), x);
    await expect(loadDataset(join(folder, 'x.npy'))).rejects.toThrow(
      'is one array; name the folder that holds x.npy',
    );
  });

  test('damaged archives of arrays give a data set or a ScreeError', async () => {
    const sample = zipSync(
      Object.fromEntries(Object.entries(keras).map(([name, bytes]) => [`${name}.npy`, bytes])),
      { level: 0 },
    );
    const path = join(folder, 'damaged.npz');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constant(sample.length), fc.nat(sample.length)),
        fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 3 }),
        async (length, changes) => {
          const bytes = sample.slice(0, length);
          for (const [place, byte] of changes) if (place < length) bytes[place] = byte;
          writeFileSync(path, bytes);
          try {
            expect((await loadDataset(path)).train.size).toBe(8);
          } catch (error) {
            expect(error).toBeInstanceOf(ScreeError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
