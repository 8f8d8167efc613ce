import { eigenvector, symmetricEigen } from '../../linalg/index.js';
import { plus, thin, times, type Interval } from '../interval/pairs.js';

/** How many eigenvalues are positive and negative. */
export interface Inertia {
  readonly positive: number;
  readonly negative: number;
}

/**
 * The signs of the eigenvalues of every symmetric matrix within an interval matrix, proven; undefined where they are not the same
 * or too close to 0 to tell. With V the eigenvectors of the middle, as computed, VᵀHV has the same signs (Sylvester's law of
 * inertia: V is regular if the product is), and the product's rows tell them where its diagonal dominates (Gershgorin).
 */
export function provenInertia(hessian: readonly (readonly Interval[])[]): Inertia | undefined {
  const n = hessian.length;
  const middle = Float64Array.from(hessian.flat(), ([lo, hi]) => lo + (hi - lo) / 2);
  if (!middle.every((entry) => Number.isFinite(entry))) return undefined;
  const eigen = symmetricEigen(middle, n);
  const vectors = Array.from({ length: n }, (_, j) => eigenvector(eigen, j));
  const image = vectors.map((vector) =>
    hessian.map((row) =>
      row.reduce<Interval>((sum, entry, k) => plus(sum, times(entry, thin(vector[k]))), [0, 0]),
    ),
  );
  let [positive, negative] = [0, 0];
  for (let i = 0; i < n; i++) {
    let row: Interval = [0, 0];
    let diagonal: Interval = [0, 0];
    for (let j = 0; j < n; j++) {
      const entry = image[i].reduce<Interval>(
        (sum, value, k) => plus(sum, times(value, thin(vectors[j][k]))),
        [0, 0],
      );
      if (i === j) diagonal = entry;
      else {
        const size = Math.max(-entry[0], entry[1]);
        row = plus(row, [-size, size]);
      }
    }
    const [lo, hi] = plus(diagonal, row);
    if (lo > 0) positive++;
    else if (hi < 0) negative++;
    else return undefined;
  }
  return { positive, negative };
}
