import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contourLines, contourRegion, type Grid, type Line } from './contour.js';
import { contourLevels, ticks } from './contour-levels.js';

function sample(
  f: (x: number, y: number) => number,
  { x = [-2, 2], y = [-2, 2], columns = 101, rows = 81 }: Partial<Grid> = {},
): Grid {
  const at = ([low, high]: readonly [number, number], k: number, count: number) =>
    low + ((high - low) * k) / (count - 1);
  const values = Float64Array.from({ length: columns * rows }, (_, k) =>
    f(at(x, k % columns, columns), at(y, Math.floor(k / columns), rows)),
  );
  return { columns, rows, x, y, values };
}

const points = (line: Line) =>
  Array.from({ length: line.length / 2 }, (_, k) => [line[2 * k], line[2 * k + 1]] as const);

/** Positive where the inside is on the left. */
function area(line: Line): number {
  const corners = points(line);
  return corners.reduce((sum, [x, y], k) => {
    const [nextX, nextY] = corners[(k + 1) % corners.length];
    return sum + (x * nextY - y * nextX) / 2;
  }, 0);
}
const total = (lines: readonly Line[]) => lines.reduce((sum, line) => sum + area(line), 0);
const isClosed = (line: Line) => line[0] === line[line.length - 2] && line[1] === line[line.length - 1];

describe('the lines of a function', () => {
  test.each([0.25, 1, 2.5])('x² + y² = %d is a circle, closed, its low side on the right', (level) => {
    const lines = contourLines(
      sample((x, y) => x * x + y * y),
      level,
    );
    expect(lines).toHaveLength(1);
    expect(isClosed(lines[0])).toBe(true);
    const radius = Math.sqrt(level);
    // Linear interpolation of a parabola over h = 0.05 is wrong by at most h²/4 in the value, so by h²/8r in the radius.
    for (const [x, y] of points(lines[0])) {
      expect(Math.abs(Math.hypot(x, y) - radius)).toBeLessThan(0.05 ** 2 / (8 * radius));
    }
    // The outside is high: with it on the left the line runs with the clock.
    expect(area(lines[0])).toBeCloseTo(-Math.PI * level, 2);
  });

  test('four arcs where a circle leaves the box, each from border to border', () => {
    const lines = contourLines(
      sample((x, y) => x * x + y * y),
      5,
    );
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      for (const [x, y] of [points(line)[0], points(line).at(-1) ?? [0, 0]]) {
        expect(Math.max(Math.abs(x), Math.abs(y))).toBe(2);
      }
    }
  });

  test('a plane is exact, and a value at a corner of the grid counts as high', () => {
    const plane = sample((x, y) => x + 2 * y, { columns: 5, rows: 5 });
    for (const level of [-3.3, 0, 1.7]) {
      const [line, ...more] = contourLines(plane, level);
      expect(more).toEqual([]);
      for (const [x, y] of points(line)) expect(x + 2 * y).toBeCloseTo(level, 12);
    }
  });

  test('the level of a saddle crosses or not as the middle of its cell says', () => {
    const saddle = (middle: number): Grid => ({
      columns: 2,
      rows: 2,
      x: [0, 1],
      y: [0, 1],
      values: Float64Array.of(1, -1 + middle, -1 + middle, 1),
    });
    // The middle is middle / 2: above 0 the high corners are joined, below the low ones.
    for (const middle of [0.2, -0.2]) {
      const lines = contourLines(saddle(middle), 0);
      expect(lines).toHaveLength(2);
      const together = lines.every((line) => {
        const [[fromX, fromY], [toX, toY]] = points(line);
        // Pieces around the low corners (1, 0) and (0, 1) leave the high ones joined.
        return fromX + toX - (fromY + toY) > 0.8 || fromY + toY - (fromX + toX) > 0.8;
      });
      expect(together).toBe(middle > 0);
    }
  });

  test('no line beside points without a value, nor where nothing crosses', () => {
    const holed = sample((x, y) => (Math.hypot(x, y) < 0.5 ? NaN : x));
    for (const line of contourLines(holed, 0)) {
      for (const [, y] of points(line)) expect(Math.abs(y)).toBeGreaterThan(0.45);
    }
    expect(
      contourLines(
        sample(() => NaN),
        0,
      ),
    ).toEqual([]);
    expect(contourLines(holed, 7)).toEqual([]);
  });
});

describe('the region above a level', () => {
  test('is the box less a disc: the outer line against the clock, the hole with it', () => {
    const lines = contourRegion(
      sample((x, y) => x * x + y * y),
      1,
    );
    expect(lines.map(isClosed)).toEqual([true, true]);
    const [box, hole] = lines.map(area).sort((a, b) => b - a);
    expect(box).toBeCloseTo(16, 12);
    // A polygon inside a circle of radius 1 whose pieces are at most 0.07 long.
    expect(hole).toBeCloseTo(-Math.PI, 2);
  });

  test('and the region below it make up the box, whatever the values', () => {
    const size = fc.integer({ min: 2, max: 7 });
    const grids = fc.tuple(size, size).chain(([columns, rows]) =>
      fc
        .array(fc.double({ min: -1, max: 1, noNaN: true }), {
          minLength: columns * rows,
          maxLength: columns * rows,
        })
        .map((values) => ({ columns, rows, values })),
    );
    fc.assert(
      fc.property(grids, fc.double({ min: -1, max: 1, noNaN: true }), ({ columns, rows, values }, level) => {
        // A value that is exactly the level belongs to both.
        fc.pre(!values.includes(level));
        const grid: Grid = { columns, rows, x: [0, 3], y: [0, 2], values: Float64Array.from(values) };
        const mirrored = { ...grid, values: grid.values.map((value) => -value) };
        const both = total(contourRegion(grid, level)) + total(contourRegion(mirrored, -level));
        // Around a saddle whose middle is exactly the level both are joined; doubles do not meet it.
        expect(both).toBeCloseTo(6, 9);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('leaves out what has no value', () => {
    const half = sample((x) => (x < 0 ? NaN : 1));
    expect(total(contourRegion(half, -Number.MAX_VALUE))).toBeCloseTo(8, 12);
  });
});

describe('levels', () => {
  test('are round and even for a bowl', () => {
    const { values, spacing } = contourLevels(sample((x, y) => x * x + y * y).values);
    expect(spacing).toBe('even');
    expect(values).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5]);
  });

  test('grow by factors in a ravine', () => {
    const rosenbrock = sample((x, y) => 100 * (y - x * x) ** 2 + (1 - x) ** 2);
    const { values, spacing } = contourLevels(rosenbrock.values);
    expect(spacing).toBe('geometric');
    expect(values).toEqual([0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]);
  });

  test('are round below 0, too', () => {
    const deep = sample((x, y) => 100 * (y - x * x) ** 2 + (1 - x) ** 2 - 146.7);
    expect(contourLevels(deep.values).values).toEqual([
      -146.5, -146, -145, -142, -137, -127, -97, -47, 53, 353, 853, 1853,
    ]);
  });

  test('stay away from a pole, and there are none of a constant or of nothing', () => {
    const { values } = contourLevels(sample((x) => 1 / x, { columns: 100 }).values);
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(20);
    expect(values.length).toBeGreaterThan(5);
    expect(contourLevels(Float64Array.of(3, 3, 3)).values).toEqual([]);
    expect(contourLevels(Float64Array.of(NaN, NaN)).values).toEqual([]);
  });

  test.each([
    [0, 1, 10, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    [-512, 512, 5, [-400, -200, 0, 200, 400]],
    [0.12, 0.19, 4, [0.12, 0.14, 0.16, 0.18]],
    [3, 3, 4, [3]],
  ])('ticks from %d to %d', (low, high, count, expected) => {
    expect(ticks(low, high, count)).toEqual(expected);
  });
});
