import { ndarray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import type { OpCase } from './cases.js';

const int32 = (values: number[], shape: number[]) => ndarray(Int32Array.from(values), shape);
/** Indices that depend on the input, so that vmap batches them. */
const largest = (x: Tensor, axis: number) => x.argmax(axis);

/** Gather and its relatives, with constant indices (equal ones among them) and with computed ones. */
export const indexCases: readonly OpCase[] = [
  {
    name: 'gather',
    shapes: [[5, 3]],
    apply: (x) => ops.gather(x, int32([4, 0, 0, 2, 4, 4], [2, 3])).square(),
  },
  {
    name: 'gather along a middle axis',
    shapes: [[2, 4, 3]],
    apply: (x) => ops.gather(x, int32([3, 3], [2]), 1).square(),
  },
  {
    name: 'gather at one index',
    shapes: [[3, 4]],
    apply: (x) => ops.gather(x, int32([2], []), -1).square(),
  },
  {
    name: 'gather nothing',
    shapes: [[3, 4]],
    apply: (x) =>
      ops
        .gather(x, int32([], [0]))
        .sum()
        .add(x.sum()),
  },
  {
    name: 'gather at computed indices',
    shapes: [
      [2, 4, 3],
      [5, 4],
    ],
    apply: (x, y) => ops.gather(x, largest(y, 1), 1).square(),
  },
  {
    name: 'gather of a constant at computed indices',
    shapes: [[3, 2]],
    apply: (x) =>
      ops.gather(ops.arange(6, { dtype: 'float64' }).reshape([3, 2]), largest(x, 0), 0).mul(x.sum()),
  },
  {
    name: 'scatterAdd',
    shapes: [
      [3, 4],
      [2, 2, 4],
    ],
    apply: (x, y) => ops.scatterAdd(x, int32([1, 2, 1, 1], [2, 2]), y).square(),
  },
  {
    name: 'scatterAdd along a middle axis',
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
    ],
    apply: (x, y) => ops.scatterAdd(x, int32([1, 2, 1, 0, 1], [5]), y, 1).square(),
  },
  {
    name: 'scatterAdd at computed indices',
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
      [5, 3],
    ],
    apply: (x, y, z) => ops.scatterAdd(x, largest(z, 1), y, 1).square(),
  },
  {
    name: 'takeAlongAxis',
    shapes: [[3, 4]],
    apply: (x) => ops.takeAlongAxis(x, int32([0, 0, 3, 1, 2, 3], [3, 2])).square(),
  },
  {
    name: 'takeAlongAxis, broadcast',
    shapes: [[2, 1, 4]],
    apply: (x) => ops.takeAlongAxis(x, int32([1, 0, 0, 1, 1, 0], [3, 2, 1]), 0).square(),
  },
  {
    name: 'takeAlongAxis at computed indices',
    shapes: [
      [2, 3, 4],
      [5, 2, 1, 4],
    ],
    apply: (x, y) => ops.takeAlongAxis(x, largest(y, 0).remainder(3), 1).square(),
  },
];
