export { cholesky, choleskySolve } from './cholesky.js';
export { eigenvector, symmetricEigen, type SymmetricEigen } from './eigen.js';
export { factorize, solveFactorized } from './lu.js';
export { pivotedQr, type PivotedQr } from './pivoted-qr.js';
export {
  addScaled,
  axpy,
  dot,
  maxNorm,
  multiply,
  multiplyTransposed,
  norm,
  scale,
  subtract,
} from './vectors.js';
export { vectorBank, type VectorBank } from './vector-bank.js';
export { LANES, simdKernels, type SimdKernels } from './simd.js';
