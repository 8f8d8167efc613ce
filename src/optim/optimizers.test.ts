import { describe, expect, test } from 'vitest';
import {
  flattenTree,
  ndarray,
  treePaths,
  unflattenTree,
  type DType,
  type NDArray,
  type Tensor,
  type Tree,
} from '../graph/index.js';
import { compile } from '../compile/index.js';
import { float64 } from '../ops/index.js';
import { valueAndGrad, vmap } from '../transform/index.js';
import { symmetric } from '../../test/support/golden.js';
import { walk } from '../../test/support/walk.js';
import { adam, optimizers, parseOptimizer, sgd, takeStep, type Optimizer } from './index.js';

/** Rates with which each descends all problems below; the other options are the defaults unless said. */
const options: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  sgd: { lr: 0.02 },
  momentum: { lr: 0.01 },
  nesterov: { lr: 0.01 },
  adagrad: { lr: 0.3 },
  adadelta: { eps: 1e-3 },
  rmsprop: { lr: 0.01 },
  adam: { lr: 0.02 },
  adamw: { lr: 0.02, weightDecay: 0 },
  adamax: { lr: 0.02 },
  nadam: { lr: 0.02 },
  radam: { lr: 0.02 },
  amsgrad: { lr: 0.02 },
  lion: { lr: 0.005 },
  adan: { lr: 0.02 },
  lamb: { lr: 0.01 },
  lars: { trustCoefficient: 0.005 },
  yogi: { lr: 0.02 },
  adabelief: { lr: 0.02 },
  rprop: {},
  muon: { lr: 0.01, weightDecay: 0 },
  soap: { lr: 0.02 },
  sophia: { lr: 0.02, gamma: 1, estimator: 'exact' },
  schedulefreesgd: { lr: 0.02 },
  schedulefreeadamw: { lr: 0.05 },
  prodigy: {},
  dog: {},
};
const make = (name: string): Optimizer => optimizers[name].create(options[name]);

type Parameters = Readonly<Record<string, Tensor>>;
interface Problem {
  readonly objective: (parameters: Tree<Tensor>) => Tensor;
  readonly start: (dtype: DType) => Tree<NDArray>;
}

const examples = ndarray(
  Float64Array.from({ length: 60 }, (_, i) => symmetric(i, 5, 1)),
  [20, 3],
);

const problems: Readonly<Record<string, Problem>> = {
  /** Two scalars, condition 25. */
  ravine: {
    objective: (p) => {
      const { x, y } = p as Parameters;
      return x.mul(x).add(y.mul(y).mul(25)).mul(0.5);
    },
    start: (dtype) => ({ x: ndarray(1, [], dtype), y: ndarray(-1, [], dtype) }),
  },
  /** Linear least squares in objects and arrays in each other, with tensors of ranks 0 to 2. */
  regression: {
    objective: (p) => {
      const [weight, bias, scale] = flattenTree(p);
      const x = weight.builder.constant(ndarray(examples.data, examples.shape, weight.dtype));
      const solution = weight.builder.constant(
        ndarray(Float64Array.of(1, -1, 2, 0, 0.5, 1), [3, 2], weight.dtype),
      );
      const error = x.matmul(weight).mul(scale).add(bias).sub(x.matmul(solution));
      return error.mul(error).mean();
    },
    start: (dtype) => {
      const weight = ndarray(
        Float64Array.from({ length: 6 }, (_, i) => symmetric(i, 6, 0.5)),
        [3, 2],
        dtype,
      );
      const layers: readonly Tree<NDArray>[] = [
        { weight, bias: ndarray([0.5, -0.5], [2], dtype) },
        { scale: ndarray(1, [], dtype) },
      ];
      return { layers };
    },
  },
};

test('every optimiser of the registry is tested here', () => {
  expect(Object.keys(options)).toEqual(Object.keys(optimizers));
});

const rows = Object.keys(optimizers).flatMap((name) =>
  Object.keys(problems).flatMap((problem) =>
    (['float64', 'float32'] as const).map((dtype) => ({ name, problem, dtype })),
  ),
);

describe('every optimiser × problem × element type', () => {
  test.each(rows)('$name descends $problem in $dtype with one program', ({ name, problem, dtype }) => {
    const { objective, start } = problems[problem];
    const optimizer = make(name);
    const from = start(dtype);
    const { values, points, evaluated, state } = walk(optimizer, objective, from, { steps: 400, dtype });
    expect(values[399]).toBeLessThan(0.1 * values[0]);
    expect([...points, ...evaluated].flat().every(Number.isFinite)).toBe(true);
    // Whatever the state holds has the type of the parameters: it was fed back 400 times to one program.
    for (const leaf of flattenTree(state)) expect(leaf.dtype).toBe(dtype);
    if (dtype === 'float32') {
      for (const value of points[400]) expect(Math.fround(value)).toBe(value);
    }
  });
});

describe.each(Object.keys(optimizers))('%s', (name) => {
  const still = {
    a: ndarray([1, -2]),
    b: [
      ndarray([
        [0.5, 1, -1],
        [0, 2, 3],
      ]),
    ],
  };

  test('rests where the gradient is zero', () => {
    const optimizer = optimizers[name].create({
      ...options[name],
      ...('weightDecay' in make(name).options && { weightDecay: 0 }),
    });
    const zero = (p: Tree<Tensor>) => flattenTree(p)[0].mul(0).sum();
    const { points } = walk(optimizer, zero, still, { steps: 3 });
    expect(points[3]).toEqual(points[0]);
  });

  test('shows a NaN gradient in the parameters at once', () => {
    const broken = (p: Tree<Tensor>) =>
      flattenTree(p)
        .map((leaf) => leaf.mul(leaf).sum())
        .reduce((sum, term) => sum.add(term))
        .mul(NaN);
    const { points } = walk(make(name), broken, still, { steps: 1 });
    for (const value of points[1]) expect(value).toBeNaN();
  });

  test('gives a leaf of a tree what it gives the same numbers elsewhere', () => {
    const apart = { x: ndarray([1, -2]), y: { z: [ndarray([3])] } };
    const objective = (p: Tree<Tensor>) => {
      const leaves = flattenTree(p);
      const all = leaves.length === 1 ? leaves[0] : leaves[0].concat(leaves[1]);
      return all
        .mul(all)
        .mul(ndarray([1, 2, 3]))
        .sum();
    };
    const one = walk(make(name), objective, ndarray([1, -2, 3]), { steps: 20 }).points[20];
    const parts = walk(make(name), objective, apart, { steps: 20 }).points[20];
    const perTensor = ['lamb', 'lars'].includes(name);
    // Sums over all parameters are taken in another order: a unit in the last place and what 20 steps make of it.
    if (!perTensor) parts.forEach((value, index) => expect(Math.abs(value - one[index])).toBeLessThan(1e-14));
    else expect(parts).not.toEqual(one);
  });

  test('names the parameter whose gradient has another shape', () => {
    const optimizer = make(name);
    const objective = (p: Tree<Tensor>) => flattenTree(p)[0].sum();
    const wrong: Optimizer = {
      ...optimizer,
      update: (gradients, state, parameters, context) => {
        const [first] = flattenTree<Tensor>(gradients);
        const others = unflattenTree<Tensor, Tensor>(gradients, [first.concat(first), first]);
        return optimizer.update(others as typeof gradients, state, parameters, context);
      },
    };
    expect(() => walk(wrong, objective, still, { steps: 1 })).toThrow(
      `${name}: the gradient at 'a' is Tensor float64[4]; the parameter is Tensor float64[2]`,
    );
  });
});

/** What a map of basins does: one program walks every start. */
test.each(Object.keys(optimizers))('%s walks many starts at once under vmap as it walks each', (name) => {
  const optimizer = make(name);
  const objective = (p: Tree<Tensor>) =>
    flattenTree(p)[0]
      .sub(1)
      .square()
      .mul(ndarray([1, 3]))
      .sum();
  const starts = [
    [2, -1],
    [0.3, 4],
    [-1, -1],
  ];
  const threeSteps = (x: Tensor) => {
    let [parameters, state]: Tree<Tensor>[] = [x, optimizer.init(x)];
    for (let step = 1; step <= 3; step++) {
      const scalars = [optimizer.learningRate(0), step].map((value) => x.builder.constant(ndarray(value)));
      const context = { lr: scalars[0], step: scalars[1] };
      ({ parameters, state } = takeStep(optimizer, valueAndGrad(objective), state, parameters, context));
    }
    return flattenTree(parameters)[0];
  };
  const ends = compile((x: Tensor) => vmap(threeSteps)(x), [float64(3, 2)]).run(starts);
  const each = starts.flatMap((start) => walk(optimizer, objective, ndarray(start), { steps: 3 }).points[3]);
  // The same operations on each element; norms may be summed in another order.
  each.forEach((value, index) => expect(Math.abs(ends.data[index] - value)).toBeLessThanOrEqual(1e-15 * 4));
});

test('the state is a tree under readable names', () => {
  const { state } = walk(adam(), problems.regression.objective, problems.regression.start('float64'), {
    steps: 1,
  });
  expect(treePaths(state)).toEqual([
    'm.layers.0.weight',
    'm.layers.0.bias',
    'm.layers.1.scale',
    'v.layers.0.weight',
    'v.layers.0.bias',
    'v.layers.1.scale',
    'one1',
    'one2',
  ]);
});

test('adam with freeze divides by the mean square that it had then', () => {
  const [freeze, lr, beta1, beta2] = [3, 0.1, 0.9, 0.99];
  const half = (p: Tree<Tensor>) => flattenTree(p)[0].pow(2).div(2);
  const { points } = walk(adam({ lr, beta1, beta2, freeze }), half, ndarray(2), { steps: 8 });
  let [x, m, v] = [2, 0, 0];
  const expected = [x];
  for (let step = 1; step <= 8; step++) {
    m = beta1 * m + (1 - beta1) * x;
    if (step <= freeze) v = beta2 * v + (1 - beta2) * x * x;
    const scale = Math.sqrt(v / (1 - beta2 ** Math.min(step, freeze)));
    x -= (lr * (m / (1 - beta1 ** step))) / (scale + 1e-8);
    expected.push(x);
  }
  // Float64 rounding of a few dozen operations near 1.
  points.forEach(([value], step) => expect(value).toBeCloseTo(expected[step], 13));
});

test('a schedule is followed by the same program: on x with lr 1/(k+1) the walk is x − Σ 1/(k+1)', () => {
  const optimizer = sgd({ lr: (step) => 1 / (step + 1) });
  const { points } = walk(optimizer, (p) => flattenTree(p)[0], ndarray(0), { steps: 4 });
  expect(points.map(([x]) => x)).toEqual([0, -1, -1.5, -1.5 - 1 / 3, -1.5 - 1 / 3 - 0.25]);
  expect(optimizer.options.lr).toBe(1);
});

test('x² from 1 with lr 0.25 is exactly 1, 0.5, 0.25, …', () => {
  const square = (p: Tree<Tensor>) => flattenTree(p)[0].mul(flattenTree(p)[0]);
  const { points } = walk(parseOptimizer('sgd:lr=0.25'), square, ndarray(1), { steps: 10 });
  points.forEach(([x], step) => expect(x).toBe(0.5 ** step));
});
