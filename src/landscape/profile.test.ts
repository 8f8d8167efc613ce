import { expect, test } from 'vitest';
import { performanceProfiles, solvedShare } from './profile.js';

test('profiles of three solvers on four problems, by hand', () => {
  // The least costs are 2, 10, 5, and nobody solves the last one.
  const profiles = performanceProfiles(
    ['a', 'b', 'c'],
    [
      [2, 40, Infinity, Infinity],
      [4, 10, 5, Infinity],
      [2, 20, 50, Infinity],
    ],
  );
  expect(profiles).toEqual([
    { name: 'a', ratios: [1, 4, Infinity, Infinity] },
    { name: 'b', ratios: [1, 1, 2, Infinity] },
    { name: 'c', ratios: [1, 2, 10, Infinity] },
  ]);
  const shares = (factor: number) => profiles.map((profile) => solvedShare(profile, factor));
  expect(shares(1)).toEqual([0.25, 0.5, 0.25]);
  expect(shares(2)).toEqual([0.25, 0.75, 0.5]);
  expect(shares(4)).toEqual([0.5, 0.75, 0.5]);
  expect(shares(10)).toEqual([0.5, 0.75, 0.75]);
  // What nobody solves is solved at no factor.
  expect(shares(Infinity)).toEqual([0.5, 0.75, 0.75]);
});

test('no problems: nothing is solved', () => {
  expect(solvedShare(performanceProfiles(['a'], [[]])[0], 1)).toBe(0);
});
