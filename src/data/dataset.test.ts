import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDataset, type ByteDataset } from './dataset.js';
import { normalise, standardisation } from './normalise.js';

const raw: ByteDataset = {
  name: 'toy',
  source: 'here',
  inputShape: [1, 1, 2],
  classes: ['no', 'yes'],
  train: { inputs: Uint8Array.of(0, 2, 4, 6), labels: Uint8Array.of(0, 1) },
  test: { inputs: Uint8Array.of(255, 3), labels: Uint8Array.of(1) },
};

describe('standardisation', () => {
  test('equals the two-pass sums, a pair a channel', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(
            fc.integer({ min: 1, max: 3 }),
            fc.integer({ min: 1, max: 5 }),
            fc.integer({ min: 1, max: 6 }),
          )
          .chain(([channels, width, rows]) => {
            const length = rows * channels * width;
            return fc.tuple(
              fc.constant(channels),
              fc.constant(width),
              fc.uint8Array({ minLength: length, maxLength: length }),
            );
          }),
        ([channels, width, inputs]) => {
          const { mean, std } = standardisation(inputs, [channels, 1, width]);
          expect(mean.length).toBe(channels);
          for (let channel = 0; channel < channels; channel++) {
            const values = [...inputs].filter((_, index) => Math.floor(index / width) % channels === channel);
            const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
            const spread = Math.sqrt(
              values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length,
            );
            // The same sums in another order: rounding only.
            expect(mean[channel]).toBeCloseTo(middle, 10);
            expect(std[channel]).toBeCloseTo(spread || 1, 10);
          }
        },
      ),
    );
  });

  test('a constant channel is centred, not divided by zero', () => {
    expect(standardisation(Uint8Array.of(7, 7), [2])).toEqual({ mean: [7], std: [1] });
  });
});

describe('normalise', () => {
  test('by channel, rounded to float32', () => {
    const out = normalise(Uint8Array.of(10, 20, 30, 40), [2, 1, 1], { mean: [1, 2], std: [3, 4] });
    expect([...out]).toEqual([9 / 3, 18 / 4, 29 / 3, 38 / 4].map(Math.fround));
  });

  test.each([
    [{ mean: [0, 0], std: [1, 1] }],
    [{ mean: [NaN], std: [1] }],
    [{ mean: [0], std: [0] }],
    [{ mean: [0], std: [Infinity] }],
  ])('refuses %j', (constants) => {
    expect(() => normalise(Uint8Array.of(1), [1, 1, 1], constants)).toThrow(
      'need 1 finite mean and positive std',
    );
  });
});

describe('createDataset', () => {
  test('standardises both parts with the train part alone', () => {
    const data = createDataset(raw);
    const std = Math.sqrt(5);
    expect(data.normalisation).toEqual({ mean: [3], std: [std] });
    expect(data.train.inputs).toEqual({
      data: Float32Array.of(-3 / std, -1 / std, 1 / std, 3 / std),
      shape: [2, 1, 1, 2],
      dtype: 'float32',
    });
    expect(data.test.inputs.data).toEqual(Float32Array.of(252 / std, 0));
    expect(data.train.labels).toEqual({ data: Int32Array.of(0, 1), shape: [2], dtype: 'int32' });
    expect(data.test.size).toBe(1);
  });

  test('takes the constants of an earlier run', () => {
    const data = createDataset(raw, { normalisation: { mean: [0], std: [2] } });
    expect([...data.train.inputs.data]).toEqual([0, 1, 2, 3]);
    expect(data.normalisation).toEqual({ mean: [0], std: [2] });
  });

  test.each([
    [
      { train: { inputs: raw.train.inputs, labels: Uint8Array.of(0, 2) } },
      'toy: label 2 of row 1 of the train part is outside the 2 classes, 0 to 1',
    ],
    [
      { test: { inputs: raw.test.inputs, labels: Uint8Array.of(9) } },
      'toy: label 9 of row 0 of the test part is outside the 2 classes, 0 to 1',
    ],
    [
      { train: { inputs: raw.train.inputs, labels: Uint8Array.of(0, 1, 1) } },
      'toy: the train part has 3 labels, but 2 inputs of shape [1,1,2]',
    ],
    [{ test: { inputs: new Uint8Array(), labels: new Uint8Array() } }, 'toy: the test part has no rows'],
  ])('%#: %j is refused', (change, message) => {
    expect(() => createDataset({ ...raw, ...change })).toThrow(message);
  });
});
