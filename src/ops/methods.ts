import type { DType } from '../graph/dtype.js';
import { ndarray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import { Tensor } from '../graph/tensor.js';
import * as arithmetic from './arithmetic.js';
import * as compare from './compare.js';
import type { TensorLike } from './define.js';
import { matmul } from './matmul.js';
import * as reduce from './reduce.js';
import * as shapes from './shape-ops.js';
import * as slices from './slices.js';
import * as unary from './unary.js';

const unaries = {
  ...pick(arithmetic, ['neg', 'reciprocal', 'square']),
  ...pick(unary, [
    'exp',
    'expm1',
    'log',
    'log1p',
    'sqrt',
    'rsqrt',
    'cbrt',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
    'sigmoid',
    'softplus',
    'erf',
    'floor',
    'ceil',
    'round',
    'relu',
    'abs',
    'sign',
    'identity',
    'stopGradient',
  ]),
  not: compare.not,
};

const binaries = {
  ...pick(arithmetic, ['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'remainder']),
  ...pick(compare, ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual']),
  matmul,
};

function pick<T extends object, K extends keyof T>(source: T, keys: readonly K[]): Pick<T, K> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) picked[key] = source[key];
  return picked as Pick<T, K>;
}

type Unary = { [K in keyof typeof unaries]: () => Tensor };
type Binary = { [K in keyof typeof binaries]: (y: TensorLike) => Tensor };

declare module '../graph/tensor.js' {
  interface Tensor extends Unary, Binary {
    and(y: Tensor): Tensor;
    or(y: Tensor): Tensor;
    /** On a bool tensor: `x` where it holds, `y` elsewhere. */
    where(x: TensorLike, y: TensorLike): Tensor;
    cast(dtype: DType): Tensor;
    clip(low: number, high: number): Tensor;
    sum(options?: reduce.ReduceOptions): Tensor;
    max(options?: reduce.ReduceOptions): Tensor;
    min(options?: reduce.ReduceOptions): Tensor;
    mean(options?: reduce.ReduceOptions): Tensor;
    variance(options?: reduce.ReduceOptions): Tensor;
    argmax(axis?: number): Tensor;
    reshape(shape: Shape): Tensor;
    broadcastTo(shape: Shape): Tensor;
    transpose(permutation?: readonly number[]): Tensor;
    /** The last two axes exchanged. */
    swapLast(): Tensor;
    slice(
      starts: readonly slices.SliceBound[],
      ends: readonly slices.SliceBound[],
      steps?: readonly number[],
    ): Tensor;
    pad(options: slices.PadOptions): Tensor;
    concat(y: Tensor, axis?: number): Tensor;
    flip(axes?: number | readonly number[]): Tensor;
    zerosLike(): Tensor;
  }
}

const methods: ThisType<Tensor> & Record<string, (this: Tensor, ...values: never[]) => Tensor> = {
  and(y: Tensor) {
    return compare.and(this, y);
  },
  or(y: Tensor) {
    return compare.or(this, y);
  },
  where(x: TensorLike, y: TensorLike) {
    return compare.where(this, x, y);
  },
  cast(dtype: DType) {
    return compare.cast(this, dtype);
  },
  clip(low: number, high: number) {
    return compare.clip(this, low, high);
  },
  sum(options?: reduce.ReduceOptions) {
    return reduce.sum(this, options);
  },
  max(options?: reduce.ReduceOptions) {
    return reduce.max(this, options);
  },
  min(options?: reduce.ReduceOptions) {
    return reduce.min(this, options);
  },
  mean(options?: reduce.ReduceOptions) {
    return reduce.mean(this, options);
  },
  variance(options?: reduce.ReduceOptions) {
    return reduce.variance(this, options);
  },
  argmax(axis?: number) {
    return reduce.argmax(this, axis);
  },
  reshape(shape: Shape) {
    return shapes.reshape(this, shape);
  },
  broadcastTo(shape: Shape) {
    return shapes.broadcastTo(this, shape);
  },
  transpose(permutation?: readonly number[]) {
    return shapes.transpose(this, permutation);
  },
  swapLast() {
    const axes = this.shape.map((_, axis) => axis);
    return shapes.transpose(this, [...axes.slice(0, -2), this.rank - 1, this.rank - 2]);
  },
  slice(starts: readonly slices.SliceBound[], ends: readonly slices.SliceBound[], steps?: readonly number[]) {
    return slices.slice(this, starts, ends, steps);
  },
  pad(options: slices.PadOptions) {
    return slices.pad(this, options);
  },
  concat(y: Tensor, axis?: number) {
    return slices.concat([this, y], axis);
  },
  flip(axes?: number | readonly number[]) {
    return slices.flip(this, axes);
  },
  zerosLike() {
    return this.builder.constant(ndarray(0, [], this.dtype)).broadcastTo(this.shape);
  },
};

for (const [name, apply] of Object.entries(unaries)) {
  methods[name] = function () {
    return apply(this);
  };
}
for (const [name, apply] of Object.entries(binaries)) {
  methods[name] = function (y: TensorLike) {
    return apply(this, y);
  };
}
Object.assign(Tensor.prototype, methods);
