import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import type { Optimizer } from '../optim/index.js';
import { stepLoop } from './basins-loop.js';
import { minimumFinder, Neighbours, unknownEnds } from './basins-minima.js';
import type { Range } from './draw-view.js';
import type { Surface } from './surface.js';

/** Starts in the middles of the cells of a box, the first row at the top (the highest y). */
export interface StartGrid {
  readonly x: Range;
  readonly y: Range;
  readonly columns: number;
  readonly rows: number;
}

/** The point from which the walk of a cell starts. */
export function cellStart({ x, y, columns, rows }: StartGrid, column: number, row: number): [number, number] {
  return [x[0] + ((x[1] - x[0]) * (column + 0.5)) / columns, y[1] - ((y[1] - y[0]) * (row + 0.5)) / rows];
}

/** Numbers of steps after which places are kept: each twice the one before, up to all. */
export function checkpoints(steps: number): number[] {
  const list: number[] = [];
  for (let step = 1; step < steps; step *= 2) list.push(step);
  return [...list, steps];
}

/** Where the walks of a grid were, [checkpoint, row, column, 2], and after how many steps. */
export interface Places {
  readonly grid: StartGrid;
  readonly steps: readonly number[];
  /** May be shared memory: each row of starts is written by whoever walks it. */
  readonly data: Float32Array;
}

/** Numbers that the places of a grid take. */
export function placesLength({ columns, rows }: StartGrid, steps: number): number {
  return checkpoints(steps).length * rows * columns * 2;
}

/**
 * Walks the starts of a grid row by row, all steps of a row in one generated function.
 * @returns what walks a row and writes where its starts were at each checkpoint
 * @throws ScreeError for an optimiser whose steps are not all alike
 */
export function rowWalker(
  surface: Surface,
  optimizer: Optimizer,
  { grid, steps, data }: Places,
): (row: number) => void {
  const { columns, rows } = grid;
  const { loop, begin, constants } = stepLoop(surface, optimizer);
  const given = constants(optimizer.learningRate(0));
  return (row) => {
    const starts = new Float64Array(2 * columns);
    for (let column = 0; column < columns; column++) starts.set(cellStart(grid, column, row), 2 * column);
    const carry = begin(ndarray(starts, [columns, 2]));
    let taken = 0;
    steps.forEach((step, index) => {
      loop.runMany(carry, given, step - taken);
      data.set(carry[0].data, 2 * columns * (index * rows + row));
      taken = step;
    });
  };
}

export interface BasinMinimum {
  readonly point: readonly [number, number];
  readonly value: number;
  /** Of the starts. */
  readonly share: number;
  /** Given, rather than found by the walks. */
  readonly known: boolean;
}

/** Which minimum each start reaches, and how fast. */
export interface Basins {
  readonly grid: StartGrid;
  /** The known ones in their order, reached or not, then those found, most starts first. */
  readonly minima: readonly BasinMinimum[];
  /** For each cell the index of its minimum; −1 for none yet, −2 where the walk left the numbers. */
  readonly labels: Int32Array;
  /** Steps until the start came to stay near its minimum, to a fraction of a step; NaN for none. */
  readonly arrivals: Float32Array;
  /** Shares of −1 and −2. */
  readonly moving: number;
  readonly lost: number;
  /** Up to this distance a walk counts as at a minimum. */
  readonly radius: number;
}

/** A walk within this share of the box's diagonal of a minimum has reached it. */
const near = 0.004;

/** When a walk came to stay within the radius of a point, between two checkpoints by the logarithm of its distance. */
function arrival(
  { grid, steps, data }: Places,
  cell: number,
  start: readonly [number, number],
  [x, y]: readonly [number, number],
  radius: number,
): number {
  const size = 2 * grid.columns * grid.rows;
  let before = { step: 0, distance: Math.hypot(start[0] - x, start[1] - y) };
  let after = before;
  for (let index = steps.length - 1; index >= 0; index--) {
    const at = index * size + 2 * cell;
    const distance = Math.hypot(data[at] - x, data[at + 1] - y);
    if (!(distance <= radius)) {
      before = { step: steps[index], distance };
      break;
    }
    after = { step: steps[index], distance };
  }
  if (after === before || before.distance <= radius) return before.step;
  const fall = Math.log(before.distance) - Math.log(Math.max(after.distance, Number.MIN_VALUE));
  const share = Math.log(before.distance / radius) / fall;
  // A distance that overflowed, or that fell to nothing, says no more than that it was in this stretch.
  return before.step + (Number.isFinite(share) ? share : 1) * (after.step - before.step);
}

/**
 * Says which minimum each walk reached: one of those known, or one that is found, and proved by its Hessian, where many ended.
 * @param known points that are minima for certain
 */
export function findBasins(surface: Surface, places: Places, known: readonly (readonly number[])[]): Basins {
  const { grid, steps, data } = places;
  const cells = grid.columns * grid.rows;
  const last = 2 * cells * (steps.length - 1);
  const radius = near * Math.hypot(grid.x[1] - grid.x[0], grid.y[1] - grid.y[0]);
  const found = new Neighbours(radius);
  for (const point of known) found.add([point[0], point[1]]);
  const minimumNear = minimumFinder(surface, radius);
  for (const [x, y] of unknownEnds(data, last, found, radius)) {
    const point = minimumNear(x, y);
    if (point !== undefined && found.nearest(...point) < 0) found.add(point);
  }
  const counts = new Map<number, number>();
  const reached = new Int32Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const [x, y] = [data[last + 2 * cell], data[last + 2 * cell + 1]];
    reached[cell] = Number.isFinite(x + y) ? found.nearest(x, y) : -2;
    counts.set(reached[cell], (counts.get(reached[cell]) ?? 0) + 1);
  }
  const others = [...counts.keys()].filter((index) => index >= known.length);
  others.sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a - b);
  const order = [...known.keys(), ...others];
  const labelOf = new Map(order.map((index, label) => [index, label]));
  const arrivals = new Float32Array(cells).fill(NaN);
  const labels = reached.map((index, cell) => {
    if (index < 0) return index;
    const start = cellStart(grid, cell % grid.columns, Math.floor(cell / grid.columns));
    arrivals[cell] = arrival(places, cell, start, found.points[index], radius);
    return labelOf.get(index) ?? -1;
  });
  const share = (index: number) => (counts.get(index) ?? 0) / cells;
  const value = compile((x: Tensor) => surface.evaluate(x), [float64(2)]);
  return {
    grid,
    minima: order.map((index) => ({
      point: found.points[index],
      value: value.run([...found.points[index]]).data[0],
      share: share(index),
      known: index < known.length,
    })),
    labels,
    arrivals,
    moving: share(-1),
    lost: share(-2),
    radius,
  };
}
