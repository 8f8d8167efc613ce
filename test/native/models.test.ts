import { expect, test, vi } from 'vitest';
import { models, residualNetwork } from '../../src/nn/index.js';
import { Generator, integers, normal } from '../../src/random/index.js';
import { joined, trainingStep } from './against-float64.js';
import { describeNative, keepWorker, relativeError } from './support.js';

keepWorker();

// The models themselves, without kinks: softplus takes the place of ReLU, so that no tie hides or makes an error.
vi.mock(import('../../src/nn/activations.js'), async (original) => {
  const activations = await original();
  return { ...activations, relu: activations.softplus };
});

const settings = {
  mlp: [models.mlp.build([1, 28, 28], 10), [16, 1, 28, 28]],
  lenet: [models.lenet.build([1, 28, 28], 10), [8, 1, 28, 28]],
  cnn: [models.cnn.build([1, 28, 28], 10), [4, 1, 28, 28]],
  resnet18: [
    residualNetwork([3, 9, 9], 10, { blocks: [2, 2, 2, 2], bottleneck: false, width: 16 }),
    [4, 3, 9, 9],
  ],
  resnet50: [
    residualNetwork([3, 66, 66], 10, { blocks: [3, 4, 6, 3], bottleneck: true, width: 8 }),
    [4, 3, 66, 66],
  ],
} as const;

describeNative('a step against float64', () => {
  test.each(Object.entries(settings))('%s', async (_, [model, shape]) => {
    const generator = new Generator(2);
    const x = normal(generator.fork('x'), shape);
    const labels = integers(generator.fork('labels'), [shape[0]], 0, 10);
    const { native, exact } = await trainingStep({ model, x, labels });
    expect(relativeError(joined(native), joined(exact))).toBeLessThan(1e-5);
  });
});
