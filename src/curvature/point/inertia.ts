/** Which signs of a Hessian's eigenvalues are certain, and which directions it leaves open. */
import { dot, norm, symmetricEigen } from '../../linalg/index.js';
import type { Derivatives, LocalFunction } from './local.js';
import { zeroFactor, type Splitting } from './splitting.js';

export interface Inertia extends Splitting {
  /** The largest bound below which an eigenvalue of the scaled Hessian counts as zero. */
  readonly threshold: number;
  /** How many directions were left open although rounding does not reach them: the critical point nearby may differ. */
  readonly doubtful: number;
}

/**
 * Units in which each variable's own curvature is about 1 (a power of four, so that scaling is exact): signs of eigenvalues do
 * not depend on units (Sylvester's law of inertia), what can be told of them does.
 */
function units({ hessian, hessianError }: Derivatives, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let size = Math.abs(hessian[i * n + i]);
    if (size <= zeroFactor * hessianError[i * n + i]) {
      size = 0;
      for (let j = 0; j < n; j++) {
        const entry = Math.abs(hessian[i * n + j]);
        if (entry > zeroFactor * hessianError[i * n + j]) size = Math.max(size, entry);
      }
    }
    return size === 0 ? 1 : 2 ** -Math.round(Math.log2(size) / 2);
  });
}

/**
 * The directions that the Hessian decides, in the variables' own units or others. An eigenvalue's sign is certain where it is larger than what rounding may have made
 * of it (Weyl), and larger than it may change by on the way to the critical point, four times the third derivative along
 * Newton's step: beside x³, whose Hessian is singular at 0, that step takes half of the way and this test says so.
 */
export function inertiaOf(f: LocalFunction, point: ArrayLike<number>, at: Derivatives): Inertia {
  const plain = inertiaIn(f, point, at, new Float64Array(f.size).fill(1));
  if (plain.kernel.length === 0) return plain;
  // Where units decide more directions they are needed; else the splitting is better conditioned without them.
  const scaled = inertiaIn(f, point, at, units(at, f.size));
  return scaled.kernel.length < plain.kernel.length ? scaled : plain;
}

function inertiaIn(
  f: LocalFunction,
  point: ArrayLike<number>,
  at: Derivatives,
  scale: Float64Array,
): Inertia {
  const n = f.size;
  const scaled = new Float64Array(n * n);
  const errors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      scaled[i * n + j] = at.hessian[i * n + j] * scale[i] * scale[j];
      errors[i * n + j] = at.hessianError[i * n + j] * scale[i] * scale[j];
    }
  }
  const { values, vectors } = symmetricEigen(scaled, n);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const directions = Array.from(values, (value, j) => {
    const vector = vectors.subarray(j * n, (j + 1) * n);
    let error = 8 * n * Number.EPSILON * largest;
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++)
        error += zeroFactor * Math.abs(vector[i]) * errors[i * n + k] * Math.abs(vector[k]);
    }
    return { value, error, vector: vector.map((entry, i) => entry * scale[i]) };
  });
  const sure = directions.filter(({ value, error }) => Math.abs(value) > error);
  const step = new Float64Array(n);
  const reach = new Float64Array(n);
  for (const { value, vector } of sure) {
    const slope = dot(vector, at.gradient) / value;
    let blur = 0;
    for (let i = 0; i < n; i++) {
      step[i] -= slope * vector[i];
      blur += Math.abs(vector[i]) * at.gradientError[i];
    }
    for (let i = 0; i < n; i++) reach[i] += Math.abs((blur / value) * vector[i]);
  }
  const decided = sure.filter(({ value, vector }) => {
    if (norm(step) === 0 && norm(reach) === 0) return true;
    const third = f.thirdAlong(point, vector);
    let change = Math.abs(dot(third, step));
    for (let i = 0; i < n; i++) change += Math.abs(third[i]) * reach[i];
    return Math.abs(value) > 4 * change;
  });
  return {
    normal: decided.map(({ vector }) => vector),
    curvatures: decided.map(({ value }) => value),
    kernel: kernelBasis(
      n,
      decided.map(({ vector }) => vector),
      at.hessian,
    ),
    threshold: directions.reduce((most, { error }) => Math.max(most, error), 0),
    doubtful: sure.length - decided.length,
  };
}

/**
 * An orthonormal basis of {v : nⱼᵀ·H·v = 0}, along the axes where the kernel holds some: columns of the projection on it, the
 * longest first, made orthogonal to those before.
 */
function kernelBasis(n: number, normal: readonly Float64Array[], hessian: Float64Array): Float64Array[] {
  if (normal.length === n) return [];
  const rows: Float64Array[] = [];
  for (const vector of normal) {
    const image = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) image[i] += hessian[i * n + j] * vector[j];
    orthogonalise(image, rows);
    rows.push(image);
  }
  const basis: Float64Array[] = [];
  while (rows.length < n) {
    let best = new Float64Array(n);
    for (let axis = 0; axis < n; axis++) {
      const column = new Float64Array(n);
      column[axis] = 1;
      remove(column, rows);
      remove(column, rows);
      if (norm(column) > norm(best) * (1 + 1e-9)) best = column;
    }
    const length = norm(best);
    const unit = best.map((value) => tidy(value / length));
    basis.push(unit);
    rows.push(unit);
  }
  return basis;
}

const tidy = (value: number): number => {
  if (Math.abs(value) < 1e-14) return 0;
  return Math.abs(Math.abs(value) - 1) < 1e-14 ? Math.sign(value) : value;
};

function remove(vector: Float64Array, rows: readonly Float64Array[]): void {
  for (const row of rows) {
    const along = dot(row, vector);
    for (let i = 0; i < vector.length; i++) vector[i] -= along * row[i];
  }
}

function orthogonalise(vector: Float64Array, rows: readonly Float64Array[]): void {
  remove(vector, rows);
  remove(vector, rows);
  const length = norm(vector);
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
}
