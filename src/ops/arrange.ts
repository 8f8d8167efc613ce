import { ScreeError } from '../graph/errors.js';
import { normalizeAxis, showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { arange } from './ranges.js';
import { concat, sliceAxis } from './slices.js';

// Rearrangements made of slices, concatenations, reshapes and masks: their derivatives are those of the parts.

/** Where row + offset ≥ column in the last two axes, as bool [rows, columns]. */
function onOrBelow(operation: string, x: Tensor, offset: number): Tensor {
  if (x.rank < 2)
    throw new ScreeError(`${operation}: ${showShape(x.shape)} is no matrix; give two axes or more`);
  const [rows, columns] = x.shape.slice(-2);
  return arange(rows, { start: offset }).reshape([rows, 1]).greaterEqual(arange(columns));
}

/** The lower triangle of the last two axes, zeros above; `diagonal` counts upwards from the main one, as in torch.tril. */
export function tril(x: Tensor, diagonal = 0): Tensor {
  return onOrBelow('tril', x, diagonal).where(x, 0);
}

/** The upper triangle of the last two axes, zeros below; `diagonal` counts upwards from the main one, as in torch.triu. */
export function triu(x: Tensor, diagonal = 0): Tensor {
  return onOrBelow('triu', x, diagonal - 1).where(0, x);
}

/**
 * Elements moved on by `shifts` places along `axes`, those that leave at the end coming back at the start, as numpy.roll and
 * torch.roll with axes.
 * @throws ScreeError when there are not as many shifts as axes.
 */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  axes: number | readonly number[],
): Tensor {
  const [by, along] = [[shifts].flat(), [axes].flat()];
  if (by.length !== along.length || !by.every(Number.isInteger)) {
    throw new ScreeError(
      `roll: shifts [${by.join(',')}] must be as many integers as the axes [${along.join(',')}]`,
    );
  }
  return by.reduce((rolled, shift, k) => {
    const axis = normalizeAxis('roll', along[k], x.rank);
    const count = x.shape[axis];
    const first = count === 0 ? 0 : ((-shift % count) + count) % count;
    if (first === 0) return rolled;
    return concat([sliceAxis(rolled, axis, first, count), sliceAxis(rolled, axis, 0, first)], axis);
  }, x);
}

/**
 * x repeated along each axis, as numpy.tile: with more repeats than axes, axes of extent 1 come in front.
 * @throws ScreeError when a repeat is not an integer ≥ 0, or there are fewer of them than axes.
 */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  const extra = repeats.length - x.rank;
  if (extra < 0 || !repeats.every((count) => Number.isInteger(count) && count >= 0)) {
    throw new ScreeError(
      `tile: repeats [${repeats.join(',')}] must be integers ≥ 0, at least one for each axis of ${showShape(x.shape)}`,
    );
  }
  const shape = [...new Array<number>(extra).fill(1), ...x.shape];
  const spread = shape.flatMap((extent, axis) => [repeats[axis], extent]);
  return x
    .reshape(shape.flatMap((extent) => [1, extent]))
    .broadcastTo(spread)
    .reshape(shape.map((extent, axis) => extent * repeats[axis]));
}

/**
 * x cut along an axis: into parts of at most `size` elements (the last may be smaller), or into parts of the given sizes, as
 * torch.split.
 * @throws ScreeError when the sizes do not add up to the extent.
 */
export function split(x: Tensor, size: number | readonly number[], axis = 0): Tensor[] {
  const along = normalizeAxis('split', axis, x.rank);
  const extent = x.shape[along];
  const sizes =
    typeof size === 'number' && size > 0
      ? Array.from({ length: Math.max(1, Math.ceil(extent / size)) }, (_, k) =>
          Math.min(size, extent - k * size),
        )
      : [size].flat();
  const valid = sizes.every((part) => Number.isInteger(part) && part >= 0);
  if (!valid || size === 0 || sizes.reduce((total, part) => total + part, 0) !== extent) {
    throw new ScreeError(
      `split: ${JSON.stringify(size)} does not cut axis ${along} of ${showShape(x.shape)}; sizes must be positive integers that add up to ${extent}`,
    );
  }
  let start = 0;
  return sizes.map((part) => sliceAxis(x, along, start, (start += part)));
}

/** x with a new axis of extent 1 at a place of the result; −1 is the last. */
export function expandDims(x: Tensor, axis: number): Tensor {
  return x.reshape(x.shape.toSpliced(normalizeAxis('expandDims', axis, x.rank + 1), 0, 1));
}

/**
 * x without axes of extent 1: the given ones, or all of them.
 * @throws ScreeError when a given axis has another extent.
 */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const dropped = [axes ?? x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []))]
    .flat()
    .map((axis) => normalizeAxis('squeeze', axis, x.rank));
  const wide = dropped.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) {
    throw new ScreeError(
      `squeeze: axis ${wide} of ${showShape(x.shape)} has extent ${x.shape[wide]}; only axes of extent 1 can go`,
    );
  }
  return x.reshape(x.shape.filter((_, axis) => !dropped.includes(axis)));
}

/**
 * The diagonal of two axes, the last two by default, as the last axis of the result (numpy.diagonal): element i is x[i, i + offset],
 * or x[i − offset, i] for a negative offset.
 */
export function diagonal(x: Tensor, { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions = {}): Tensor {
  const first = normalizeAxis('diagonal', axis1, x.rank);
  const second = normalizeAxis('diagonal', axis2, x.rank);
  if (first === second) {
    throw new ScreeError(`diagonal: axes ${axis1} and ${axis2} of ${showShape(x.shape)} are the same`);
  }
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const [rows, columns] = [x.shape[first], x.shape[second]];
  const row = Math.max(0, -offset);
  const column = Math.max(0, offset);
  const count = Math.max(0, Math.min(rows - row, columns - column));
  const before = others.map((axis) => x.shape[axis]);
  const flat = x.transpose([...others, first, second]).reshape([...before, rows * columns]);
  // Neighbours on a diagonal lie one row and one column apart.
  const start = count === 0 ? 0 : row * columns + column;
  const end = count === 0 ? 0 : start + (count - 1) * (columns + 1) + 1;
  return flat.slice([...before.map(() => 0), start], [...before, end], [...before.map(() => 1), columns + 1]);
}

export interface DiagonalOptions {
  /** How far above the main diagonal; below it if negative. 0 by default. */
  readonly offset?: number;
  readonly axis1?: number;
  readonly axis2?: number;
}

/** The trace of matrices: the sum along the diagonal of the last two axes. */
export function matrixTrace(x: Tensor): Tensor {
  return diagonal(x).sum({ axes: -1 });
}
