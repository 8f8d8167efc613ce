import { expect, test } from 'vitest';
import { ndarray, zeros, type NDArray, type Tensor } from '../../src/graph/index.js';
import { flattenTree, unflattenTree } from '../../src/graph/tree.js';
import { residualNetwork } from '../../src/nn/index.js';
import { trace } from '../../src/ops/index.js';
import { Generator, normal, uniform } from '../../src/random/index.js';
import { compileForward } from '../../src/train/forward-program.js';
import { describeNative, relativeError } from './support.js';

// A network as it is evaluated: batch norm by running statistics, which the native engine takes into the convolutions' weights.

const model = residualNetwork([3, 12, 12], 10, { blocks: [1, 1], bottleneck: true, width: 16 });
const initial = model.init(new Generator(1), [3, 12, 12]);
const leaves = [...flattenTree<NDArray>(initial.parameters), ...flattenTree<NDArray>(initial.state)];

/** Weights and statistics as none would be by chance: all norms do something. */
function drawn(seed: number): NDArray[] {
  const generator = new Generator(seed);
  return leaves.map(({ shape }, index) =>
    shape.length > 1
      ? normal(generator.fork(index), shape, { std: 0.2 })
      : uniform(generator.fork(index), shape, { low: 0.5, high: 1.5 }),
  );
}

const wide = ({ data, shape }: NDArray) => ndarray(Float64Array.from(data), shape);

function graphOf(weights: readonly NDArray[], x: NDArray) {
  const parts = flattenTree<NDArray>(initial.parameters).length;
  return trace<[readonly Tensor[], Tensor], readonly Tensor[]>(
    (all, images) => {
      const parameters = unflattenTree<NDArray, Tensor>(initial.parameters, all.slice(0, parts));
      const state = unflattenTree<NDArray, Tensor>(initial.state, all.slice(parts));
      return [model.apply(parameters, state, images, { training: false }).output];
    },
    [[...weights], x],
  );
}

describeNative('a network as it is evaluated', () => {
  test('gives what float64 gives, for the weights that it took last', async () => {
    const [first, second] = [drawn(2), drawn(3)];
    const x = normal(new Generator(4), [2, 3, 12, 12]);
    const exact = await compileForward(graphOf(first.map(wide), wide(x)), leaves.length, {});
    const native = await compileForward(graphOf(first, x), leaves.length, {
      target: 'native',
      deterministic: true,
    });
    for (const weights of [first, second, first]) {
      exact.take(weights.map(wide));
      native.take(weights);
      const [expected, actual] = [zeros([2, 10], 'float64'), zeros([2, 10])];
      await exact.run([wide(x)], [expected]);
      // The weights stay: nothing is lost by running twice.
      for (let run = 0; run < 2; run++) await native.run([x], [actual]);
      // Ten convolutions deep, each rounded to 6e-8.
      expect(relativeError(actual, expected)).toBeLessThan(1e-5);
    }
    exact.close();
    native.close();
  });
});
