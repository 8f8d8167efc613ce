import { expect, test } from 'vitest';
import {
  avgPool,
  batchNorm,
  conv,
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
import { joined, trainingStep, type Setting } from './against-float64.js';
import { describeNative, keepWorker, relativeError } from './support.js';

keepWorker();

/** As `trainingStep`. The same bits every time: nothing depends on what memory held before, or on which thread was first. */
async function results(setting: Setting, threads = 1) {
  const { native, again, exact } = await trainingStep(setting, { threads });
  native.forEach(({ data }, index) => expect(again[index].data).toEqual(data));
  return { native, exact };
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
    const whole = transformerModel(20, { size: 32, heads: 2, blocks: 2 });
    // A row for each character, as the loss takes them.
    const model: Layer = {
      ...whole,
      apply: (...args) => {
        const { output, state } = whole.apply(...args);
        return { output: output.reshape([96, 20]), state };
      },
    };
    const generator = new Generator(4);
    const x = integers(generator.fork('x'), [4, 24], 0, 20);
    const labels = integers(generator.fork('y'), [96], 0, 20);
    const { native, exact } = await results({ model, x, labels });
    native.forEach((array, index) => expect(relativeError(array, exact[index])).toBeLessThan(1e-5));
  });
});
