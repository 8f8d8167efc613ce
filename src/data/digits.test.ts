import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contentSha256 } from './gzip.js';
import { outputSize } from './dataset.js';
import { readDigits } from './digits.js';
import { loadDataset } from './load.js';
import { stratifiedSplit } from './stratify.js';
import { Generator } from '../random/generator.js';

describe('digits', () => {
  test('the shipped file is scikit-learn’s', async () => {
    // SHA-256 of the unpacked digits.csv.gz in the wheel scikit_learn-1.9.1.
    expect(await contentSha256('src/data/digits.csv.gz')).toBe(
      '6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8',
    );
  });

  test('1,437 + 360 rows; each class has a fifth of its rows in the test part, to one row', async () => {
    const { train, test: held, task, inputShape } = await loadDataset('digits');
    expect(inputShape).toEqual([1, 8, 8]);
    expect(train.inputs.shape).toEqual([1437, 1, 8, 8]);
    expect(held.inputs.shape).toEqual([360, 1, 8, 8]);
    const count = (labels: ArrayLike<number>): number[] =>
      Array.from(
        { length: outputSize(task) },
        (_, label) => Array.from(labels).filter((value) => value === label).length,
      );
    // The counts of sklearn.datasets.load_digits().
    const all = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
    const test = count(held.labels.data);
    expect(count(train.labels.data).map((rows, label) => rows + test[label])).toEqual(all);
    for (const [label, rows] of all.entries())
      expect(Math.abs(test[label] - (rows * 360) / 1797)).toBeLessThan(1);
  });

  test('rows are the file’s: sums and the first image as scikit-learn has them', async () => {
    const raw = await readDigits();
    const images = [raw.train, raw.test].flatMap(({ inputs }) =>
      Array.from({ length: inputs.length / 64 }, (_, row) => inputs.subarray(64 * row, 64 * row + 64)),
    );
    // load_digits().data.sum() and .max()
    expect(images.reduce((sum, image) => sum + image.reduce((a, b) => a + b, 0), 0)).toBe(561718);
    expect(Math.max(...images.map((image) => Math.max(...image)))).toBe(16);
    const distinct = new Set(images.map((image) => image.join()));
    expect(distinct.size).toBe(1797);
    expect(distinct.has(firstImage)).toBe(true);
  });

  test('the split never changes', async () => {
    const { train, test: held } = await readDigits();
    const digest = (bytes: Uint8Array): string =>
      createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    expect([train.inputs, train.labels, held.inputs, held.labels].map(digest)).toMatchInlineSnapshot(`
      [
        "84485f27d8d31e49",
        "b5c797872c8e1ad6",
        "b9c5bd23bce15281",
        "a0ae997d8dd7f1b1",
      ]
    `);
  });

  test('standardised: the train part has mean 0 and variance 1', async () => {
    const { train, normalisation } = await loadDataset('digits');
    const values = Array.from(train.inputs.data);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    // Float32 rounding of 92k values.
    expect(Math.abs(mean)).toBeLessThan(1e-6);
    expect(Math.abs(variance - 1)).toBeLessThan(1e-6);
    expect(normalisation?.mean[0]).toBeCloseTo(4.88, 1);
    expect(normalisation?.std[0]).toBeCloseTo(6.02, 1);
  });
});

const firstImage =
  '0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,0,3,15,2,0,11,8,0,0,4,12,0,0,8,8,0,0,5,8,0,0,9,8,0,0,4,11,0,1,12,7,0,0,2,14,5,10,12,0,0,0,0,6,13,10,0,0,0';

describe('stratifiedSplit', () => {
  test('every row once, in ascending order, shares by largest remainder', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, row) => (row < 50 ? 0 : row < 83 ? 1 : 2));
    const { train, test: held } = stratifiedSplit(labels, 10, new Generator(0));
    expect([...train, ...held].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, row) => row));
    expect(held).toEqual([...held].sort((a, b) => a - b));
    // Shares 5, 3.3 and 1.7.
    expect([0, 1, 2].map((label) => held.filter((row) => labels[row] === label).length)).toEqual([5, 3, 2]);
  });
});
