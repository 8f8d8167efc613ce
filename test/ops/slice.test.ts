import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type Tensor } from '../../src/graph/index.js';
import { float64, slice, trace, type SliceBound } from '../../src/ops/index.js';

type Bounds = readonly [SliceBound, SliceBound, number];
const line = (count: number) =>
  ndarray(
    Float64Array.from({ length: count }, (_, k) => k),
    [count],
  );

function sliced(count: number, [start, end, step]: Bounds): number[] {
  const program = compile((x: Tensor) => slice(x, [start], [end], [step]), [float64(count)]);
  return Array.from(program.run(line(count)).data);
}

describe('one axis', () => {
  // Printed by numpy.arange(6)[start:end:step].
  test.each<[Bounds, number[]]>([
    [
      [null, null, -1],
      [5, 4, 3, 2, 1, 0],
    ],
    [
      [4, 1, -1],
      [4, 3, 2],
    ],
    [
      [4, 0, -2],
      [4, 2],
    ],
    [
      [4, null, -2],
      [4, 2, 0],
    ],
    [
      [-1, -4, -1],
      [5, 4, 3],
    ],
    [
      [-2, null, -3],
      [4, 1],
    ],
    [[0, null, -1], [0]],
    [[3, 3, -1], []],
    [
      [-4, -1, 2],
      [2, 4],
    ],
    [
      [1, null, 3],
      [1, 4],
    ],
    [
      [null, -2, 1],
      [0, 1, 2, 3],
    ],
  ])('%j', (bounds, expected) => {
    expect(sliced(6, bounds)).toEqual(expected);
  });

  test('every slice of up to four elements is what a walk over the indices gives', () => {
    for (let count = 0; count <= 4; count++) {
      const bounds = [null, ...Array.from({ length: count }, (_, k) => k)];
      for (const start of bounds) {
        for (const end of bounds) {
          for (const step of [-3, -2, -1, 1, 2, 3]) {
            const [first, stop] = step > 0 ? [start ?? 0, end ?? count] : [start ?? count - 1, end ?? -1];
            if (Math.sign(stop - first) === -Math.sign(step)) continue;
            const walked: number[] = [];
            for (let k = first; step > 0 ? k < stop : k > stop; k += step) walked.push(k);
            expect({ start, end, step, found: sliced(count, [start, end, step]) }).toEqual({
              start,
              end,
              step,
              found: walked,
            });
          }
        }
      }
    }
  });
});

test('axes that are not named stay whole', () => {
  const program = compile((x: Tensor) => slice(x, [null], [null], [-1]), [float64(2, 2)]);
  const whole = program.run([
    [1, 2],
    [3, 4],
  ]);
  expect(Array.from(whole.data)).toEqual([3, 4, 1, 2]);
});

test.each<[Bounds, RegExp]>([
  [[6, 0, -1], /slice: 6:0:-1 is not inside axis 0 of \[6\]; backwards 6 > start ≥ end ≥ 0, or null/],
  [[-7, null, -1], /-7::-1 is not inside axis 0/],
  [[2, 4, -1], /2:4:-1 is not inside axis 0/],
  [[2, -9, -1], /2:-9:-1 is not inside axis 0/],
  [[0, 3, 0], /0:3:0 is not inside axis 0/],
  [[0, 3, -0.5], /0:3:-0.5 is not inside axis 0/],
  [[0, 7, 1], /slice: 0:7:1 is not inside axis 0/],
])('%j is refused', (bounds, message) => {
  const [start, end, step] = bounds;
  expect(() => trace((x: Tensor) => slice(x, [start], [end], [step]), [float64(6)])).toThrow(message);
});

test('bounds for more axes than there are are refused', () => {
  expect(() => trace((x: Tensor) => slice(x, [0, 0], [1, 1]), [float64(6)])).toThrow(
    'slice: bounds for 2 axes; [6] has 1',
  );
});
