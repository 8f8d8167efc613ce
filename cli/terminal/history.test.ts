import { expect, test } from 'vitest';
import { History } from './history.js';

test('keeps everything while there is room', () => {
  const history = new History(8);
  for (const value of [3, NaN, 2, Infinity, 1]) history.add(value);
  expect(history.values).toEqual([3, 2, 1]);
});

test('beyond that every entry is the mean of equally many numbers, and their order stays', () => {
  const history = new History(8);
  for (let value = 0; value < 100; value++) {
    history.add(value);
    expect(history.values.length).toBeLessThan(8);
  }
  // 16 numbers an entry: 0 … 15 have the mean 7.5. The last four wait for twelve more.
  expect(history.values).toEqual([7.5, 23.5, 39.5, 55.5, 71.5, 87.5]);
});
