export { ScreeError } from './errors.js';
export { allocate, bytesPerElement, isFloat, promote, type DType, type TypedArray } from './dtype.js';
export { broadcastShapes, sameShape, showShape, sizeOf, stridesOf, type Shape } from './shape.js';
export { ndarray, zeros, type NDArray } from './ndarray.js';
export { flattenTree, treePaths, unflattenTree, type MapLeaves, type Tree } from './tree.js';
export type {
  Application,
  Attributes,
  AttributeValue,
  ElementwiseKernel,
  Kernel,
  KernelRequest,
  OnnxEmitter,
  OnnxRequest,
  Op,
  TensorType,
} from './op.js';
export { pruneGraph, type Graph, type Node } from './graph.js';
export { Builder, Tensor } from './tensor.js';
export { print } from './print.js';
export { verify } from './verify.js';
