import { expect, test } from 'vitest';
import { allocateOutputs, compileGraph } from '../../src/compile/index.js';
import { compileForLibrary } from '../../src/compile/native/compile.js';
import { ndarray, zeros, type NDArray, type Tensor } from '../../src/graph/index.js';
import { flattenTree, unflattenTree } from '../../src/graph/tree.js';
import {
  batchNorm,
  conv,
  crossEntropy,
  dense,
  flatten,
  relu,
  sequential,
  type Layer,
} from '../../src/nn/index.js';
import { float32, int32, trace } from '../../src/ops/index.js';
import { Generator, integers, normal } from '../../src/random/index.js';
import { valueAndGrad } from '../../src/transform/index.js';
import { describeNative, keepWorker, relativeError } from './support.js';

keepWorker();

type Leaves = readonly Tensor[];

/** A step of SGD with momentum on flat parameters: (weights, momenta, images, labels) → (weights, momenta, loss). */
function setting() {
  const model: Layer = sequential(
    conv(20, 3, { padding: 1 }),
    relu(),
    conv(32, 3, { padding: 1, bias: false }),
    batchNorm(),
    relu(),
    flatten(),
    dense(40),
    relu(),
    dense(10),
  );
  const initial = model.init(new Generator(1), [3, 8, 8]);
  const shapes = flattenTree<NDArray>(initial.parameters);
  const held = shapes.map(({ data }) => ndarray(data));
  const step = (weights: Leaves, momenta: Leaves, images: Tensor, labels: Tensor): Leaves => {
    const loss = (tree: Leaves) => {
      const shaped = tree.map((leaf, index) => leaf.reshape(shapes[index].shape));
      const parameters = unflattenTree<NDArray, Tensor>(initial.parameters, shaped);
      const state = unflattenTree<NDArray, Tensor>(
        initial.state,
        flattenTree<NDArray>(initial.state).map((array) => images.builder.constant(array)),
      );
      const { output } = model.apply(parameters, state, images, { training: true });
      return crossEntropy(output, labels);
    };
    const { value, gradient } = valueAndGrad<[Leaves]>(loss)(weights);
    const moved = momenta.map((momentum, index) => momentum.mul(0.9).add(gradient[index]));
    return [...weights.map((weight, index) => weight.sub(moved[index].mul(0.05))), ...moved, value];
  };
  const graph = trace<[Leaves, Leaves, Tensor, Tensor], Leaves>(step, [
    [...held],
    [...held],
    float32(8, 3, 8, 8),
    int32(8),
  ]);
  const x = normal(new Generator(2), [8, 3, 8, 8]);
  const labels = integers(new Generator(3), [8], 0, 10);
  const start = [...held, ...held.map(({ shape }) => zeros(shape))];
  return { graph, start, x, labels };
}

describeNative('state that a program keeps', () => {
  test('moves as if it were given and taken at every step', async () => {
    const { graph, start, x, labels } = setting();
    const pairs = start.map((_, place) => [place, place] as const);
    const plain = await compileGraph(graph, { target: 'native', deterministic: true });
    const keeping = await compileForLibrary(graph, { deterministic: true, state: pairs });
    if (keeping === undefined) throw new Error('no primitive in a network');
    let current = start;
    keeping.state.write(start);
    const loss = zeros([]);
    for (let step = 0; step < 4; step++) {
      const outputs = allocateOutputs(graph);
      await plain.run([...current, x, labels], outputs);
      current = outputs.slice(0, -1);
      await keeping.run([x, labels], [loss]);
      expect(loss.data[0]).toBeCloseTo(outputs[outputs.length - 1].data[0], 5);
    }
    const read = start.map(({ shape }) => zeros(shape));
    keeping.state.read(read);
    // The same products in another order of memory: as far apart as two orders of a sum.
    read.forEach((array, index) => expect(relativeError(array, current[index])).toBeLessThan(1e-5));
    // Reading changes nothing, and what is written is what is read.
    const again = start.map(({ shape }) => zeros(shape));
    keeping.state.read(again);
    again.forEach(({ data }, index) => expect(data).toEqual(read[index].data));
    keeping.state.write(start);
    keeping.state.read(again);
    again.forEach(({ data }, index) => expect(data).toEqual(start[index].data));
    // The weights of the second convolution stay in its layout; the first one's are too few for that.
    const reorders = (steps: typeof keeping.steps) =>
      steps.filter(
        (step) => step.kind === 'primitive' && step.name === 'reorder' && step.what === '[32,20,3,3]',
      );
    expect(reorders((plain as typeof keeping).steps).length).toBeGreaterThan(3);
    expect(reorders(keeping.steps)).toHaveLength(1);
    plain.close();
    keeping.close();
  });

  test('may change places, stay, and be read beside', async () => {
    const type = float32(64, 64);
    const graph = trace(
      (a: Tensor, b: Tensor, c: Tensor) => [b, a, c, a.matmul(c), a.add(b)],
      [type, type, type],
    );
    const program = await compileForLibrary(graph, {
      state: [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    });
    if (program === undefined) throw new Error('no primitive in a product');
    const start = [1, 2, 3].map((seed) => normal(new Generator(seed), [64, 64]));
    program.state.write(start);
    const [product, sum] = [zeros([64, 64]), zeros([64, 64])];
    await program.run([], [product, sum]);
    const read = start.map(() => zeros([64, 64]));
    program.state.read(read);
    expect(read.map(({ data }) => data)).toEqual([start[1].data, start[0].data, start[2].data]);
    sum.data.forEach((value, i) => expect(value).toBe(Math.fround(start[0].data[i] + start[1].data[i])));
    program.close();
  });

  test('must be pairs of one type', async () => {
    const graph = trace((a: Tensor) => [a.sum(), a.mul(2)], [float32(64, 64)]);
    await expect(compileForLibrary(graph, { state: [[0, 0]] })).rejects.toThrow('another type');
    await expect(compileForLibrary(graph, { state: [[1, 0]] })).rejects.toThrow('does not name');
    await expect(
      compileForLibrary(graph, {
        state: [
          [0, 1],
          [0, 1],
        ],
      }),
    ).rejects.toThrow('once');
  });
});
