import { ScreeError } from '../graph/errors.js';
import type { Kernel, Op } from '../graph/op.js';
import { broadcastShapes, showShape, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { factorize, solveFactorized } from '../linalg/index.js';
import { noAttributes, sumDefined, unify, type NoAttributes } from './define.js';
import { matricesOf, requireSquare, spreadBatch } from './matrices.js';
import { eye } from './ranges.js';

/** X with A·X = B for each pair of matrices [..., n, n] and [..., n, m]. */
const solveOp: Op<NoAttributes> = {
  name: 'solve',
  infer: ([, b]) => b,
  // A·dX = dB − dA·X
  jvp({ inputs: [a], output }, [da, db]) {
    const right = sumDefined([db, da?.matmul(output).neg()]);
    return right && applySolve(a, right);
  },
  vjp({ inputs: [a], output }, cotangent, wanted) {
    const db = applySolve(a.swapLast(), cotangent);
    return [wanted[0] ? db.matmul(output.swapLast()).neg() : undefined, db];
  },
  batch(inputs, batched) {
    const [a, b] = spreadBatch(inputs, batched);
    return applySolve(a, b);
  },
  kernel({ inputs: [a], output: { shape } }) {
    const { count, n } = matricesOf(a.shape);
    const columns = shape[shape.length - 1];
    const factors = new Float64Array(n * n);
    const order = new Int32Array(n);
    const x = new Float64Array(n);
    return (output, matrices, right) => {
      for (let t = 0; t < count; t++) {
        for (let i = 0; i < n * n; i++) factors[i] = matrices[t * n * n + i];
        if (factorize(factors, n, order) === 0) {
          throw new ScreeError(`solve: matrix ${t} of ${showShape(a.shape)} is singular; it has no inverse`);
        }
        for (let c = 0; c < columns; c++) {
          for (let i = 0; i < n; i++) x[i] = right[(t * n + order[i]) * columns + c];
          solveFactorized(factors, n, x);
          for (let i = 0; i < n; i++) output[(t * n + i) * columns + c] = x[i];
        }
      }
    };
  },
};

function applySolve(a: Tensor, b: Tensor): Tensor {
  return a.builder.apply(solveOp, [a, b], noAttributes);
}

/** log |det A| of each matrix [..., n, n]; −∞ where it is singular. */
const logAbsDetOp: Op<NoAttributes> = {
  name: 'logAbsDet',
  infer: ([{ shape, dtype }]) => ({ shape: shape.slice(0, -2), dtype }),
  jvp: ({ inputs: [a] }, [tangent]) =>
    tangent &&
    inverse(a)
      .swapLast()
      .mul(tangent)
      .sum({ axes: [-2, -1] }),
  vjp: ({ inputs: [a] }, cotangent) => [
    inverse(a)
      .swapLast()
      .mul(cotangent.reshape([...cotangent.shape, 1, 1])),
  ],
  batch: ([a]) => a.builder.apply(logAbsDetOp, [a], noAttributes),
  kernel: ({ inputs: [{ shape }] }) =>
    pivotKernel(
      shape,
      () => 0,
      (sum, pivot) => sum + Math.log(Math.abs(pivot)),
    ),
};

/** One number of each matrix from the pivots of its LU factors, beginning with what the sign of the row exchanges gives. */
function pivotKernel(
  shape: Shape,
  begin: (sign: number) => number,
  combine: (total: number, pivot: number) => number,
): Kernel {
  const { count, n } = matricesOf(shape);
  const factors = new Float64Array(n * n);
  const order = new Int32Array(n);
  return (output, matrices) => {
    for (let t = 0; t < count; t++) {
      for (let i = 0; i < n * n; i++) factors[i] = matrices[t * n * n + i];
      let total = begin(factorize(factors, n, order));
      for (let i = 0; i < n; i++) total = combine(total, factors[i * n + i]);
      output[t] = total;
    }
  };
}

/** The sign of det A of each matrix [..., n, n]: −1, 0 or 1. Its derivative is 0. */
const detSignOp: Op<NoAttributes> = {
  name: 'detSign',
  infer: ([{ shape, dtype }]) => ({ shape: shape.slice(0, -2), dtype }),
  jvp: () => undefined,
  vjp: () => [undefined],
  batch: ([a]) => a.builder.apply(detSignOp, [a], noAttributes),
  kernel: ({ inputs: [{ shape }] }) =>
    pivotKernel(
      shape,
      (sign) => sign,
      (sign, pivot) => sign * Math.sign(pivot),
    ),
};

/**
 * X with A·X = B, by LU factors with partial pivoting; A [..., n, n], B [..., n, m] or a vector [n]; leading axes broadcast. On the
 * JavaScript target only.
 * @throws ScreeError when the shapes do not fit, or (while running) a matrix is singular: a pivot is exactly 0.
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const [matrices, given] = unify('solve', [a, b]);
  requireSquare('solve', matrices);
  const right = given.rank === 1 ? given.reshape([given.size, 1]) : given;
  const n = matrices.shape[matrices.rank - 1];
  if (right.rank < 2 || right.shape[right.rank - 2] !== n) {
    throw new ScreeError(
      `solve: the right-hand side ${showShape(b.shape)} of ${showShape(a.shape)} needs ${n} rows`,
    );
  }
  const lead = broadcastShapes('solve', matrices.shape.slice(0, -2), right.shape.slice(0, -2));
  const x = applySolve(
    matrices.broadcastTo([...lead, n, n]),
    right.broadcastTo([...lead, ...right.shape.slice(-2)]),
  );
  return given.rank === 1 ? x.reshape([...lead, n]) : x;
}

/** The inverse of matrices [..., n, n]; throws as solve does, which is better where A⁻¹·B is wanted. JavaScript target only. */
export function inverse(a: Tensor): Tensor {
  requireSquare('inverse', a);
  const n = a.shape[a.rank - 1];
  return applySolve(a, eye(n, n, a.dtype).broadcastTo(a.shape));
}

/**
 * Sign and logarithm of the magnitude of the determinants of matrices [..., n, n], which neither overflow nor vanish: 0 and −∞ for
 * a singular one, whose derivative is an error. JavaScript target only.
 */
export function slogdet(a: Tensor): { readonly sign: Tensor; readonly logAbs: Tensor } {
  requireSquare('slogdet', a);
  return {
    sign: a.builder.apply(detSignOp, [a], noAttributes),
    logAbs: a.builder.apply(logAbsDetOp, [a], noAttributes),
  };
}

/** The determinants of matrices [..., n, n]; the derivative of a singular one is an error. JavaScript target only. */
export function determinant(a: Tensor): Tensor {
  const { sign, logAbs } = slogdet(a);
  return sign.mul(logAbs.exp());
}
