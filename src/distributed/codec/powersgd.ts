import { z } from 'zod';
import { ndarray } from '../../graph/ndarray.js';
import { sizeOf } from '../../graph/shape.js';
import { define } from '../../optim/index.js';
import { Generator, normal } from '../../random/index.js';
import type { Codec, CoderRequest, CoderState } from './codec.js';
import type { Values } from './workspace.js';

/** A tensor of a bucket that is sent as a product of two thin matrices. */
interface Factored {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** Byte offsets: in the bucket's values, and of the factors P and Q. */
  readonly at: number;
  readonly left: number;
  readonly right: number;
}

/** A stretch of the bucket that is sent as it is, at a place of the first sum. */
interface Plain {
  readonly at: number;
  readonly length: number;
  readonly place: number;
}

interface Layout {
  readonly factored: readonly Factored[];
  readonly plain: readonly Plain[];
  /** All left factors and what is sent as it is; all right factors. */
  readonly first: Values;
  readonly second: Values;
}

/** A tensor as a matrix, its first axis against all others. */
const matrixOf = (shape: readonly number[]) => ({ rows: shape[0] ?? 1, columns: sizeOf(shape.slice(1)) });

function layOut({ workspace, shapes }: CoderRequest, rank: number): Layout {
  const thin = shapes.map((shape) => {
    const { rows, columns } = matrixOf(shape);
    const used = Math.min(rank, rows, columns);
    // Where the factors are not smaller than the matrix, it is sent as it is.
    return shape.length > 1 && used * (rows + columns) < rows * columns
      ? { rows, columns, rank: used }
      : undefined;
  });
  const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);
  const first = workspace.allocateValues(
    total(thin.map((matrix, index) => (matrix ? matrix.rank * matrix.rows : sizeOf(shapes[index])))),
  );
  const second = workspace.allocateValues(
    total(thin.map((matrix) => (matrix ? matrix.rank * matrix.columns : 0))),
  );
  let [at, left, right] = [0, first.offset, second.offset];
  const factored: Factored[] = [];
  const plain: Plain[] = [];
  thin.forEach((matrix, index) => {
    const length = sizeOf(shapes[index]);
    if (matrix === undefined) {
      plain.push({ at, length, place: left });
      left += 4 * length;
    } else {
      const { rows, columns, rank: used } = matrix;
      factored.push({ ...matrix, at, left, right });
      left += 4 * used * rows;
      right += 4 * used * columns;
    }
    at += 4 * length;
  });
  return { factored, plain, first, second };
}

/**
 * PowerSGD (Vogels, Karimireddy and Jaggi 2019, algorithm 1): each matrix as a product P Qᵀ of rank r, by one step of a power
 * iteration that goes on from step to step. Vectors, and matrices that a product would not make smaller, go as they are. A rank keeps
 * what the mean product lacks of its own gradient.
 */
export const powersgd = define(
  'powersgd',
  'thin factors of each matrix: 4r (rows + columns) bytes each',
  { rank: z.number().int().min(1).max(64).default(2).describe('columns of the factors') },
  (options): Codec => ({
    name: 'powersgd',
    options,
    needsFeedback: false,
    create(request) {
      const { workspace, length, seed, ranks } = request;
      const { kernels } = workspace;
      const layout = layOut(request, options.rank);
      const { factored, plain, first, second } = layout;
      const residual = workspace.allocateValues(length);
      const right = workspace.floats(second);
      right.set(normal(new Generator(seed).fork('powersgd'), [second.length]).data);
      const state: CoderState = { residual: ndarray(workspace.floats(residual)), right: ndarray(right) };
      return {
        kind: 'linear',
        state,
        async reduce(values, _draw, sum) {
          for (const { at, rows, columns, rank, left, right: q } of factored) {
            const matrix = residual.offset + at;
            kernels.addTimesRight(values.offset + at, matrix, rows, columns, q, rank, left);
          }
          for (const { at, length: size, place } of plain) {
            kernels.add(residual.offset + at, values.offset + at, size);
            workspace.bytes(place, 4 * size).set(workspace.bytes(residual.offset + at, 4 * size));
          }
          await sum(first);
          for (const { at, rows, columns, rank, left, right: q } of factored) {
            kernels.orthonormalise(left, rank, rows);
            kernels.timesLeft(residual.offset + at, rows, columns, left, rank, q);
          }
          await sum(second);
          kernels.scale(second.offset, second.length, 1 / ranks);
          for (const { at, rows, columns, rank, left, right: q } of factored) {
            kernels.lowRank(left, q, rank, rows, columns, values.offset + at, residual.offset + at);
          }
          for (const { at, length: size, place } of plain) {
            kernels.scale(place, size, 1 / ranks);
            workspace.bytes(values.offset + at, 4 * size).set(workspace.bytes(place, 4 * size));
            workspace.bytes(residual.offset + at, 4 * size).fill(0);
          }
        },
      };
    },
  }),
);
