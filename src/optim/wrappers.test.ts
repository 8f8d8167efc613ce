import { describe, expect, test } from 'vitest';
import { flattenTree, ndarray, type NDArray, type Tensor, type Tree } from '../graph/index.js';
import { Generator, normal } from '../random/index.js';
import { walk, type WalkOptions } from '../../test/support/walk.js';
import {
  adam,
  adamw,
  clipByGlobalNorm,
  clipByValue,
  ema,
  gradientNoise,
  lookahead,
  muon,
  oneCycle,
  dog,
  sam,
  schedulefreesgd,
  sgd,
  soap,
  sophia,
  swa,
  weightDecay,
  wrappers,
  type Optimizer,
} from './index.js';

/** Half the sum of squares of the first leaf plus that of the second twice. */
const bowl = (p: Tree<Tensor>) =>
  flattenTree(p)
    .map((leaf, index) =>
      leaf
        .mul(leaf)
        .sum()
        .mul((index + 1) / 2),
    )
    .reduce((sum, term) => sum.add(term));
const start = { a: ndarray([3, -1]), b: ndarray([[2, 0.5]]) };
const points = (optimizer: Optimizer, options: Partial<WalkOptions> = {}, objective = bowl) =>
  walk(optimizer, objective, start, { steps: 20, ...options }).points;
/** Sums in another order and the like: a few units in the last place of numbers near 1. */
const expectClose = (actual: readonly number[][], expected: readonly number[][]) =>
  actual.forEach((row, step) => row.forEach((value, i) => expect(value).toBeCloseTo(expected[step][i], 13)));

test('clip by norm makes the first step as long as lr times the norm, over all leaves together', () => {
  const [before, after] = points(clipByGlobalNorm(sgd({ lr: 1 }), { maxNorm: 0.5 }));
  const length = Math.hypot(...before.map((value, i) => value - after[i]));
  // The norm is divided by itself + 1e-6, as in PyTorch.
  expect(length).toBeCloseTo(0.5, 6);
  expect(points(clipByGlobalNorm(sgd({ lr: 0.1 }), { maxNorm: 1e6 }))).toEqual(points(sgd({ lr: 0.1 })));
});

test('clip by value holds each element', () => {
  const [before, after] = points(clipByValue(sgd({ lr: 1 }), { maxValue: 1.5 }));
  expect(before.map((value, i) => value - after[i])).toEqual([1.5, -1, 1.5, 1]);
});

test.each([
  ['clipnorm', clipByGlobalNorm(sgd())],
  ['clipvalue', clipByValue(sgd())],
])('%s lets a NaN through', (_name, optimizer) => {
  const after = points(optimizer, { steps: 1 }, (p) => bowl(p).mul(NaN))[1];
  for (const value of after) expect(value).toBeNaN();
});

test('weight decay around adam is adamw, around sgd as a penalty it is sgd’s own', () => {
  expectClose(
    points(weightDecay(adam({ lr: 0.1 }), { rate: 0.3 })),
    points(adamw({ lr: 0.1, weightDecay: 0.3 })),
  );
  const penalised = weightDecay(sgd({ lr: 0.1 }), { rate: 0.3, decoupled: false });
  expect(points(penalised)).toEqual(points(sgd({ lr: 0.1, weightDecay: 0.3 })));
});

test('gradient noise adds √(eta/t^gamma) times the numbers given, the same for the same seed', () => {
  const optimizer = gradientNoise(sgd({ lr: 1 }), { eta: 0.25, gamma: 2 });
  expect(optimizer.needs).toMatchObject({ noise: true });
  const flat = (p: Tree<Tensor>) => flattenTree(p)[0].sum().mul(0);
  const noise = () => [ndarray([1, -2]), ndarray([[0, 4]])];
  const path = points(optimizer, { noise, steps: 2 }, flat);
  expect(path[1]).toEqual([3 - 0.5, -1 + 1, 2, 0.5 - 2]);
  expect(path[2]).toEqual([3 - 0.75, -1 + 1.5, 2, 0.5 - 3]);
  const seeded = () => {
    const generator = new Generator(7);
    const noise = (step: number): NDArray[] => {
      const numbers = normal(generator.fork(step), [4], { dtype: 'float64' }).data;
      return [ndarray(numbers.slice(0, 2)), ndarray(numbers.slice(2), [1, 2])];
    };
    return points(gradientNoise(adam({ lr: 0.1 })), { noise });
  };
  expect(seeded()).toEqual(seeded());
  expect(seeded()).not.toEqual(points(adam({ lr: 0.1 })));
});

test('lookahead around lookahead keeps both rhythms', () => {
  const inner = lookahead(sgd({ lr: 0.1 }), { syncPeriod: 2, slowStep: 0.5 });
  // With all of the way to the fast weights a synchronisation changes nothing.
  expectClose(points(lookahead(inner, { syncPeriod: 4, slowStep: 1 })), points(inner));
  const { evaluated } = walk(inner, bowl, start, { steps: 4 });
  const path = points(inner);
  expect(evaluated[1]).toEqual(path[0]);
  expect(evaluated[2]).toEqual(path[2]);
  expect(evaluated[3]).toEqual(path[2]);
});

test('sam around anything inside or outside takes the gradient where it is steepest', () => {
  // On Σ cᵢxᵢ²/2 the gradient at x + rho·g/‖g‖ is c·x·(1 + rho·c/‖cx‖).
  const expected = [[3, -1, 2, 0.5]];
  const curvatures = [1, 1, 2, 2];
  for (let step = 0; step < 5; step++) {
    const x = expected[step];
    const norm = Math.hypot(...x.map((value, i) => curvatures[i] * value)) + 1e-12;
    expected.push(
      x.map((value, i) => value - 0.1 * curvatures[i] * (value + (0.3 * curvatures[i] * value) / norm)),
    );
  }
  expectClose(points(sam(sgd({ lr: 0.1 }), { rho: 0.3 }), { steps: 5 }), expected);
  expectClose(points(ema(sam(sgd({ lr: 0.1 }), { rho: 0.3 })), { steps: 5 }), expected);
  expectClose(
    points(clipByValue(sam(sgd({ lr: 0.1 }), { rho: 0.3 }), { maxValue: 9 }), { steps: 5 }),
    expected,
  );
});

describe('averages', () => {
  test('leave the walk alone and are what is evaluated', () => {
    const plain = points(sgd({ lr: 0.1 }));
    const averaged = walk(swa(sgd({ lr: 0.1 }), { start: 3, every: 2 }), bowl, start, { steps: 9 });
    expect(averaged.points).toEqual(plain.slice(0, 10));
    expect(averaged.evaluated[2]).toEqual(plain[0]);
    expect(averaged.evaluated[4]).toEqual(plain[3]);
    expectClose(
      [averaged.evaluated[8]],
      [plain[0].map((_, i) => (plain[3][i] + plain[5][i] + plain[7][i]) / 3)],
    );
  });

  test('of a schedule-free method are of what it wants evaluated', () => {
    const free = walk(schedulefreesgd({ lr: 0.1 }), bowl, start, { steps: 2 });
    const averaged = walk(ema(schedulefreesgd({ lr: 0.1 }), { decay: 0.5 }), bowl, start, { steps: 2 });
    expectClose([averaged.evaluated[2]], [free.evaluated[1].map((x, i) => (x + free.evaluated[2][i]) / 2)]);
  });
});

test('wrappers pass on the host step of soap and the shapes that muon needs', () => {
  const wrapped = walk(
    ema(clipByGlobalNorm(soap({ lr: 0.1, frequency: 3 }), { maxNorm: 1e9 })),
    bowl,
    start,
    { steps: 20 },
  );
  expect(wrapped.points).toEqual(points(soap({ lr: 0.1, frequency: 3 })));
  expect(ema(muon()).needs?.shapes).toBe(true);
  expect(clipByValue(muon()).needs?.shapes).toBe(true);
});

test('a cycled momentum takes the place of the option; who has none says so', () => {
  const cycling = oneCycle({ lr: 0.1, steps: 20, cycleMomentum: true });
  const optimizer = sgd({ lr: cycling, momentum: 0.5 });
  const path = points(optimizer, { momentum: cycling.momentum });
  let [x, buffer] = [3, 0];
  for (let step = 0; step < 20; step++) {
    buffer = (cycling.momentum?.(step) ?? NaN) * buffer + x;
    x -= cycling(step) * buffer;
    expect(path[step + 1][0]).toBeCloseTo(x, 12);
  }
  for (const without of [sgd({ lr: 0.1 }), dog()]) {
    expect(() => points(without, { momentum: () => 0.9 })).toThrow('the schedule cycles the momentum');
  }
});

test('what an optimiser needs and is not given is named', () => {
  expect(sophia().needs).toEqual({ noise: true, gradient: true });
  expect(sophia({ estimator: 'gaussNewton' }).needs).toEqual({ noise: false, gradient: false });
  const large = { a: ndarray(new Float64Array(1001)) };
  expect(() => walk(sophia({ estimator: 'exact' }), bowl, large, { steps: 1 })).toThrow(
    'sophia: estimator=exact is for up to 1000 parameters, not 1001',
  );
});

test('every wrapper can be put around every other', () => {
  const noise = () => [ndarray([1, -2]), ndarray([[0, 4]])];
  for (const outer of Object.values(wrappers)) {
    for (const inner of Object.values(wrappers)) {
      const optimizer = outer.create({})(inner.create({})(sgd({ lr: 0.01 })));
      expect(optimizer.name).toBe(`sgd+${inner.name}+${outer.name}`);
      expect(points(optimizer, { noise, steps: 3 }).flat().every(Number.isFinite)).toBe(true);
    }
  }
});
