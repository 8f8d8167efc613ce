import { expect, test } from 'vitest';
import { ndarray } from '../../src/graph/index.js';
import { flattenTree } from '../../src/graph/tree.js';
import type { Dataset } from '../../src/data/index.js';
import { residualNetwork } from '../../src/nn/index.js';
import { Generator, integers, uniform } from '../../src/random/index.js';
import { train } from '../../src/train/index.js';
import { readGolden, symmetric } from '../support/golden.js';
import { joined, trainingStep } from './against-float64.js';
import { describeNative, relativeError } from './support.js';

// A resnet18 trained on the native engine goes down as PyTorch's does: scripts/golden/resnet18_training.py.

interface Golden {
  readonly window: number;
  /** Mean losses of so many steps each, for five seeds. */
  readonly curves: readonly (readonly number[])[];
  /** Of the gradients of a step, against float64. */
  readonly errors: {
    readonly width: number;
    readonly batch: number;
    readonly channelsLast: readonly number[];
  };
}

const [size, images, batchSize] = [8, 320, 16];

function dataset(): Dataset {
  const each = 3 * size * size;
  const labels = Int32Array.from({ length: images }, (_, index) => index % 10);
  const inputs = Float32Array.from(
    { length: images * each },
    (_, index) =>
      symmetric(labels[Math.floor(index / each)] * each + (index % each), 1, 1) + symmetric(index, 2, 1),
  );
  const split = (count: number) => ({
    size: count,
    inputs: ndarray(inputs.subarray(0, count * each), [count, 3, size, size]),
    labels: ndarray(labels.subarray(0, count)),
  });
  return {
    name: 'patterns',
    source: 'made here',
    inputShape: [3, size, size],
    task: { kind: 'classification', classes: Array.from({ length: 10 }, (_, index) => String(index)) },
    notes: [],
    train: split(images),
    test: split(batchSize),
  };
}

/** Student's t for four degrees of freedom: 999 of 1000 means of one more seed lie nearer than this. */
const t = 8.61 * Math.sqrt(1 + 1 / 5);

describeNative('200 steps of resnet18', () => {
  test("lie within the spread of five of PyTorch's seeds", async () => {
    const { window, curves } = readGolden('resnet18-training.json') as Golden;
    const losses: number[] = [];
    await train({
      model: 'resnet18',
      data: dataset(),
      steps: curves[0].length * window,
      batchSize,
      seed: 1,
      threads: 1,
      target: 'native',
      optimizer: 'sgd:lr=0.02,momentum=0.9',
      schedule: 'constant',
      onProgress: (progress) => progress.kind === 'step' && losses.push(progress.score.loss),
    });
    curves[0].forEach((_, place) => {
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
      const theirs = curves.map((curve) => curve[place]);
      const centre = mean(theirs);
      const spread = Math.sqrt(theirs.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 4);
      const ours = mean(losses.slice(place * window, (place + 1) * window));
      expect(
        Math.abs(ours - centre),
        `steps from ${place * window}: ${ours} of ${theirs.join()}`,
      ).toBeLessThan(t * spread);
    });
  });
});

describeNative('the gradients of resnet18, with ReLU', () => {
  test('are as near to float64 as those of PyTorch in channels_last', async () => {
    const { errors } = readGolden('resnet18-training.json') as Golden;
    const { width, batch, channelsLast } = errors;
    const model = residualNetwork([3, size, size], 10, { blocks: [2, 2, 2, 2], bottleneck: false, width });
    const gradients = flattenTree(model.init(new Generator(0), [3, size, size]).parameters).length;
    const found: number[] = [];
    for (const seed of [0, 1]) {
      const generator = new Generator(seed);
      const x = uniform(generator.fork('x'), [batch, 3, size, size], { low: -1, high: 1 });
      const labels = integers(generator.fork('labels'), [batch], 0, 10);
      const { native, exact } = await trainingStep({ model, x, labels, seed });
      // Loss and statistics come before them.
      const [ours, theirs] = [native, exact].map((arrays) => joined(arrays.slice(-gradients)));
      found.push(relativeError(ours, theirs));
    }
    expect(Math.max(...found)).toBeLessThanOrEqual(Math.max(...channelsLast));
  }, 200_000);
});
