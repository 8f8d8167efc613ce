import { describe, expect, test } from 'vitest';
import { permutation } from '../random/distributions.js';
import { Generator } from '../random/generator.js';
import { batches, type Batch } from './batches.js';
import type { Split } from './dataset.js';

/** Row r holds the inputs 10·r and 10·r + 1 and the label r. */
function rows(size: number): Split {
  const data = Float32Array.from(
    { length: 2 * size },
    (_, index) => 10 * Math.floor(index / 2) + (index % 2),
  );
  return {
    size,
    inputs: { data, shape: [size, 1, 1, 2], dtype: 'float32' },
    labels: { data: Int32Array.from({ length: size }, (_, row) => row), shape: [size], dtype: 'int32' },
  };
}

interface Seen {
  epoch: number;
  index: number;
  labels: number[];
}

/** Takes all batches, checking that each row has its own label. */
function see(iterator: IterableIterator<Batch>): Seen[] {
  return Array.from(iterator, ({ inputs, labels, size, epoch, index }) => {
    expect(inputs.shape).toEqual([size, 1, 1, 2]);
    expect(labels.shape).toEqual([size]);
    expect([...inputs.data]).toEqual([...labels.data].flatMap((row) => [10 * row, 10 * row + 1]));
    return { epoch, index, labels: [...labels.data] };
  });
}

describe('batches', () => {
  test('without a generator: the order of the split, the last batch shorter', () => {
    const made = batches(rows(7), { batchSize: 3 });
    expect(made.perEpoch).toBe(3);
    expect(see(made.epoch(4))).toEqual([
      { epoch: 4, index: 0, labels: [0, 1, 2] },
      { epoch: 4, index: 1, labels: [3, 4, 5] },
      { epoch: 4, index: 2, labels: [6] },
    ]);
  });

  test('dropLast leaves out the shorter batch only', () => {
    expect(
      see(batches(rows(7), { batchSize: 3, dropLast: true }).epoch(0)).map((seen) => seen.labels.length),
    ).toEqual([3, 3]);
    expect(batches(rows(6), { batchSize: 3, dropLast: true }).perEpoch).toBe(2);
    expect(batches(rows(6), { batchSize: 3 }).perEpoch).toBe(2);
  });

  test('an epoch is the permutation of its fork, whatever came before', () => {
    const generator = new Generator(1);
    const order = [...permutation(new Generator(1).fork(3), 100)];
    const made = batches(rows(100), { batchSize: 9, shuffle: generator });
    expect(see(made.epoch(3)).flatMap((seen) => seen.labels)).toEqual(order);
    see(made.epoch(0));
    generator.word();
    expect(see(made.epoch(3)).flatMap((seen) => seen.labels)).toEqual(order);
    expect(see(made.epoch(2)).flatMap((seen) => seen.labels)).not.toEqual(order);
  });

  test('starts at any batch of any epoch exactly', () => {
    const options = { batchSize: 8, shuffle: new Generator(2) };
    const whole = see(batches(rows(61), options).epoch(5));
    for (let first = 0; first <= whole.length; first++) {
      expect(see(batches(rows(61), options).epoch(5, first))).toEqual(whole.slice(first));
    }
  });

  test('a batch stays whole while the next is prepared, in two places that take turns', () => {
    const made = batches(rows(40), { batchSize: 8, shuffle: new Generator(3) });
    const places = new Set<unknown>();
    let before: Batch | undefined;
    let labelsBefore: number[] = [];
    for (const epoch of [0, 1, 2]) {
      for (const batch of made.epoch(epoch)) {
        if (before !== undefined) {
          expect(before.inputs.data).not.toBe(batch.inputs.data);
          expect([...before.labels.data]).toEqual(labelsBefore);
          expect([...before.inputs.data]).toEqual(labelsBefore.flatMap((row) => [10 * row, 10 * row + 1]));
        }
        before = batch;
        labelsBefore = [...batch.labels.data];
        places.add(batch.inputs.data).add(batch.labels.data);
      }
    }
    expect(places.size).toBe(4);
  });

  test('rows of one number', () => {
    const split = rows(4);
    const narrow: Split = {
      ...split,
      inputs: { data: Float32Array.of(5, 6, 7, 8), shape: [4, 1], dtype: 'float32' },
    };
    expect(Array.from(batches(narrow, { batchSize: 3 }).epoch(0), (batch) => [...batch.inputs.data])).toEqual(
      [[5, 6, 7], [8]],
    );
  });

  test.each([
    [8, 'a batch of 8 is more than the 7 rows there are; take 1 to 7'],
    [0, 'batchSize 0 is not an integer from 1'],
    [2.5, 'batchSize 2.5 is not an integer'],
  ])('batch size %d of 7 rows is refused', (batchSize, message) => {
    expect(() => batches(rows(7), { batchSize })).toThrow(message);
  });

  test('an epoch or a place that does not exist is refused', () => {
    const made = batches(rows(7), { batchSize: 3 });
    expect(() => made.epoch(-1)).toThrow('epoch -1');
    expect(() => made.epoch(0, 4)).toThrow('first batch 4 is not an integer from 0 to 3');
  });
});
