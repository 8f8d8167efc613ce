/** How long does a step of a walk take, the path recorded? And a picture of basins, and an evaluation of L-BFGS? One thread, float64. */
import type { Contender } from './contender.js';
import { pythonPeer, scree } from './peers.js';
import type { TableOptions } from './table.js';

export interface WalkCase {
  readonly name: string;
  readonly contenders: readonly Contender[];
  readonly table: TableOptions;
}

function overSurface(name: 'sgd' | 'adam'): WalkCase {
  return {
    name,
    contenders: [
      scree('scree-walk.ts', [name]),
      pythonPeer('JAX', 'jax_walk.py', [name], { name: 'JAX lax.scan' }),
      pythonPeer('PyTorch', 'pytorch_walk.py', [name], { name: 'PyTorch eager' }),
    ],
    table: { title: `${name} on x² − xy`, bar: 'JAX', item: 'a step', unit: 'ns' },
  };
}

export const walkCases: readonly WalkCase[] = [
  overSurface('sgd'),
  overSurface('adam'),
  {
    name: 'basins',
    contenders: [
      scree('scree-walk.ts', ['basins']),
      pythonPeer('JAX', 'jax_walk.py', ['basins'], { name: 'JAX vmap' }),
    ],
    table: {
      title: 'basins of Himmelblau, 512 × 512 starts × 200 steps',
      bar: 'JAX',
      item: 'a picture',
      unit: 'ms',
    },
  },
  {
    name: 'lbfgs',
    contenders: [
      scree('scree-walk.ts', ['lbfgs']),
      pythonPeer('SciPy', 'scipy_lbfgs.py', [], { name: 'SciPy L-BFGS-B' }),
    ],
    table: { title: 'L-BFGS on Rosenbrock, n = 10,000', bar: 'SciPy', item: 'an evaluation', unit: 'µs' },
  },
];
