import { describe, expect, test } from 'vitest';
import { readGolden } from '../../test/support/golden.js';
import { applied, array, casesOf, expectClose, transposed, type Values } from '../../test/support/layers.js';
import { compile } from '../compile/index.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import {
  avgPool,
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  embedding,
  flatten,
  focal,
  gelu,
  globalAvgPool,
  groupNorm,
  huber,
  layerNorm,
  learnedPositions,
  maxPool,
  models,
  multiHeadAttention,
  RandomKey,
  relu,
  residual,
  sequential,
  sigmoid,
  silu,
  softplus,
  tanh,
  type Layer,
} from './index.js';

describe('layers equal those of PyTorch', () => {
  test.each(casesOf('dense', 'conv'))('$name', ({ golden }) => {
    const { inputs, gradients, output, cotangent } = golden;
    const isDense = golden.op === 'dense';
    const [outputs, , ...kernel] = inputs.weight.shape;
    const layer: Layer = isDense ? dense(outputs) : conv(outputs, kernel, golden.attributes);
    const ours = isDense ? transposed : (values: Values) => values;
    const parameters = { weight: array(ours(inputs.weight)), bias: array(inputs.bias) };
    const started = layer.init(new Generator(0), inputs.x.shape.slice(1));
    expect(started.output).toEqual(output.shape.slice(1));
    expect(flattenTree(started.parameters).map(({ shape }) => shape)).toEqual([
      parameters.weight.shape,
      parameters.bias.shape,
    ]);
    const result = applied(layer, parameters, [], array(inputs.x), array(cotangent));
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
    expectClose(result.gradients[0], ours(gradients.weight));
    expectClose(result.gradients[1], gradients.bias);
  });

  const pools = casesOf('maxPool', 'avgPool').filter(
    ({ golden }) => golden.attributes.countPadding !== false,
  );
  test.each(pools)('$name', ({ golden }) => {
    const { kernel = 1, countPadding: _, ...options } = golden.attributes;
    const layer = (golden.op === 'maxPool' ? maxPool : avgPool)(kernel, options);
    const { inputs, output, cotangent, gradients } = golden;
    expect(layer.init(new Generator(0), inputs.x.shape.slice(1)).output).toEqual(output.shape.slice(1));
    const result = applied(layer, [], [], array(inputs.x), array(cotangent));
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
  });

  test.each(casesOf('batchNorm'))('$name', ({ golden }) => {
    const { attributes, inputs, before, after, output, cotangent, gradients } = golden;
    if (before === undefined || after === undefined) throw new Error('the case has no statistics');
    const { training, ...options } = attributes;
    const parameters = { scale: array(inputs.scale), bias: array(inputs.bias) };
    const state = { mean: array(before.runningMean), variance: array(before.runningVariance) };
    const result = applied(
      batchNorm(options),
      parameters,
      state,
      array(inputs.x),
      array(cotangent),
      training,
    );
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
    expectClose(result.gradients[0], gradients.scale);
    expectClose(result.gradients[1], gradients.bias);
    expectClose(result.after[0], after.runningMean);
    expectClose(result.after[1], after.runningVariance);
  });

  test.each(casesOf('layerNorm', 'groupNorm'))('$name', ({ golden }) => {
    const { attributes, inputs, output, cotangent, gradients } = golden;
    const { groups = 1, ...options } = attributes;
    const layer: Layer = golden.op === 'layerNorm' ? layerNorm(options) : groupNorm(groups, options);
    const parameters = { scale: array(inputs.scale), bias: array(inputs.bias) };
    const started = layer.init(new Generator(0), inputs.x.shape.slice(1));
    expect(flattenTree(started.parameters).map(({ shape }) => shape)).toEqual([
      inputs.scale.shape,
      inputs.bias.shape,
    ]);
    const result = applied(layer, parameters, [], array(inputs.x), array(cotangent));
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
    expectClose(result.gradients[0], gradients.scale);
    expectClose(result.gradients[1], gradients.bias);
  });

  test.each(casesOf('globalAvgPool'))('$name', ({ golden }) => {
    const { inputs, output, cotangent, gradients } = golden;
    // PyTorch keeps the spatial axes with extent 1.
    const flat = ndarray(Float64Array.from(cotangent.data), cotangent.shape.slice(0, 2));
    const result = applied(globalAvgPool(), [], [], array(inputs.x), flat);
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
  });

  const activations: Record<string, () => Layer> = { gelu, relu, silu, tanh, sigmoid, softplus };
  const exact = casesOf(...Object.keys(activations)).filter(
    ({ golden }) => golden.attributes.approximate !== 'tanh',
  );
  test.each(exact)('$name', ({ golden }) => {
    const { inputs, output, cotangent, gradients } = golden;
    const result = applied(activations[golden.op](), [], [], array(inputs.x), array(cotangent));
    expectClose(result.output, output);
    expectClose(result.dx, gradients.x);
  });
});

test('attention that is not causal lets every place see all, written out for one head', () => {
  const layer = multiHeadAttention(1);
  const x = [
    [1, 0.5],
    [-0.3, 2],
    [0.7, -1],
  ];
  const project = [
    [0.2, -0.4, 0.9, 0.1, 0.5, -0.6],
    [0.3, 0.8, -0.2, 0.7, -0.1, 0.4],
  ];
  const identity = [
    [1, 0],
    [0, 1],
  ];
  const parameters = {
    project: { weight: ndarray(project), bias: ndarray([0, 0, 0, 0, 0, 0]) },
    output: { weight: ndarray(identity), bias: ndarray([0, 0]) },
  };
  const rows = x.map((row) => project[0].map((_, j) => row[0] * project[0][j] + row[1] * project[1][j]));
  const expected = rows.flatMap(([q0, q1]) => {
    const powers = rows.map(([, , k0, k1]) => Math.exp((q0 * k0 + q1 * k1) / Math.SQRT2));
    const total = powers.reduce((sum, p) => sum + p);
    return [4, 5].map((column) => rows.reduce((sum, row, n) => sum + (powers[n] / total) * row[column], 0));
  });
  const { output } = applied(layer, parameters, { project: [], output: [] }, ndarray([x]), ndarray([x]));
  expectClose(output, { shape: [1, 3, 2], data: expected });
});

describe('dropout', () => {
  const { dropout: golden } = readGolden('losses-layers.json') as {
    dropout: { rate: number; valuesOfOnes: number[] };
  };
  const count = 10_000;
  const ones: NDArray = { data: new Float32Array(count).fill(1), shape: [1, count], dtype: 'float32' };

  function masks(key: readonly [number, number], layer: Layer): NDArray {
    const program = compile(
      (x: Tensor, drawn: Tensor) =>
        layer.apply([], [[], []], x, { training: true, key: new RandomKey(drawn) }).output,
      [ones, { shape: [2], dtype: 'int32' }],
    );
    return program.run(ones, ndarray(Int32Array.from(key)));
  }

  test('keeps 1 − rate of the numbers, scaled as PyTorch scales them', () => {
    const { data } = masks([1, 2], dropout(golden.rate));
    expect([...new Set(data)].sort((a, b) => a - b)).toEqual(golden.valuesOfOnes.map(Math.fround));
    // Five standard deviations of the mean of a Bernoulli variable: once in two million keys it would be more.
    const share = data.filter((value) => value > 0).length / count;
    expect(Math.abs(share - 0.6)).toBeLessThan(5 * Math.sqrt((0.6 * 0.4) / count));
  });

  test('gives the same mask for a key, another for another, and two layers different ones', () => {
    const layer = dropout(0.5);
    expect(masks([1, 2], layer)).toEqual(masks([1, 2], layer));
    expect(masks([1, 2], layer)).not.toEqual(masks([1, 3], layer));
    // Where both layers used one mask, half of the numbers would stay rather than a quarter.
    const { data } = masks([1, 2], sequential(dropout(0.5), dropout(0.5)));
    expect(Math.abs(data.filter((value) => value > 0).length / count - 0.25)).toBeLessThan(0.03);
  });

  test('does nothing in evaluation', () => {
    const program = compile((x: Tensor) => dropout(0.5).apply([], [], x, { training: false }).output, [ones]);
    expect(program.run(ones)).toEqual(ones);
  });
});

test('flatten keeps the order of the elements', () => {
  const x = ndarray([
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  const program = compile((t: Tensor) => flatten().apply([], [], t, { training: false }).output, [x]);
  expect(program.run(x)).toEqual(ndarray([[1, 2, 3, 4]]));
});

test('residual adds what its body and its shortcut give', () => {
  const block = residual(dense(2), dense(2));
  const parameters = {
    body: {
      weight: ndarray([
        [1, 0],
        [0, 1],
      ]),
      bias: ndarray([10, 20]),
    },
    shortcut: {
      weight: ndarray([
        [2, 0],
        [0, 2],
      ]),
      bias: ndarray([0, 0]),
    },
  };
  const state = { body: [], shortcut: [] };
  const x = ndarray([[1, 2]]);
  const { output } = applied(block, parameters, state, x, ndarray([[1, 1]]));
  expect(output).toEqual(ndarray([[13, 26]]));
  const plain = residual(relu());
  expect(applied(plain, { body: [], shortcut: [] }, state, x, x).output).toEqual(ndarray([[2, 4]]));
  expect(() => residual(dense(3)).init(new Generator(0), [2])).toThrow(
    'residual: the body gives [3], the shortcut [2]; they must be equal',
  );
});

test.each([
  [() => dense(0), 'dense: outputs must be a positive integer, not 0'],
  [() => conv(1.5, 3), 'conv: outputs must be a positive integer, not 1.5'],
  [() => dropout(1), 'dropout: rate 1 must be from 0 to below 1'],
  [() => batchNorm({ momentum: 2 }), 'batchNorm: momentum 2 must lie between 0 and 1'],
  [() => conv(4, 3).init(new Generator(0), [10]), 'they need [channels, ...spatial]'],
  [() => conv(4, 5).init(new Generator(0), [1, 3, 3]), 'conv: a window of [5,5] does not fit into [3,3]'],
  [() => models.transformer.build([1, 8, 8], 10), 'transformer: examples of shape [1,8,8] are no sequences'],
  [() => groupNorm(3).init(new Generator(0), [4, 2]), 'channels divisible by the 3 groups'],
  [() => multiHeadAttention(3).init(new Generator(0), [5, 4]), 'size divisible by the 3 heads'],
  [() => learnedPositions().init(new Generator(0), [5]), 'learnedPositions: examples of shape [5] are no'],
  [
    () =>
      compile(
        (x: Tensor) => embedding(3, 2).apply({ weight: x }, [], x, { training: true }).output,
        [ndarray([[1, 2]])],
      ),
    'embedding: examples are float64[1,2]; they must be int32',
  ],
  [
    () => compile((x: Tensor) => crossEntropy(x, x, { labelSmoothing: 1 }), [ndarray([[1]])]),
    'crossEntropy: labelSmoothing 1 must be from 0 to below 1',
  ],
  [
    () => compile((x: Tensor) => huber(x, x, { delta: 0 }), [ndarray([1])]),
    'huber: delta 0 must be positive',
  ],
  [
    () => compile((x: Tensor) => focal(x, x, { gamma: 0.5 }), [ndarray([[1]])]),
    'focal: gamma 0.5 must be 0 or at least 1',
  ],
  [() => models.lenet.build([784], 10), 'lenet: examples of shape [784] are no images'],
  [() => models.cnn.build([1, 3, 8], 10), 'cnn: examples of shape [1,3,8] are no images'],
  [
    () => compile((x: Tensor) => dropout(0.5).apply([], [], x, { training: true }).output, [ndarray([[1]])]),
    'dropout: training needs the key option',
  ],
])('what cannot be is named: %#', (make, message) => {
  expect(make).toThrow(message);
});
