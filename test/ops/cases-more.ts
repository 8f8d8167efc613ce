import * as ops from '../../src/ops/index.js';
import type { OpCase } from './cases.js';

const matrix = [3, 4];

/** Activations, norms and remainders. */
const elementwiseCases: readonly OpCase[] = [
  { name: 'silu', shapes: [matrix], apply: ops.silu },
  { name: 'gelu by erf', shapes: [matrix], apply: (x) => ops.gelu(x) },
  { name: 'gelu by tanh', shapes: [matrix], apply: (x) => ops.gelu(x, { tanh: true }) },
  { name: 'elu above 0', shapes: [matrix], apply: (x) => ops.elu(x), from: 0.1, to: 2, linear: true },
  { name: 'elu below 0', shapes: [matrix], apply: (x) => ops.elu(x, 1.3), from: -2, to: -0.1 },
  { name: 'leakyRelu', shapes: [matrix], apply: (x) => ops.leakyRelu(x), linear: true },
  { name: 'softsign', shapes: [matrix], apply: ops.softsign, from: 0.1, to: 2 },
  {
    name: 'remainder',
    shapes: [matrix, [4]],
    apply: (x, y) => x.mul(7).remainder(y),
    from: 0.4,
    to: 2,
    linear: true,
  },
  { name: 'norm', shapes: [[2, 3, 4]], apply: (x) => ops.norm(x, { axes: [0, 2] }) },
  { name: 'norm, one', shapes: [matrix], apply: (x) => ops.norm(x, { p: 1, axes: 1 }), linear: true },
  {
    name: 'norm, largest',
    shapes: [matrix],
    apply: (x) => ops.norm(x, { p: Infinity, axes: 0 }),
    linear: true,
  },
  {
    name: 'argmin, any and all',
    shapes: [matrix],
    apply: (x) => {
      const counts = [ops.argmin(x, 1), ops.any(x.greater(0.5), { axes: 1 }), ops.all(x, { axes: 1 })];
      return x.mul(ops.stack(counts.map((count) => count.cast('float64').cast(x.dtype))).sum());
    },
    linear: true,
  },
];

export const moreCases: readonly OpCase[] = [...elementwiseCases];
