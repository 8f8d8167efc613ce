import './methods.js';

export { elu, gelu, leakyRelu, silu, softsign, type GeluOptions } from './activations.js';
export { adaptiveAvgPool, globalAvgPool, globalMaxPool } from './adaptive.js';
export {
  add,
  atan2,
  div,
  hypot,
  maximum,
  minimum,
  mul,
  neg,
  pow,
  reciprocal,
  remainder,
  square,
  sub,
} from './arithmetic.js';
export { takeAlongAxis } from './along-axis.js';
export {
  diagonal,
  expandDims,
  matrixTrace,
  roll,
  split,
  squeeze,
  tile,
  tril,
  triu,
  type DiagonalOptions,
} from './arrange.js';
export {
  and,
  cast,
  clip,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  not,
  notEqual,
  or,
  where,
} from './compare.js';
export { constantScalar, toTensor, type TensorLike } from './define.js';
export { conv, type ConvOptions } from './conv.js';
export { convTranspose, type ConvTransposeOptions } from './conv-transpose.js';
export { dot, einsum, outer } from './einsum.js';
export { scaledDotProductAttention, type AttentionOptions } from './attention.js';
export { groupNorm, layerNorm, type GroupNormOptions, type LayerNormOptions } from './layer-norm.js';
export { cholesky, eigh, type Eigen } from './decompositions.js';
export { determinant, inverse, slogdet, solve } from './solve.js';
export { gather, scatterAdd } from './gather.js';
export { matmul } from './matmul.js';
export { batchNorm, batchStatistics, normalize, type BatchNormOptions } from './norm.js';
export { all, any, argmin, norm, type NormOptions } from './norms.js';
export { avgPool, maxPool } from './pool.js';
export { uniform } from './random.js';
export { arange, eye, linspace, type RangeOptions } from './ranges.js';
export { argmax, logSumExp, max, mean, min, prod, sum, variance, type ReduceOptions } from './reduce.js';
export { broadcastTo, reshape, transpose } from './shape-ops.js';
export { cumprod, cumsum } from './scans.js';
export { concat, flip, pad, slice, stack, type PadOptions, type SliceBound } from './slices.js';
export { sort, topK, type Sorted, type SortOptions, type TopKOptions } from './sort.js';
export {
  bool,
  float32,
  float64,
  int32,
  trace,
  traceTree,
  type Specs,
  type Traceable,
  type Traced,
} from './trace.js';
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cbrt,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  stopGradient,
  tan,
  tanh,
} from './unary.js';
export { accuracy, logSoftmax, oneHot, softmax, softmaxCrossEntropy } from './softmax.js';
export type { WindowOptions } from './window.js';
