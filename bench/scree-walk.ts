/**
 * Walks, basins and L-BFGS in float64 on one thread: scree-walk.ts CASE. Times are for a step (sgd, adam: on x² − xy from (1, 0.5),
 * lr 0.01, the path recorded), a picture (basins: Himmelblau, 512 × 512 starts, 200 steps of 0.01) or an evaluation (lbfgs:
 * Rosenbrock, n = 10,000).
 */
import { compileLoop } from '../src/compile/javascript/loop.js';
import { formula } from '../src/formula/index.js';
import { ndarray, type Tensor } from '../src/graph/index.js';
import { compileWalk } from '../src/landscape/stepper.js';
import { lbfgs } from '../src/optim/deterministic/lbfgs.js';
import { problemOf } from '../src/optim/deterministic/problem.js';
import { minimize } from '../src/optim/deterministic/walk.js';
import { parseOptimizer } from '../src/optim/index.js';
import { float64, trace } from '../src/ops/index.js';
import { grad } from '../src/transform/index.js';
import { measure } from './measure.js';

/** Walks of a thousand steps, each from the start: on this saddle sgd leaves the numbers after some more. */
async function walks(spec: string): Promise<void> {
  const rows = 1000;
  const { evaluate } = formula('x^2 - x*y');
  const options = { small: -1, large: Infinity, noise: 0, seed: 0 };
  const { loop, carry } = compileWalk((x: Tensor) => evaluate(x), parseOptimizer(spec), [1, 0.5], options);
  const constants = [ndarray(Float64Array.of(0.01), []), ndarray(new Float64Array(2))];
  const records = [2, 1, 1].map((width) => new Float64Array(width * rows));
  await measure(() => void loop.run(carry(), constants, rows, records), {
    each: rows,
    settle: 500,
    most: 20_000,
    seconds: 1,
  });
}

async function basins(): Promise<void> {
  const size = 512;
  const f = formula('(x^2 + y - 11)^2 + (x + y^2 - 7)^2');
  const objective = (x: Tensor) => f.evaluate(x);
  const graph = trace((x: Tensor, lr: Tensor) => x.sub(grad(objective)(x).mul(lr)), [float64(2), float64()]);
  const loop = compileLoop(graph, { carry: 1 });
  const starts = new Float64Array(2 * size * size);
  const line = (k: number) => -5 + (10 * k) / (size - 1);
  for (let k = 0; k < size * size; k++) {
    starts[2 * k] = line(k % size);
    starts[2 * k + 1] = line(Math.floor(k / size));
  }
  const points = ndarray(new Float64Array(starts.length), [size * size, 2]);
  const lr = ndarray(Float64Array.of(0.01), []);
  await measure(
    () => {
      points.data.set(starts);
      loop.runMany([points], [lr], 200);
    },
    { settle: 1 },
  );
}

async function quasiNewton(): Promise<void> {
  const n = 10_000;
  const { evaluate } = formula('sum(100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2, i, 1, n - 1)', {
    parameters: { n },
  });
  const problem = problemOf((x: Tensor) => evaluate(x), n);
  const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
  const run = () => minimize(problem, lbfgs(), start, { tol: 1e-5, maxSteps: 100 });
  const { evaluations } = run();
  await measure(() => void run(), { each: evaluations.gradients, settle: 2 });
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  sgd: () => walks('sgd:lr=0.01'),
  adam: () => walks('adam:lr=0.01'),
  basins,
  lbfgs: quasiNewton,
};
await cases[process.argv[2]]();
