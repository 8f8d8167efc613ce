import { describe, expect, test } from 'vitest';
import { ndarray, type NDArray, type Tensor } from '../graph/index.js';
import { matmul } from '../ops/index.js';
import { optimizers, wrappers, type Optimizer } from './index.js';
import { readGolden } from '../../test/support/golden.js';
import { walk } from '../../test/support/walk.js';

/**
 * 1,000 steps in float64 against PyTorch and against numpy twins of the papers (scripts/golden/optimizers.py), to 1e-12
 * relative to max(1, |x|). The walks are chosen so that a change by one unit in the last place at every step moves no point by
 * more than 1e-13, so that the order of roundings does not matter and the algorithm does.
 */
const tolerance = 1e-12;

interface Case {
  readonly optimizer: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly wrapper?: Readonly<Record<string, number | string>> & { readonly name: string };
  readonly estimate?: 'signs' | 'diagonal' | 'gradientSquared';
  readonly function: string;
  readonly path: readonly (readonly number[])[];
  readonly gradientAt?: readonly (readonly number[])[];
}
interface Golden {
  readonly functions: Readonly<Record<string, { readonly start: readonly number[] }>>;
  readonly steps: readonly number[];
  readonly signs?: readonly (readonly number[])[];
  readonly leastSquares?: Readonly<Record<'X' | 'Y' | 'start', readonly (readonly number[])[]>>;
  readonly cases: readonly Case[];
}

const torch = readGolden('optimizers.json') as Golden;
const twins = readGolden('optimizers-twins.json') as Golden;

const array = (rows: readonly number[] | readonly (readonly number[])[] = []): NDArray => ndarray(rows);

const at = (p: Tensor, index: number) => p.slice([index], [index + 1]).reshape([]);

/** The functions of scripts/golden/problems.py, in its order of operations. */
const functions: Readonly<Record<string, (p: Tensor) => Tensor>> = {
  ravine(p) {
    const x = at(p, 0);
    const y = at(p, 1).mul(10);
    return x.mul(x).sub(x.mul(y)).add(y.mul(y));
  },
  rosenbrock(p) {
    const [x, y] = [at(p, 0), at(p, 1)];
    const [a, b] = [x.neg().add(1), y.sub(x.mul(x))];
    return a.mul(a).add(b.mul(100).mul(b));
  },
  himmelblau(p) {
    const [x, y] = [at(p, 0), at(p, 1)];
    const [a, b] = [x.mul(x).add(y).sub(11), x.add(y.mul(y)).sub(7)];
    return a.mul(a).add(b.mul(b));
  },
  styblinskiTang(p) {
    const one = (t: Tensor) => t.mul(t).mul(t).mul(t).sub(t.mul(16).mul(t)).add(t.mul(5)).mul(0.5);
    return one(at(p, 0)).add(one(at(p, 1)));
  },
  leastSquares(w) {
    const residual = matmul(array(twins.leastSquares?.X), w).sub(array(twins.leastSquares?.Y));
    return residual.mul(residual).sum().mul(0.5);
  },
};

/** Options under the names of the golden files, where ours differ or have another default. */
function optionsOf({ optimizer, options, estimate }: Case): Record<string, number | boolean | string> {
  const estimator = { signs: 'hutchinson', diagonal: 'exact', gradientSquared: 'gaussNewton' } as const;
  return {
    // PyTorch's default is 0.1 and its matrices have their outputs first; the twin is the author's code.
    ...(optimizer === 'muon' && { weightDecay: 0, outputs: 'rows' }),
    ...(estimate && { estimator: estimator[estimate] }),
    ...options,
  };
}

function build(given: Case): Optimizer {
  const optimizer = optimizers[given.optimizer].create(optionsOf(given));
  if (given.wrapper === undefined) return optimizer;
  const { name, ...options } = given.wrapper;
  return wrappers[name.toLowerCase()].create(options)(optimizer);
}

/** The largest |x − golden| / max(1, |golden|) over the stored steps. */
function deviation(walked: readonly ArrayLike<number>[], golden: Golden, path: Case['path']): number {
  let largest = 0;
  golden.steps.forEach((step, row) => {
    path[row].forEach((value, index) => {
      const error = Math.abs(walked[step][index] - value) / Math.max(1, Math.abs(value));
      if (!(error <= largest)) largest = error;
    });
  });
  return largest;
}

describe.each([
  ['PyTorch', torch],
  ['twins', twins],
])('equals %s over 1,000 steps', (_source, golden) => {
  const rows = golden.cases.map((given) => {
    const wrapped = given.wrapper === undefined ? '' : `+${JSON.stringify(given.wrapper)}`;
    return {
      title: `${given.optimizer} ${JSON.stringify(given.options)}${wrapped} ${given.estimate ?? ''} on ${given.function}`,
      given,
    };
  });
  test.each(rows)('$title', ({ given }) => {
    const optimizer = build(given);
    const start =
      given.function === 'leastSquares' ? golden.leastSquares?.start : golden.functions[given.function].start;
    const path = walk(optimizer, (p) => functions[given.function](p as Tensor), array(start), {
      steps: 1000,
      noise: given.estimate && ((step) => [array(twins.signs?.[Math.floor((step - 1) / 10)])]),
    });
    const averages = given.gradientAt !== undefined || ['ema', 'swa'].includes(given.wrapper?.name ?? '');
    const error = deviation(averages ? path.evaluated : path.points, golden, given.path);
    expect(error).toBeLessThanOrEqual(tolerance);
    if (given.gradientAt !== undefined) {
      expect(deviation(path.points, golden, given.gradientAt)).toBeLessThanOrEqual(tolerance);
    }
  });
});
