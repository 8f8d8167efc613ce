import { ndarray } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import type { OpCase } from './cases.js';

const matrix = [3, 4];

/** Activations, norms and remainders. */
const elementwiseCases: readonly OpCase[] = [
  { name: 'silu', shapes: [matrix], apply: ops.silu },
  { name: 'gelu by erf', shapes: [matrix], apply: (x) => ops.gelu(x) },
  { name: 'gelu by tanh', shapes: [matrix], apply: (x) => ops.gelu(x, { tanh: true }) },
  { name: 'elu above 0', shapes: [matrix], apply: (x) => ops.elu(x), from: 0.1, to: 2, linear: true },
  { name: 'elu below 0', shapes: [matrix], apply: (x) => ops.elu(x, 1.3), from: -2, to: -0.1 },
  { name: 'leakyRelu', shapes: [matrix], apply: (x) => ops.leakyRelu(x), linear: true },
  { name: 'softsign', shapes: [matrix], apply: ops.softsign, from: 0.1, to: 2 },
  {
    name: 'remainder',
    shapes: [matrix, [4]],
    apply: (x, y) => x.mul(7).remainder(y),
    from: 0.4,
    to: 2,
    linear: true,
  },
  { name: 'norm', shapes: [[2, 3, 4]], apply: (x) => ops.norm(x, { axes: [0, 2] }) },
  { name: 'norm, one', shapes: [matrix], apply: (x) => ops.norm(x, { p: 1, axes: 1 }), linear: true },
  {
    name: 'norm, largest',
    shapes: [matrix],
    apply: (x) => ops.norm(x, { p: Infinity, axes: 0 }),
    linear: true,
  },
  {
    name: 'argmin, any and all',
    shapes: [matrix],
    apply: (x) => {
      const counts = [ops.argmin(x, 1), ops.any(x.greater(0.5), { axes: 1 }), ops.all(x, { axes: 1 })];
      return x.mul(ops.stack(counts.map((count) => count.cast('float64').cast(x.dtype))).sum());
    },
    linear: true,
  },
];

/** Running sums and rearrangements. */
const arrangeCases: readonly OpCase[] = [
  { name: 'cumsum', shapes: [[2, 5, 3]], apply: (x) => ops.cumsum(x, 1).square() },
  { name: 'cumprod', shapes: [[3, 5]], apply: (x) => ops.cumprod(x, 1) },
  { name: 'cumprod of one', shapes: [[1, 3]], apply: (x) => ops.cumprod(x, 0).square() },
  { name: 'tril', shapes: [[2, 3, 4]], apply: (x) => ops.tril(x, 1).square() },
  { name: 'triu', shapes: [[4, 3]], apply: (x) => ops.triu(x).square() },
  { name: 'roll', shapes: [[2, 3, 4]], apply: (x) => ops.roll(x, [1, -2], [0, 2]).mul(x) },
  { name: 'tile', shapes: [[3, 2]], apply: (x) => ops.tile(x, [2, 1, 3]).square() },
  {
    name: 'split',
    shapes: [[7, 2]],
    apply: (x) => {
      const [a, b, c] = ops.split(x, 3);
      return a.mul(b).sum().mul(c.sum());
    },
  },
  { name: 'split by sizes', shapes: [[2, 5]], apply: (x) => ops.split(x, [1, 0, 4], 1)[2].square() },
  {
    name: 'expandDims and squeeze',
    shapes: [matrix],
    apply: (x) => ops.squeeze(ops.expandDims(ops.expandDims(x, 1), -1), 1).square(),
  },
  {
    name: 'diagonal',
    shapes: [[3, 2, 4]],
    apply: (x) => ops.diagonal(x, { offset: 1, axis1: 2, axis2: 0 }).square(),
  },
  { name: 'matrixTrace', shapes: [[2, 3, 3]], apply: (x) => ops.matrixTrace(x.matmul(x)) },
  {
    name: 'eye, arange and linspace',
    shapes: [[3, 3]],
    apply: (x) =>
      x
        .add(ops.eye(3, 3, 'float64').cast(x.dtype))
        .mul(ops.arange(3, { start: 1, step: 2 }).cast(x.dtype))
        .sub(ops.linspace(-1, 1, 3, 'float64').cast(x.dtype))
        .square(),
  },
];

const einsum = (equation: string, ...shapes: number[][]): OpCase => ({
  name: `einsum ${equation}`,
  shapes,
  apply: (...operands) => ops.einsum(equation, ...operands).square(),
});

/** Sums of products. */
const einsumCases: readonly OpCase[] = [
  einsum('ij,jk->ik', [3, 4], [4, 2]),
  einsum('bhqd,bhkd->bhqk', [2, 2, 3, 2], [2, 2, 4, 2]),
  einsum('ij,jk,kl->il', [2, 3], [3, 4], [4, 2]),
  einsum('iij->ji', [3, 3, 2]),
  einsum('...ij,...j->...i', [2, 1, 3, 4], [5, 4]),
  einsum('ij->', [3, 4]),
  einsum('i,j->ji', [3], [4]),
  einsum('ij,kj->ik', [3, 4], [2, 4]),
  { name: 'outer', shapes: [[2, 3], [4]], apply: ops.outer },
  { name: 'dot', shapes: [[5], [5]], apply: ops.dot },
];

/** Transposed convolution, pools of given output, and order. */
const imageCases: readonly OpCase[] = [
  {
    name: 'convTranspose 1-d',
    shapes: [
      [2, 3, 4],
      [3, 2, 3],
    ],
    apply: (x, w) => ops.convTranspose(x, w, { strides: 2, outputPadding: 1 }),
  },
  {
    name: 'convTranspose 2-d',
    shapes: [
      [2, 4, 3, 2],
      [4, 2, 2, 3],
    ],
    apply: (x, w) =>
      ops.convTranspose(x, w, { groups: 2, padding: [0, 1], strides: [1, 2], dilation: [2, 1] }),
  },
  {
    name: 'convTranspose 3-d',
    shapes: [
      [1, 2, 2, 3, 2],
      [2, 2, 2, 2, 2],
    ],
    apply: (x, w) => ops.convTranspose(x, w),
  },
  { name: 'adaptive pool, ragged', shapes: [[2, 2, 5, 3]], apply: (x) => ops.adaptiveAvgPool(x, 2).square() },
  {
    name: 'adaptive avgPool, even',
    shapes: [[2, 2, 4, 6]],
    apply: (x) => ops.adaptiveAvgPool(x, [2, 3]).square(),
  },
  { name: 'globalAvgPool', shapes: [[2, 3, 4]], apply: (x) => ops.globalAvgPool(x).square() },
  { name: 'globalMaxPool', shapes: [[2, 3, 4, 2]], apply: (x) => ops.globalMaxPool(x), linear: true },
  {
    name: 'sort',
    shapes: [[3, 5]],
    apply: (x) => ops.sort(x).values.mul(ops.sort(x, { descending: true }).values),
  },
  {
    name: 'sort along the first axis',
    shapes: [[4, 3]],
    apply: (x) => ops.sort(x, { axis: 0 }).values.square(),
  },
  {
    name: 'sort, indices',
    shapes: [[3, 4]],
    apply: (x) => ops.sort(x, { axis: 0 }).indices.cast(x.dtype).mul(x),
    linear: true,
  },
  { name: 'topK', shapes: [[2, 6, 3]], apply: (x) => ops.topK(x, 2, { axis: 1 }).values.square() },
  {
    name: 'topK, smallest',
    shapes: [[2, 6]],
    apply: (x) => ops.topK(x, 3, { largest: false }).values.square(),
  },
];

/** Normalisation and attention. */
const layerCases: readonly OpCase[] = [
  {
    name: 'layerNorm',
    shapes: [[2, 3, 4], [4], [4]],
    apply: (x, scale, bias) => ops.layerNorm(x, scale, bias),
  },
  {
    name: 'layerNorm over two axes',
    shapes: [
      [3, 2, 4],
      [2, 4],
      [2, 4],
    ],
    apply: (x, scale, bias) => ops.layerNorm(x, scale, bias, { axes: 2, epsilon: 1e-3 }),
  },
  {
    name: 'groupNorm',
    shapes: [[2, 4, 3], [4], [4]],
    apply: (x, scale, bias) => ops.groupNorm(x, scale, bias, { groups: 2 }),
  },
  {
    name: 'scaledDotProductAttention',
    shapes: [
      [2, 1, 3, 4],
      [2, 2, 5, 4],
      [2, 5, 3],
    ],
    apply: (q, k, v) => ops.scaledDotProductAttention(q, k, v),
  },
  {
    name: 'scaledDotProductAttention, causal',
    shapes: [
      [2, 4, 3],
      [2, 4, 3],
      [2, 4, 2],
    ],
    apply: (q, k, v) => ops.scaledDotProductAttention(q, k, v, { causal: true }),
  },
  {
    name: 'scaledDotProductAttention, masked',
    shapes: [
      [3, 2],
      [4, 2],
      [4, 3],
    ],
    apply: (q, k, v) => {
      // The second query sees nothing at all.
      const mask = ops.toTensor('mask', ndarray(Uint8Array.of(1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0), [3, 4]));
      return ops.scaledDotProductAttention(q, k, v, { mask, causal: true, scale: 0.7 });
    },
  },
];

export const moreCases: readonly OpCase[] = [
  ...elementwiseCases,
  ...arrangeCases,
  ...einsumCases,
  ...imageCases,
  ...layerCases,
];
