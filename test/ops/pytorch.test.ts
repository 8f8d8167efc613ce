import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import { vjp } from '../../src/transform/index.js';

// Values and gradients at ties, kinks and ends of domains, with NaN and infinities, from PyTorch in float64; made by
// scripts/golden/ops.py.

type Entry = number | string | boolean;
interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: readonly Entry[];
}
interface Attributes {
  readonly axis?: number;
  readonly exponent?: number;
  readonly p?: string;
  readonly offset?: number;
  readonly low?: number;
  readonly high?: number;
  readonly condition?: readonly boolean[];
  readonly labels?: readonly number[];
  readonly kernel?: number;
  readonly strides?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly outputPadding?: number | readonly number[];
  readonly groups?: number;
  readonly axes?: number;
  readonly causal?: boolean;
  readonly scale?: number;
  readonly output?: readonly number[];
  readonly descending?: boolean;
  readonly part?: 'values' | 'indices';
}
interface GoldenCase {
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly GoldenArray[];
  readonly output: GoldenArray;
  readonly cotangent?: GoldenArray;
  readonly gradients?: readonly GoldenArray[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/ops.json', import.meta.url), 'utf8')) as {
  cases: readonly GoldenCase[];
};

function number(entry: Entry): number {
  return typeof entry === 'string'
    ? Number(entry.replace('inf', 'Infinity').replace('nan', 'NaN'))
    : Number(entry);
}

function array({ shape, data }: GoldenArray): NDArray {
  return ndarray(Float64Array.from(data, number), shape);
}

type Apply = (x: Tensor, attributes: Attributes, y: Tensor, z: Tensor) => Tensor;

const constant = (values: readonly number[], dtype: 'bool' | 'int32') =>
  ops.toTensor('golden', ndarray(values, [values.length], dtype));

const withAttributes: Readonly<Record<string, Apply>> = {
  pow: (x, { exponent }, y) => x.pow(exponent ?? y),
  clip: (x, { low = 0, high = 0 }) => x.clip(low, high),
  where: (x, { condition = [] }, y) => constant(condition.map(Number), 'bool').where(x, y),
  sum: (x, { axis = 0 }) => x.sum({ axes: axis }),
  mean: (x, { axis = 0 }) => x.mean({ axes: axis }),
  variance: (x, { axis = 0 }) => x.variance({ axes: axis }),
  max: (x, { axis = 0 }) => x.max({ axes: axis }),
  min: (x, { axis = 0 }) => x.min({ axes: axis }),
  prod: (x, { axis }) => ops.prod(x, axis),
  argmax: (x, { axis }) => x.argmax(axis),
  cumsum: (x, { axis }) => ops.cumsum(x, axis),
  cumprod: (x, { axis }) => ops.cumprod(x, axis),
  tril: (x, { offset }) => ops.tril(x, offset),
  triu: (x, { offset }) => ops.triu(x, offset),
  diagonal: (x, { offset }) => ops.diagonal(x, { offset }),
  roll: (x, { offset = 0 }) => ops.roll(x, [offset, 1], [1, 0]),
  argmin: (x, { axis }) => ops.argmin(x, axis),
  any: (x, { axis = 0 }) => ops.any(x, { axes: axis }),
  all: (x, { axis = 0 }) => ops.all(x, { axes: axis }),
  norm: (x, { axis = 0, p }) => ops.norm(x, { p: p === '1.0' ? 1 : p === '2.0' ? 2 : Infinity, axes: axis }),
  elu: (x) => ops.elu(x, 1.5),
  leakyRelu: (x) => ops.leakyRelu(x, 0.2),
  geluTanh: (x) => ops.gelu(x, { tanh: true }),
  logSumExp: (x, { axis }) => ops.logSumExp(x, axis),
  softmax: (x, { axis }) => ops.softmax(x, axis),
  logSoftmax: (x, { axis }) => ops.logSoftmax(x, axis),
  softmaxCrossEntropy: (x, { labels = [] }) => ops.softmaxCrossEntropy(x, constant(labels, 'int32')),
  sort: (x, { axis, descending, part = 'values' }) => ops.sort(x, { axis, descending })[part],
  convTranspose: (x, attributes, w) => ops.convTranspose(x, w, attributes),
  adaptiveAvgPool: (x, { output = [] }) => ops.adaptiveAvgPool(x, output),
  groupNorm: (x, { groups = 1 }, scale, bias) => ops.groupNorm(x, scale, bias, { groups }),
  layerNorm: (x, { axes }, scale, bias) => ops.layerNorm(x, scale, bias, { axes }),
  attention: (q, { causal, scale, condition }, k, v) => {
    const mask = condition && constant(condition.map(Number), 'bool').reshape([3, 5]);
    return ops.scaledDotProductAttention(q, k, v, { causal, scale, mask });
  },
  solve: (a, _attributes, b) => ops.solve(a, b),
  logAbsDet: (a) => ops.slogdet(a).logAbs,
  detSign: (a) => ops.slogdet(a).sign,
  eigenvalues: (a) => ops.eigh(a).values,
  eigenvectorSquares: (a) => ops.eigh(a).vectors.square(),
  maxPool: (x, { kernel = 2, ...options }) => ops.maxPool(x, kernel, options),
};

const { maximum, minimum, atan2, div, mul, hypot, remainder } = ops;
const binary: Readonly<Record<string, (x: Tensor, y: Tensor) => Tensor>> = {
  maximum,
  minimum,
  atan2,
  div,
  mul,
  hypot,
  remainder,
};
const { relu, abs, sign, neg, sqrt, rsqrt, reciprocal, square, exp, expm1, log, log1p, sigmoid, softplus } =
  ops;
const { sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, erf, floor, ceil, round } =
  ops;
const kinked = { relu, abs, sign, neg, sqrt, rsqrt, reciprocal, square, floor, ceil, round };
const smooth = { exp, expm1, log, log1p, sigmoid, softplus, erf };
const { silu, gelu, softsign, inverse, determinant, cholesky } = ops;
const others = { silu, gelu, softsign, inverse, determinant, cholesky };
const circular = { sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh };
const unary: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...kinked,
  ...smooth,
  ...circular,
  ...others,
};

function applyOf({ op, attributes }: GoldenCase): (...xs: Tensor[]) => Tensor {
  if (withAttributes[op] !== undefined) return (x, y, z) => withAttributes[op](x, attributes, y, z);
  return binary[op] ?? unary[op];
}

const layers = new Set(['layerNorm', 'groupNorm', 'attention']);
const matrices = new Set([
  'solve',
  'inverse',
  'determinant',
  'logAbsDet',
  'cholesky',
  'eigenvalues',
  'eigenvectorSquares',
]);

/**
 * Equal to roundings: 1e-13, since PyTorch's own gradient of logSumExp near 1000 is 6e-14 off, and 4e-15
 * absolute where sums cancel; for layers, whose every element is such a sum, 1e-14 of the largest (up to 4e-15 were seen), and
 * for matrices, whose condition multiplies roundings, 1e-12 of it.
 * Infinities and NaN are in the same places. Signs of zeros are not compared.
 */
function expectSame(actual: NDArray, expected: GoldenArray, op: string): void {
  expect(actual.shape).toEqual(expected.shape);
  const wanted = expected.data.map(number);
  const largest = Math.max(...wanted.map((entry) => (Number.isFinite(entry) ? Math.abs(entry) : 0)));
  const share = layers.has(op) ? 1e-14 : matrices.has(op) ? 1e-12 : 0;
  const absolute = Math.max(4e-15, share * largest);
  const found = Array.from(actual.data);
  const describeFound = found.map((value, i) => {
    const close = Math.abs(value - wanted[i]) <= Math.max(absolute, 1e-13 * Math.abs(wanted[i]));
    return close || Object.is(value, wanted[i]) || value === wanted[i] ? wanted[i] : value;
  });
  expect(describeFound).toEqual(wanted);
}

const cases = golden.cases.map((c, index) => ({ ...c, index }));

describe.each(cases)('$index $op $attributes', (c) => {
  const inputs = c.inputs.map(array);
  const apply = applyOf(c);

  test('value as in PyTorch', () => {
    expectSame(compile((xs: Tensor[]) => apply(...xs), [inputs]).run(inputs), c.output, c.op);
  });
});

/** Ops whose values at NaN, infinity and ties ONNX Runtime has too. `sort` has a test of its own. */
const onBothTargets = new Set(
  (
    'sign silu geluTanh elu leakyRelu softsign remainder argmin norm any all cumsum cumprod tril triu diagonal roll ' +
    'layerNorm groupNorm attention'
  ).split(' '),
);

describe.each(cases.filter(({ op }) => onBothTargets.has(op)))('$index $op $attributes', (c) => {
  test('value as in PyTorch on ONNX Runtime', async () => {
    const inputs = c.inputs.map(array);
    const apply = applyOf(c);
    const f = (xs: Tensor[]) => apply(...xs);
    const program = await compile(f, [inputs], { target: 'onnx', threads: 1 });
    expectSame(await program.run(inputs), c.output, c.op);
    program.close();
  });
});

const differentiable = cases.flatMap(({ cotangent, gradients, ...rest }) =>
  cotangent === undefined || gradients === undefined ? [] : [{ ...rest, cotangent, gradients }],
);

describe.each(differentiable)('$index $op $attributes', (c) => {
  test('gradient as in PyTorch', () => {
    const inputs = c.inputs.map(array);
    const apply = applyOf(c);
    const cotangent = array(c.cotangent);
    const f = (xs: Tensor[], dy: Tensor) => vjp((ys: Tensor[]) => apply(...ys), xs).pullback(dy)[0];
    const gradients = compile(f, [inputs, cotangent]).run(inputs, cotangent);
    gradients.forEach((gradient, k) => expectSame(gradient, c.gradients[k], c.op));
  });
});
