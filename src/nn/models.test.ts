import { describe, expect, test } from 'vitest';
import { sizeOf } from '../graph/shape.js';
import { flattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import { costs, models, summary } from './index.js';

describe('models', () => {
  // PyTorch's counts for the same architectures, from the project's timing script of one step.
  test.each([
    ['mlp', [1, 28, 28], 535_818],
    ['lenet', [1, 28, 28], 61_706],
    ['cnn', [1, 28, 28], 421_642],
    ['resnet18', [3, 32, 32], 11_173_962],
  ] as const)('%s on %j has %d parameters', (name, input, expected) => {
    const model = models[name].build(input, 10);
    const rows = summary(model, input);
    expect(rows.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(expected);
    expect(rows.at(-1)?.output).toEqual([10]);
    const { parameters } = model.init(new Generator(0), input);
    expect(flattenTree(parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(expected);
  });

  // Multiply-adds by hand for lenet; torchvision's documentation has 4.09 billion for resnet50.
  test.each([
    ['lenet', 61_706, 2 * (784 * 6 * 25 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10)],
    ['resnet50', 25_557_032, 2 * 4_089_184_256],
    // A block has 12·256² + 13·256 parameters; each place meets the matrices once, and 128 others twice over in attention.
    [
      'transformer',
      4 * (12 * 256 ** 2 + 13 * 256) + (96 + 128) * 256 + 2 * 256 + 257 * 96,
      2 * 128 * (4 * (12 * 256 ** 2 + 2 * 128 * 256) + 256 * 96),
    ],
    // An embedding, the gates over 64 + 256 numbers with two biases, and the scores.
    ['gru', 96 * 64 + 768 * (64 + 256 + 2) + 257 * 96, 2 * 128 * (768 * (64 + 256) + 256 * 96)],
  ])('%s has the costs that its shapes give', (name, parameters, forwardFlops) => {
    const { input, classes } = models[name].usual;
    expect(costs(models[name].build(input, classes), input)).toEqual({ parameters, forwardFlops });
  });

  test('lenet keeps its shape on 28×28 and is padded on 8×8', () => {
    const outputs = (extent: number) =>
      summary(models.lenet.build([1, extent, extent], 10), [1, extent, extent]).map(({ output }) => output);
    expect(outputs(28)).toContainEqual([16, 5, 5]);
    expect(outputs(8)).toContainEqual([16, 2, 2]);
  });

  test('the summary names layers, shapes, parameters and operations', () => {
    const plain = { parameters: 0, forwardFlops: 0 };
    expect(summary(models.lenet.build([1, 28, 28], 10), [1, 28, 28]).slice(0, 4)).toEqual([
      {
        layer: 'conv 6 of 5×5',
        output: [6, 28, 28],
        parameters: 156,
        forwardFlops: 2 * 784 * 6 * 25,
      },
      { layer: 'max pool 2×2', output: [6, 14, 14], ...plain },
      { layer: 'relu', output: [6, 14, 14], ...plain },
      {
        layer: 'conv 16 of 5×5',
        output: [16, 10, 10],
        parameters: 2416,
        forwardFlops: 2 * 100 * 16 * 150,
      },
    ]);
  });

  test('rows add up to the costs of the whole, blocks and symbols included', () => {
    for (const name of ['resnet18', 'transformer', 'gru']) {
      const { input, classes } = models[name].usual;
      const model = models[name].build(input, classes);
      const rows = summary(model, input);
      const sum = (key: 'parameters' | 'forwardFlops') => rows.reduce((total, row) => total + row[key], 0);
      const total = { parameters: sum('parameters'), forwardFlops: sum('forwardFlops') };
      expect(total).toEqual(costs(model, input));
    }
  });
});
