import { expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import { flattenTree, unflattenTree, type Tree } from '../../src/graph/tree.js';
import {
  avgPool,
  batchNorm,
  conv,
  crossEntropy,
  dense,
  flatten,
  gelu,
  globalAvgPool,
  layerNorm,
  maxPool,
  models,
  relu,
  residual,
  sequential,
  silu,
  softplus,
  tanh,
  transformerModel,
  type Layer,
} from '../../src/nn/index.js';
import { Generator, integers, normal } from '../../src/random/index.js';
import { valueAndGradWithAux } from '../../src/transform/index.js';
import { describeNative, relativeError } from './support.js';

type Leaves = readonly Tensor[];

/** A network, one of its inputs, and a batch of labels. */
interface Setting {
  readonly model: Layer;
  readonly x: NDArray;
  readonly labels: NDArray;
}

/** Loss, new state and gradients of a training step. */
function stepOf({ model, x }: Setting) {
  const initial = model.init(new Generator(1), x.shape.slice(1));
  const step = (parameters: Tree<Tensor>, state: Tree<Tensor>, images: Tensor, labels: Tensor): Leaves => {
    const objective = valueAndGradWithAux<[Tree<Tensor>], Leaves>((tree) => {
      const applied = model.apply(tree, state, images, { training: true });
      return { value: crossEntropy(applied.output, labels), aux: flattenTree(applied.state) };
    });
    const { value, aux, gradient } = objective(parameters);
    return [value, ...aux, ...flattenTree(gradient)];
  };
  return { initial, step };
}

const double = (array: NDArray): NDArray =>
  array.dtype === 'float32' ? ndarray(Float64Array.from(array.data), array.shape) : array;

/** The tree with float64 in place of float32. */
function widened(tree: Tree<NDArray>): Tree<NDArray> {
  return unflattenTree<NDArray, NDArray>(tree, flattenTree<NDArray>(tree).map(double));
}

/** The results on the native target in float32, and in float64 in JavaScript. */
async function results(setting: Setting, threads = 1): Promise<{ native: NDArray[]; exact: NDArray[] }> {
  const { initial, step } = stepOf(setting);
  const { parameters, state } = initial;
  const single = [parameters, state, setting.x, setting.labels] as const;
  const wide = [widened(parameters), widened(state), double(setting.x), setting.labels] as const;
  const program = await compile(step, [...single], { target: 'native', threads, deterministic: true });
  try {
    const native = await program.run(...single);
    const again = await program.run(...single);
    // The same bits every time: nothing depends on what memory held before, or on which thread was first.
    native.forEach(({ data }, index) => expect(again[index].data).toEqual(data));
    return { native, exact: compile(step, [...wide]).run(...wide) };
  } finally {
    program.close();
  }
}

/** All numbers of some arrays. */
function joined(arrays: readonly NDArray[]): NDArray {
  return ndarray(Float64Array.from(arrays.flatMap(({ data }) => [...data])));
}

function images(shape: readonly number[], classes: number) {
  const generator = new Generator(2);
  return {
    x: normal(generator.fork('x'), shape),
    labels: integers(generator.fork('labels'), [shape[0]], 0, classes),
  };
}

/** Networks without kinks, so that no tie hides or makes an error. */
const smooth: Readonly<Record<string, Setting>> = {
  'dense network': {
    model: sequential(dense(96), tanh(), dense(64), softplus(), dense(10)),
    ...images([32, 48], 10),
  },
  'convolutions with biases': {
    model: sequential(
      conv(32, 3, { padding: 1 }),
      tanh(),
      avgPool(2),
      conv(16, 3, { padding: 1 }),
      softplus(),
      flatten(),
      dense(10),
    ),
    ...images([8, 3, 12, 12], 10),
  },
  'residual network': {
    model: sequential(
      conv(32, 3, { padding: 1, bias: false }),
      batchNorm(),
      tanh(),
      residual(
        sequential(
          conv(32, 3, { padding: 1, bias: false }),
          batchNorm(),
          tanh(),
          conv(32, 3, { padding: 1, bias: false }),
          batchNorm(),
        ),
      ),
      softplus(),
      residual(
        sequential(conv(48, 3, { padding: 1, strides: 2, bias: false }), batchNorm(), tanh()),
        sequential(conv(48, 1, { strides: 2, bias: false }), batchNorm()),
      ),
      globalAvgPool(),
      dense(10),
    ),
    ...images([8, 3, 10, 10], 10),
  },
  'layer norm': {
    model: sequential(dense(64), layerNorm(), gelu(), dense(64), layerNorm(), silu(), dense(10)),
    ...images([48, 32], 10),
  },
};

/** With kinks: a value near one may fall on the other side, so a gradient may be off by more than rounding. */
const kinked: Readonly<Record<string, Setting>> = {
  'ReLU in every place': {
    model: sequential(
      conv(32, 3, { padding: 1 }),
      relu(),
      conv(32, 3, { padding: 1, bias: false }),
      batchNorm(),
      relu(),
      maxPool(3, { strides: 2, padding: 1 }),
      conv(16, 3),
      maxPool(2),
      relu(),
      flatten(),
      dense(64),
      relu(),
      dense(10),
    ),
    ...images([8, 3, 16, 16], 10),
  },
  lenet: { model: models.lenet.build([1, 28, 28], 10), ...images([16, 1, 28, 28], 10) },
};

describeNative('training steps against float64', () => {
  test.each(Object.entries(smooth))('%s', async (_, setting) => {
    for (const threads of [1, 2]) {
      const { native, exact } = await results(setting, threads);
      expect(relativeError(joined(native), joined(exact))).toBeLessThan(1e-5);
      // One by one as well: a sum whose terms cancel, as of a bias between two norms, keeps fewer digits than its terms.
      native.forEach((array, index) => expect(relativeError(array, exact[index])).toBeLessThan(3e-5));
    }
  });

  test.each(Object.entries(kinked))('%s', async (_, setting) => {
    const { native, exact } = await results(setting);
    native.forEach((array, index) => expect(relativeError(array, exact[index])).toBeLessThan(1e-4));
  });

  test('a transformer', async () => {
    const model = transformerModel(20, { size: 32, heads: 2, blocks: 2 });
    const generator = new Generator(4);
    const x = integers(generator.fork('x'), [4, 24], 0, 20);
    const labels = integers(generator.fork('y'), [4, 24], 0, 20);
    const initial = model.init(new Generator(1), [24]);
    const step = (parameters: Tree<Tensor>, text: Tensor, next: Tensor): Leaves => {
      const objective = valueAndGradWithAux<[Tree<Tensor>], Leaves>((tree) => {
        const { output } = model.apply(tree, initial.state as never, text, { training: true });
        return { value: crossEntropy(output.reshape([96, 20]), next.reshape([96])), aux: [output] };
      });
      const { value, gradient } = objective(parameters);
      return [value, ...flattenTree(gradient)];
    };
    const wide = widened(initial.parameters);
    const exact = compile(step, [wide, x, labels]).run(wide, x, labels);
    const program = await compile(step, [initial.parameters, x, labels], { target: 'native' });
    const native = await program.run(initial.parameters, x, labels);
    program.close();
    native.forEach((array, index) => expect(relativeError(array, exact[index])).toBeLessThan(1e-5));
  });
});
