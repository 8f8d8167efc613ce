import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64 } from '../ops/index.js';
import { vmap } from '../transform/index.js';
import type { Grid } from './contour.js';
import type { Path } from './path.js';
import type { Surface } from './surface.js';

export type Range = readonly [low: number, high: number];

/** Values of a surface at many points at once, row after row of a flat array. */
export function valuesAt({ variables, evaluate }: Surface, points: Float64Array): Float64Array {
  const size = variables.length;
  const count = points.length / size;
  const all = vmap((x: Tensor) => evaluate(x));
  const { data } = compile((x: Tensor) => all(x), [float64(count, size)]).run(ndarray(points, [count, size]));
  return Float64Array.from(data);
}

/** Values of a surface of two variables over a box, corners included. */
export function sampleGrid(surface: Surface, x: Range, y: Range, columns: number, rows: number): Grid {
  const points = new Float64Array(2 * columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      points[2 * (row * columns + column)] = x[0] + ((x[1] - x[0]) * column) / (columns - 1);
      points[2 * (row * columns + column) + 1] = y[0] + ((y[1] - y[0]) * row) / (rows - 1);
    }
  }
  return { columns, rows, x, y, values: valuesAt(surface, points) };
}

/** A walk that runs away is looked at no farther from its start than this many times the start's size (or 1). */
const farthest = 8;

/** The space on each side of what is drawn, as a share of it; a curve is wanted on both sides of its lowest point. */
const [mapMargin, curveMargin] = [0.35, 0.8];

/** A walk that hardly moved is seen as that: the view is at least this share of the start's distance from 0. */
const least = 0.25;

/** How far beyond the customary box a walk is followed, as a share of the box. */
const outside = 0.25;

/** Below this share of the customary box the walks are looked at from nearer. */
const tiny = 0.04;

function extent(paths: readonly Path[], axis: number): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const path of paths) {
    const start = path.at(0, axis);
    const reach = farthest * Math.max(1, ...Array.from(path.point(0), Math.abs));
    for (let row = 0; row < path.length; row++) {
      const value = path.at(row, axis);
      if (!(Math.abs(value - start) <= reach)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

function around([low, high]: Range, size: number): Range {
  const middle = (low + high) / 2;
  return [middle - size / 2, middle + size / 2];
}

/**
 * What to draw so that the walks are seen: the customary box where there is one and the walks are not lost in it, else a box
 * around them with the same unit along all axes.
 */
export function viewOf(paths: readonly Path[], domain?: readonly Range[]): Range[] {
  const { dimension } = paths[0];
  const seen = Array.from({ length: dimension }, (_, axis) => extent(paths, axis));
  if (domain !== undefined) {
    const share = Math.max(
      ...seen.map(([low, high], axis) => (high - low) / (domain[axis][1] - domain[axis][0])),
    );
    if (share === 0 || share >= tiny) {
      return seen.map(([low, high], axis) => {
        const [from, to] = domain[axis];
        const space = outside * (to - from);
        const [lowest, highest] = [Math.max(low, from - space), Math.min(high, to + space)];
        return [lowest < from ? lowest - 0.2 * space : from, highest > to ? highest + 0.2 * space : to];
      });
    }
  }
  const far = Math.max(...paths.flatMap((path) => Array.from(path.point(0), Math.abs)));
  const longest = Math.max(least * far, ...seen.map(([low, high]) => high - low));
  const size = (1 + 2 * (dimension === 1 ? curveMargin : mapMargin)) * (longest > 0 ? longest : 1);
  return seen.map((range) => around(range, size));
}

/** What is read from a row of a path: a variable by its place, the value, or the number of the step. */
export type Coordinate = number | 'value' | 'step';

/** A path as a line `x, y, x, y, …` of two of its coordinates. */
export function trail(path: Path, x: Coordinate, y: Coordinate): Float64Array {
  const read = (coordinate: Coordinate, row: number) => {
    if (coordinate === 'step') return row;
    return coordinate === 'value' ? path.value(row) : path.at(row, coordinate);
  };
  const line = new Float64Array(2 * path.length);
  for (let row = 0; row < path.length; row++) {
    line[2 * row] = read(x, row);
    line[2 * row + 1] = read(y, row);
  }
  return line;
}
