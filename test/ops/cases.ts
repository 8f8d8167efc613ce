import type { NDArray, Shape, Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import { Generator, uniform } from '../../src/random/index.js';
import { indexCases } from './cases-index.js';
import { moreCases } from './cases-more.js';

/** One op applied to float64 tensors drawn from an interval on which it is smooth. */
export interface OpCase {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly apply: (...inputs: Tensor[]) => Tensor;
  /** Where inputs are drawn from; −2 to 2 by default. */
  readonly from?: number;
  readonly to?: number;
  /** Second derivatives are zero or absent: only first ones are checked. */
  readonly linear?: boolean;
}

const matrix = [3, 4];
type UnaryName = Extract<
  keyof typeof ops,
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'rsqrt'
  | 'cbrt'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'relu'
  | 'abs'
  | 'neg'
  | 'reciprocal'
  | 'square'
>;
const unary = (name: UnaryName, from?: number, to?: number, linear = false): OpCase => ({
  name,
  shapes: [matrix],
  apply: ops[name],
  from,
  to,
  linear,
});

const labels = { data: Int32Array.of(2, 0, 1), shape: [3], dtype: 'int32' } as const;
const condition = (x: Tensor) => ops.greater(x, 0.3);

export const opCases: readonly OpCase[] = [
  unary('exp'),
  unary('expm1'),
  unary('log', 0.2, 3),
  unary('log1p', -0.7, 2),
  unary('sqrt', 0.2, 3),
  unary('rsqrt', 0.2, 3),
  unary('cbrt', 0.3, 3),
  unary('sin'),
  unary('cos'),
  unary('tan', -1.2, 1.2),
  unary('asin', -0.8, 0.8),
  unary('acos', -0.8, 0.8),
  unary('atan'),
  unary('sinh'),
  unary('cosh'),
  unary('tanh'),
  unary('asinh'),
  unary('acosh', 1.3, 3),
  unary('atanh', -0.8, 0.8),
  unary('sigmoid'),
  unary('softplus'),
  unary('erf'),
  unary('relu', 0.1, 2, true),
  { ...unary('relu', -2, -0.1, true), name: 'relu below 0' },
  unary('abs', 0.1, 2, true),
  unary('neg', -2, 2, true),
  unary('reciprocal', 0.3, 2),
  unary('square'),
  { name: 'add', shapes: [matrix, [4]], apply: ops.add, linear: true },
  { name: 'sub', shapes: [[4], matrix], apply: ops.sub, linear: true },
  {
    name: 'mul',
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    apply: ops.mul,
  },
  { name: 'div', shapes: [matrix, [3, 1]], apply: ops.div, from: 0.4, to: 2 },
  { name: 'pow', shapes: [matrix, [4]], apply: ops.pow, from: 0.3, to: 2 },
  { name: 'pow 2', shapes: [matrix], apply: (x) => x.pow(2) },
  { name: 'pow 3', shapes: [matrix], apply: (x) => x.pow(3) },
  { name: 'pow 7', shapes: [matrix], apply: (x) => x.pow(7), from: -1.5, to: 1.5 },
  { name: 'pow −1.5', shapes: [matrix], apply: (x) => x.pow(-1.5), from: 0.3, to: 2 },
  { name: 'atan2', shapes: [matrix, [4]], apply: ops.atan2, from: 0.3, to: 2 },
  { name: 'hypot', shapes: [matrix, [4]], apply: ops.hypot, from: 0.3, to: 2 },
  { name: 'maximum', shapes: [matrix, [3, 1]], apply: ops.maximum, linear: true },
  { name: 'minimum', shapes: [matrix, [3, 1]], apply: ops.minimum, linear: true },
  {
    name: 'where',
    shapes: [matrix, matrix],
    apply: (x, y) => condition(x).where(x.square(), y),
    linear: true,
  },
  { name: 'clip', shapes: [matrix], apply: (x) => ops.clip(x, -0.5, 0.7).mul(2), linear: true },
  { name: 'cast', shapes: [matrix], apply: (x) => x.cast('float64').mul(x) },
  { name: 'stopGradient', shapes: [matrix, matrix], apply: (x, y) => x.mul(y.mul(0)).add(x) },
  { name: 'sum', shapes: [[2, 3, 4]], apply: (x) => x.square().sum({ axes: [0, 2] }) },
  { name: 'sum keepDims', shapes: [[2, 3, 4]], apply: (x) => x.sum({ axes: -1, keepDims: true }).mul(x) },
  { name: 'mean', shapes: [matrix], apply: (x) => x.square().mean() },
  { name: 'variance', shapes: [matrix], apply: (x) => x.variance({ axes: 1 }) },
  { name: 'max', shapes: [[2, 3, 4]], apply: (x) => x.max({ axes: 1 }), linear: true },
  { name: 'min', shapes: [[2, 3, 4]], apply: (x) => x.min({ axes: [0, 2] }), linear: true },
  { name: 'prod', shapes: [[3, 5]], apply: (x) => ops.prod(x, 1) },
  { name: 'logSumExp', shapes: [matrix], apply: (x) => ops.logSumExp(x, 0) },
  { name: 'softmax', shapes: [matrix], apply: (x) => ops.softmax(x, 1) },
  { name: 'logSoftmax', shapes: [matrix], apply: (x) => ops.logSoftmax(x, 0) },
  {
    name: 'softmaxCrossEntropy',
    shapes: [matrix],
    apply: (x) => ops.softmaxCrossEntropy(x, ops.toTensor('labels', labels)),
  },
  { name: 'reshape', shapes: [[2, 3, 4]], apply: (x) => x.reshape([4, -1]).square() },
  { name: 'transpose', shapes: [[2, 3, 4]], apply: (x) => x.transpose([2, 0, 1]).square() },
  { name: 'broadcastTo', shapes: [[3, 1]], apply: (x) => x.broadcastTo([2, 3, 4]).square() },
  { name: 'slice', shapes: [[5, 7]], apply: (x) => x.slice([1, 0], [5, 6], [2, 3]).square() },
  {
    name: 'slice backwards',
    shapes: [[5, 7]],
    apply: (x) => x.slice([4, -1], [0, null], [-2, -3]).square(),
  },
  {
    name: 'pad',
    shapes: [matrix],
    apply: (x) => x.pad({ low: [1, 0], high: [0, 2], interior: [0, 2] }).square(),
  },
  { name: 'concat', shapes: [matrix, [2, 4]], apply: (x, y) => x.concat(y, 0).square() },
  { name: 'stack', shapes: [matrix, matrix], apply: (x, y) => ops.stack([x, y], 1).square() },
  { name: 'flip', shapes: [[2, 3, 4]], apply: (x) => x.flip([0, 2]).mul(x) },
  { name: 'matmul', shapes: [matrix, [4, 2]], apply: ops.matmul },
  {
    name: 'matmul batched',
    shapes: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    apply: ops.matmul,
  },
  { name: 'matmul vector', shapes: [[4], [4, 3]], apply: ops.matmul },
  {
    name: 'conv 1-d',
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    apply: (x, w) => ops.conv(x, w, { strides: 2, padding: 1 }),
  },
  {
    name: 'conv 2-d',
    shapes: [
      [2, 3, 6, 5],
      [4, 3, 3, 2],
    ],
    apply: (x, w) => ops.conv(x, w, { padding: [1, 0] }),
  },
  {
    name: 'conv groups, strides, dilation',
    shapes: [
      [2, 4, 7, 8],
      [6, 2, 2, 3],
    ],
    apply: (x, w) => ops.conv(x, w, { groups: 2, strides: [2, 1], padding: 1, dilation: [1, 2] }),
  },
  {
    name: 'conv of blocked channels',
    shapes: [
      [2, 16, 5, 4],
      [32, 16, 3, 3],
    ],
    apply: (x, w) => ops.conv(x, w, { padding: 1 }),
  },
  {
    name: 'conv to blocked channels, strides',
    shapes: [
      [2, 3, 8, 7],
      [16, 3, 3, 3],
    ],
    apply: (x, w) => ops.conv(x, w, { strides: 2 }),
  },
  {
    name: 'conv 3-d',
    shapes: [
      [1, 2, 4, 4, 3],
      [3, 2, 2, 2, 2],
    ],
    apply: (x, w) => ops.conv(x, w),
  },
  { name: 'maxPool', shapes: [[2, 3, 6, 6]], apply: (x) => ops.maxPool(x, 2), linear: true },
  {
    name: 'maxPool overlapping',
    shapes: [[2, 2, 7, 6]],
    apply: (x) => ops.maxPool(x, 3, { strides: 2, padding: 1 }),
    linear: true,
  },
  {
    name: 'avgPool',
    shapes: [[2, 3, 6, 5]],
    apply: (x) => ops.avgPool(x, [2, 3], { strides: 2, padding: 1 }).square(),
  },
  {
    name: 'batchNorm',
    shapes: [[4, 3, 2, 2], [3], [3]],
    apply: (x, scale, bias) => ops.batchNorm(x, scale, bias),
  },
  ...indexCases,
  ...moreCases,
];

/** The case's inputs: float64, seeded by the case's name. */
export function inputsOf({ name, shapes, from = -2, to = 2 }: OpCase): NDArray[] {
  const generator = new Generator(7).fork(name);
  return shapes.map((shape) => uniform(generator, shape, { low: from, high: to, dtype: 'float64' }));
}

export function randomLike(array: NDArray, seed: string): NDArray {
  return uniform(new Generator(11).fork(seed), array.shape, { low: -1, high: 1, dtype: 'float64' });
}
