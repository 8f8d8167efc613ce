import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Generator } from '../random/generator.js';
import { createDataset, describe as describeDataset, type RawDataset } from './dataset.js';
import { splitRows } from './split.js';
import { stratifiedSplit } from './stratify.js';

const labels = fc.array(fc.nat(4), { minLength: 12, maxLength: 80 });

describe('splitRows', () => {
  test('every row is in one part, in ascending order; classes have their shares, and each keeps a row to train on', () => {
    fc.assert(
      fc.property(
        labels,
        fc.nat(2),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(1000),
        (classes, validation, held, splitSeed) => {
          const parts = splitRows('t', classes, { validation, test: held, splitSeed });
          const all = [...parts.train, ...parts.validation, ...parts.test];
          expect(all.toSorted((a, b) => a - b)).toEqual(classes.map((_, row) => row));
          for (const rows of Object.values<readonly number[]>({ ...parts })) {
            expect(rows).toEqual(rows.toSorted((a, b) => a - b));
          }
          const count = (rows: readonly number[], label: number): number =>
            rows.filter((row) => classes[row] === label).length;
          for (const label of new Set(classes)) {
            expect(count(parts.train, label)).toBeGreaterThan(0);
            const exact = (held * classes.filter((other) => other === label).length) / classes.length;
            // Rounded down or up, but where a class had to keep its only row and another gave instead.
            expect(count(parts.test, label)).toBeLessThanOrEqual(Math.ceil(exact) + held);
          }
        },
      ),
    );
  });

  test('equal shares, exactly, where they divide', () => {
    const classes = Array.from({ length: 60 }, (_, row) => row % 3);
    const { train, validation, test: held } = splitRows('t', classes, { validation: 0.1, test: 0.2 });
    const counts = [train, validation, held].map((rows) =>
      [0, 1, 2].map((label) => rows.filter((row) => classes[row] === label).length),
    );
    expect(counts).toEqual([
      [14, 14, 14],
      [2, 2, 2],
      [4, 4, 4],
    ]);
  });

  test('rows without classes, by their count', () => {
    const parts = splitRows('t', 100, { validation: 10, test: 0.25, splitSeed: 4 });
    expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual([65, 10, 25]);
    expect(splitRows('t', 100, { validation: 10, test: 0.25, splitSeed: 4 })).toEqual(parts);
    expect(splitRows('t', 100, { test: 0.25, splitSeed: 4 }).test).toEqual(parts.test);
  });

  test.each([
    [{ test: -1 }, 't: test -1 is neither a share'],
    [{ test: 1.5 }, 't: test 1.5 is neither a share'],
    [{ test: 1e-9 }, 'of 10 rows none is left for the test part'],
    [{ validation: NaN }, 't: validation NaN is neither a share'],
    [{ validation: 8 }, '8 rows for validation leave none of 8 to train on'],
  ])('%j is refused', (options, message) => {
    expect(() => splitRows('t', 10, options)).toThrow(message);
  });

  test('a class with one row stays in training', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { test: held } = stratifiedSplit([0, 0, 0, 0, 1], 1, new Generator(seed));
      expect(held.length).toBe(1);
      expect(held).not.toEqual([4]);
    }
    expect(() => splitRows('t', [0, 1, 2], { test: 1 })).toThrow('none is left for the test part');
  });
});

describe('createDataset divides', () => {
  const part = (size: number): RawDataset['train'] => ({
    inputs: Uint8Array.from({ length: 2 * size }, (_, index) => index),
    labels: Uint8Array.from({ length: size }, (_, row) => row % 2),
  });
  const raw: RawDataset = { name: 't', source: '', inputShape: [2], classes: ['a', 'b'], train: part(20) };

  test('what has a test part of its own keeps it', () => {
    const own = { ...raw, test: part(4) };
    expect(describeDataset(createDataset(own))).toBe('20 train, 0 validation, 4 test');
    const data = createDataset(own, { validation: 0.2 });
    expect(describeDataset(data)).toBe('16 train, 4 validation, 4 test');
    expect(data.test.labels).toEqual(createDataset(own).test.labels);
    expect(() => createDataset(own, { test: 0.2 })).toThrow('t has a test part of its own');
    expect(() => createDataset({ ...own, validation: part(2) }, { validation: 2 })).toThrow(
      'has a validation part of its own',
    );
    expect(() => createDataset({ ...own, validation: { ...part(2), labels: Uint8Array.of(0, 2) } })).toThrow(
      'label 2 of row 1 of the validation part is outside the 2 classes',
    );
  });

  test('what has none, after which the training part alone is measured', () => {
    const data = createDataset(raw, { validation: 4, test: 6 });
    expect(describeDataset(data)).toBe('10 train, 4 validation, 6 test');
    const values = Array.from(data.train.inputs.data);
    expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(0, 5);
    const again = createDataset(raw, { validation: 4, test: 6, normalisation: data.normalisation });
    expect(again).toEqual(data);
  });

  test('a number in each row, its own part and class', () => {
    const gap = { ...raw, classes: ['a', 'b', 'c'], test: { ...part(3), labels: Uint8Array.of(0, 1, 2) } };
    expect(() => createDataset(gap)).toThrow('t: class "c" occurs in the test part only (row 2)');
    const target: RawDataset = { name: 't', source: '', inputShape: [2], target: 'y', train: part(20) };
    const data = createDataset({ ...target, train: { ...part(20), labels: new Float64Array(20).fill(0.1) } });
    // A target that never changes: its rounded mean must not look like a deviation.
    expect(data.task).toEqual({ kind: 'regression', target: 'y', mean: 0.1, std: 1 });
    expect([...data.train.labels.data]).toEqual(new Array(16).fill(0));
  });
});
