import { describe, expect, test } from 'vitest';
import { Generator, integers } from '../random/index.js';
import { classScores, confusionMatrix, largestPlaces } from './classes.js';

describe('confusion matrix and scores of classes', () => {
  test('are those of the examples in scikit-learn’s documentation', () => {
    // sklearn.metrics.confusion_matrix
    expect(confusionMatrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2], 3)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    // sklearn.metrics.precision_recall_fscore_support, which has 0 where there is nothing to say.
    const truth = [0, 1, 2, 0, 1, 2];
    const scores = classScores(confusionMatrix(truth, [0, 2, 1, 0, 0, 1], 3), ['cat', 'dog', 'pig']);
    expect(scores).toEqual([
      { class: 'cat', precision: 2 / 3, recall: 1, f1: 0.8, support: 2 },
      { class: 'dog', precision: 0, recall: 0, f1: 0, support: 2 },
      { class: 'pig', precision: 0, recall: 0, f1: 0, support: 2 },
    ]);
  });

  test('agree with counts taken example by example', () => {
    const generator = new Generator(1);
    const truth = Array.from(integers(generator, [200], 0, 6).data);
    const predicted = Array.from(integers(generator, [200], 0, 6).data);
    const names = ['0', '1', '2', '3', '4', '5'];
    const scores = classScores(confusionMatrix(truth, predicted, 6), names);
    for (const [index, { precision, recall, f1, support }] of scores.entries()) {
      const count = (holds: (row: number) => boolean) => truth.filter((_, row) => holds(row)).length;
      const right = count((row) => truth[row] === index && predicted[row] === index);
      const wronglyTaken = count((row) => truth[row] !== index && predicted[row] === index);
      const missed = count((row) => truth[row] === index && predicted[row] !== index);
      expect(support).toBe(right + missed);
      expect(precision).toBe(right / (right + wronglyTaken));
      expect(recall).toBe(right / (right + missed));
      const p = precision ?? NaN;
      const r = recall ?? NaN;
      // The harmonic mean in another form: two roundings.
      expect(f1).toBeCloseTo((2 * p * r) / (p + r), 14);
    }
  });

  test('say nothing where there is nothing to say', () => {
    const scores = classScores(confusionMatrix([0, 0], [0, 1], 3), ['a', 'b', 'c']);
    expect(scores[1]).toEqual({ class: 'b', precision: 0, recall: null, f1: 0, support: 0 });
    expect(scores[2]).toEqual({ class: 'c', precision: null, recall: null, f1: null, support: 0 });
  });

  test('the first of equal largest numbers is taken', () => {
    expect(Array.from(largestPlaces([1, 3, 3, 0, 0, 0, -3, -2, -1], 3))).toEqual([1, 0, 2]);
    expect(largestPlaces([], 3)).toHaveLength(0);
  });
});
