import { permutation } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';

/**
 * Divides rows so that each class has the same share in both parts, up to rounding (largest remainder). A class keeps at least
 * one row for training: one that occurs in the test part only could not be learnt.
 * @param labels class of each row
 * @param testSize rows of the test part, from 0 to the count of labels; where that would take a class's last row, fewer
 * @returns row numbers of the two parts, each in ascending order
 */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  testSize: number,
  generator: Generator,
): { train: number[]; test: number[] } {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const rows = rowsOf.get(labels[row]);
    if (rows === undefined) rowsOf.set(labels[row], [row]);
    else rows.push(row);
  }
  const shares = [...rowsOf.entries()]
    .sort(([a], [b]) => a - b)
    .map(([label, rows]) => {
      const exact = (rows.length * testSize) / labels.length;
      return {
        label,
        rows,
        count: Math.min(Math.floor(exact), rows.length - 1),
        remainder: exact - Math.floor(exact),
      };
    });
  const missing = testSize - shares.reduce((sum, share) => sum + share.count, 0);
  // sort is stable: of equal remainders the lower class comes first.
  const fullest = shares
    .filter(({ count, rows }) => count < rows.length - 1)
    .sort((a, b) => b.remainder - a.remainder)
    .slice(0, missing);
  for (const share of fullest) share.count++;

  const train: number[] = [];
  const test: number[] = [];
  for (const { label, rows, count } of shares) {
    const order = permutation(generator.fork(label), rows.length);
    for (const [position, index] of order.entries()) (position < count ? test : train).push(rows[index]);
  }
  return { train: train.sort((a, b) => a - b), test: test.sort((a, b) => a - b) };
}
