import type { Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import type { OpCase } from './cases.js';

/** Well-conditioned matrices from arbitrary ones: a diagonal that outweighs the rest. */
const strong = (a: Tensor) => a.add(ops.eye(a.shape[a.rank - 1], a.shape[a.rank - 1], 'float64').mul(5));
/** Symmetric matrices with eigenvalues apart from each other, and positive. */
const spread = (a: Tensor) => {
  const n = a.shape[a.rank - 1];
  return a.add(ops.eye(n, n, 'float64').mul(ops.arange(n, { start: 5, step: 4, dtype: 'float64' })));
};

/** Dense linear algebra, which only the JavaScript target has. */
export const denseCases: readonly OpCase[] = [
  {
    name: 'solve',
    shapes: [
      [3, 3],
      [3, 2],
    ],
    apply: (a, b) => ops.solve(strong(a), b),
    from: -1,
    to: 1,
  },
  {
    name: 'solve, broadcast',
    shapes: [
      [2, 1, 3, 3],
      [4, 3, 1],
    ],
    apply: (a, b) => ops.solve(strong(a), b),
    from: -1,
    to: 1,
  },
  {
    name: 'solve for a vector',
    shapes: [[3, 3], [3]],
    apply: (a, b) => ops.solve(strong(a), b),
    from: -1,
    to: 1,
  },
  { name: 'inverse', shapes: [[2, 3, 3]], apply: (a) => ops.inverse(strong(a)), from: -1, to: 1 },
  { name: 'determinant', shapes: [[2, 3, 3]], apply: ops.determinant, from: -2, to: 1 },
  { name: 'slogdet', shapes: [[4, 4]], apply: (a) => ops.slogdet(strong(a)).logAbs, from: -1, to: 1 },
  { name: 'cholesky', shapes: [[2, 3, 3]], apply: (a) => ops.cholesky(strong(a)), from: -1, to: 1 },
  { name: 'eigenvalues', shapes: [[2, 4, 4]], apply: (a) => ops.eigh(spread(a)).values, from: -1, to: 1 },
  {
    // Squares do not depend on the sign of a vector.
    name: 'eigenvectors',
    shapes: [[3, 3]],
    apply: (a) => ops.eigh(spread(a)).vectors.square(),
    from: -1,
    to: 1,
  },
];
