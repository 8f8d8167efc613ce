import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { cholesky as choleskyFactor, symmetricEigen } from '../linalg/index.js';
import { diagonal, tril } from './arrange.js';
import { noAttributes, sumDefined, type NoAttributes } from './define.js';
import { matricesOf, requireSquare, symmetricPart } from './matrices.js';
import { eye } from './ranges.js';
import { concat } from './slices.js';
import { solve } from './solve.js';

/** The lower triangle with its diagonal halved. */
function lowerHalf(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  return tril(x).mul(eye(n, n, x.dtype).mul(-0.5).add(1));
}

/**
 * L with L·Lᵀ = A, lower triangular, for symmetric positive definite matrices [..., n, n]; reads the lower triangles.
 * Derivatives: Murray 2016, Differentiation of the Cholesky decomposition, equations 8 and 9.
 */
const choleskyOp: Op<NoAttributes> = {
  name: 'cholesky',
  infer: ([a]) => a,
  // dL = L·Φ(L⁻¹·dA·L⁻ᵀ), Φ taking the lower triangle with its diagonal halved.
  jvp({ output }, [tangent]) {
    if (tangent === undefined) return undefined;
    const inner = solve(output, solve(output, tangent).swapLast());
    return output.matmul(lowerHalf(inner));
  },
  // S = L⁻ᵀ·Φ(Lᵀ·L̄)·L⁻¹; the cotangent is its symmetric part.
  vjp({ output }, cotangent) {
    const transposed = output.swapLast();
    const middle = lowerHalf(transposed.matmul(cotangent));
    return [symmetricPart(solve(transposed, solve(transposed, middle.swapLast()).swapLast()))];
  },
  batch: ([a]) => a.builder.apply(choleskyOp, [a], noAttributes),
  kernel({ inputs: [{ shape }] }) {
    const { count, n } = matricesOf(shape);
    const matrix = new Float64Array(n * n);
    const lower = new Float64Array(n * n);
    return (output, matrices) => {
      for (let t = 0; t < count; t++) {
        for (let i = 0; i < n * n; i++) matrix[i] = matrices[t * n * n + i];
        if (!choleskyFactor(matrix, n, 0, lower)) {
          throw new ScreeError(`cholesky: matrix ${t} of ${showShape(shape)} is not positive definite`);
        }
        output.set(lower, t * n * n);
      }
    };
  },
};

/**
 * Eigenvalues λ (ascending) and eigenvectors V of symmetric matrices [..., n, n] in one array [..., n + 1, n]: λ, then the rows of V.
 * Derivatives: Giles 2008, Collected matrix derivative results, section 3.1.
 */
const eighOp: Op<NoAttributes> = {
  name: 'eigh',
  infer: ([{ shape, dtype }]) => ({
    shape: shape.with(shape.length - 2, shape[shape.length - 1] + 1),
    dtype,
  }),
  // With M = Vᵀ·dA·V: dλ = diag(M), dV = V·(F ∘ M).
  jvp({ output }, [tangent]) {
    if (tangent === undefined) return undefined;
    const { values, vectors } = unpack(output);
    const inner = vectors.swapLast().matmul(tangent).matmul(vectors);
    return pack(diagonal(inner), vectors.matmul(inverseGaps(values).mul(inner)));
  },
  // Ā = V·(diag(λ̄) + F ∘ (Vᵀ·V̄))·Vᵀ, its symmetric part.
  vjp({ output }, cotangent) {
    const { values, vectors } = unpack(output);
    const given = unpack(cotangent);
    const n = values.shape[values.rank - 1];
    const onDiagonal = eye(n, n, values.dtype).mul(row(given.values));
    const beside = inverseGaps(values).mul(vectors.swapLast().matmul(given.vectors));
    const inner = sumDefined([onDiagonal, beside]) ?? onDiagonal;
    return [symmetricPart(vectors.matmul(inner).matmul(vectors.swapLast()))];
  },
  batch: ([a]) => a.builder.apply(eighOp, [a], noAttributes),
  kernel({ inputs: [{ shape }] }) {
    const { count, n } = matricesOf(shape);
    const matrix = new Float64Array(n * n);
    return (output, matrices) => {
      for (let t = 0; n > 0 && t < count; t++) {
        for (let i = 0; i < n * n; i++) matrix[i] = matrices[t * n * n + i];
        const { values, vectors } = symmetricEigen(matrix, n);
        const from = t * (n + 1) * n;
        output.set(values, from);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) output[from + (i + 1) * n + j] = vectors[j * n + i];
        }
      }
    };
  },
};

/** A vector [..., n] as [..., 1, n]. */
function row(vector: Tensor): Tensor {
  return vector.reshape([...vector.shape.slice(0, -1), 1, vector.shape[vector.rank - 1]]);
}

function pack(values: Tensor, vectors: Tensor): Tensor {
  return concat([row(values), vectors], -2);
}

function unpack(packed: Tensor): Eigen {
  const n = packed.shape[packed.rank - 1];
  const lead = packed.shape.slice(0, -2);
  const zeros = lead.map(() => 0);
  return {
    values: packed.slice([...zeros, 0, 0], [...lead, 1, n]).reshape([...lead, n]),
    vectors: packed.slice([...zeros, 1, 0], [...lead, n + 1, n]),
  };
}

/** F with 1/(λⱼ − λᵢ) at [i, j], and 0 where the two are equal. */
function inverseGaps(values: Tensor): Tensor {
  const gaps = row(values).sub(row(values).swapLast());
  const none = gaps.equal(0);
  return none.where(0, none.where(1, gaps).reciprocal());
}

/**
 * The Cholesky factor L of symmetric positive definite matrices A = L·Lᵀ, [..., n, n], zeros above the diagonal. It is a function
 * of (A + Aᵀ)/2, so that its derivative is symmetric. JavaScript target only.
 * @throws ScreeError while running, when a matrix is not positive definite or not finite.
 */
export function cholesky(a: Tensor): Tensor {
  requireSquare('cholesky', a);
  const symmetric = symmetricPart(a);
  return symmetric.builder.apply(choleskyOp, [symmetric], noAttributes);
}

/** Eigenvalues [..., n], ascending, and unit eigenvectors, the columns of [..., n, n]. */
export type Eigen = { readonly values: Tensor; readonly vectors: Tensor };

/**
 * A = V·diag(λ)·Vᵀ of symmetric matrices [..., n, n]; a function of (A + Aᵀ)/2. A vector's sign is arbitrary, and so are vectors
 * of one eigenvalue: a derivative is right only for functions that do not depend on that choice, as torch.linalg.eigh warns,
 * and the second derivative of an eigenvalue that is not alone does not exist. JavaScript target only.
 * @throws ScreeError while running, when an entry is not finite.
 */
export function eigh(a: Tensor): Eigen {
  requireSquare('eigh', a);
  const symmetric = symmetricPart(a);
  return unpack(symmetric.builder.apply(eighOp, [symmetric], noAttributes));
}
