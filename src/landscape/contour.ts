/** Values of a function of two variables on a regular grid. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** What the first and the last column stand for. */
  readonly x: readonly [number, number];
  /** What the first and the last row stand for. */
  readonly y: readonly [number, number];
  /** Row after row; NaN where the function has no value. */
  readonly values: Float64Array;
}

/** Points `x, y, x, y, …`; a closed line ends at its first point. */
export type Line = readonly number[];

/** Corner values of a grid, and where its corners are. */
interface Corners {
  readonly columns: number;
  readonly rows: number;
  value(column: number, row: number): number;
  x(column: number): number;
  y(row: number): number;
}

function cornersOf({ columns, rows, x, y, values }: Grid): Corners {
  return {
    columns,
    rows,
    value: (column, row) => values[row * columns + column],
    x: (column) => x[0] + ((x[1] - x[0]) * column) / (columns - 1),
    y: (row) => y[0] + ((y[1] - y[0]) * row) / (rows - 1),
  };
}

/** The same with a rim of −∞ on the border itself, so that what is above a level is closed. NaN counts as −∞. */
function rimmed(grid: Grid): Corners {
  const inner = cornersOf(grid);
  const clamp = (index: number, count: number) => Math.min(Math.max(index - 1, 0), count - 1);
  return {
    columns: grid.columns + 2,
    rows: grid.rows + 2,
    value(column, row) {
      const outside = column === 0 || row === 0 || column > grid.columns || row > grid.rows;
      const value = outside ? -Infinity : inner.value(column - 1, row - 1);
      return Number.isNaN(value) ? -Infinity : value;
    },
    x: (column) => inner.x(clamp(column, grid.columns)),
    y: (row) => inner.y(clamp(row, grid.rows)),
  };
}

/** Sides of a cell, counted from the bottom against the clock. */
type Side = 0 | 1 | 2 | 3;

/**
 * The pieces of line in a cell by which of its corners (bottom left, bottom right, top right, top left: bits 1, 2, 4, 8) are
 * high, from side to side with the high corners on the left.
 */
const pieces: readonly (readonly (readonly [Side, Side])[])[] = [
  [],
  [[0, 3]],
  [[1, 0]],
  [[1, 3]],
  [[2, 1]],
  // Two opposite corners: these are their pieces where the middle is low.
  [
    [0, 3],
    [2, 1],
  ],
  [[2, 0]],
  [[2, 3]],
  [[3, 2]],
  [[0, 2]],
  [
    [1, 0],
    [3, 2],
  ],
  [[1, 2]],
  [[3, 1]],
  [[0, 1]],
  [[3, 0]],
  [],
];
const middleHigh: Readonly<Record<number, readonly (readonly [Side, Side])[]>> = {
  5: [
    [0, 1],
    [2, 3],
  ],
  10: [
    [3, 0],
    [1, 2],
  ],
};

/** An edge of the grid by a number: twice that of its lower or left corner, one more for those that go up. */
function edgeOf(column: number, row: number, side: Side, columns: number): number {
  const corner = row * columns + column;
  return 2 * corner + [0, 3, 2 * columns, 1][side];
}

/**
 * Marching squares (Lorensen and Cline 1987, in the plane) with linear interpolation. Every piece of line runs with the high
 * side on its left, so that each edge of the grid is left by at most one piece and the pieces join by a table of edges.
 * @param skip whether to leave out cells with a corner that is not finite
 */
function trace(corners: Corners, level: number, skip: boolean): number[][] {
  const { columns, rows } = corners;
  const next = new Map<number, number>();
  const ends = new Set<number>();
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const a = corners.value(column, row);
      const b = corners.value(column + 1, row);
      const c = corners.value(column + 1, row + 1);
      const d = corners.value(column, row + 1);
      const high = (a >= level ? 1 : 0) + (b >= level ? 2 : 0) + (c >= level ? 4 : 0) + (d >= level ? 8 : 0);
      if (high === 0 || high === 15 || (skip && !Number.isFinite(a + b + c + d))) continue;
      const isHigh = high in middleHigh && (a + b + c + d) / 4 >= level;
      for (const [from, to] of isHigh ? middleHigh[high] : pieces[high]) {
        const end = edgeOf(column, row, to, columns);
        next.set(edgeOf(column, row, from, columns), end);
        ends.add(end);
      }
    }
  }
  const lines: number[][] = [];
  const follow = (start: number) => {
    const line = crossing(corners, start, level);
    for (let edge = next.get(start), from = start; edge !== undefined; edge = next.get(from)) {
      next.delete(from);
      line.push(...crossing(corners, edge, level));
      from = edge;
    }
    lines.push(line);
  };
  // First the lines that begin at the border, then what is closed.
  for (const start of next.keys()) if (!ends.has(start)) follow(start);
  for (const start of next.keys()) follow(start);
  return lines;
}

/** Where an edge has the level. Beside a value that is not finite, at the other end. */
function crossing(corners: Corners, edge: number, level: number): number[] {
  const corner = edge >> 1;
  const column = corner % corners.columns;
  const row = Math.floor(corner / corners.columns);
  const up = edge % 2;
  const from = corners.value(column, row);
  const to = corners.value(column + 1 - up, row + up);
  const share = !Number.isFinite(to) ? 0 : !Number.isFinite(from) ? 1 : (level - from) / (to - from);
  const between = (start: number, end: number) => start + share * (end - start);
  return [
    between(corners.x(column), corners.x(column + 1 - up)),
    between(corners.y(row), corners.y(row + up)),
  ];
}

/** The lines on which a function has a value, in the grid's own units; none beside points without a value. */
export function contourLines(grid: Grid, level: number): Line[] {
  return trace(cornersOf(grid), level, true);
}

/** Closed lines around all that is at least `level`: outer ones against the clock, holes with it. */
export function contourRegion(grid: Grid, level: number): Line[] {
  return trace(rimmed(grid), level, false);
}
