import { describe, expect, test } from 'vitest';
import { readGolden } from '../../test/support/golden.js';
import { compile } from '../compile/index.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { sizeOf } from '../graph/shape.js';
import { Generator } from '../random/index.js';
import { grad } from '../transform/index.js';
import {
  avgPool,
  batchNorm,
  binaryCrossEntropy,
  conv,
  costs,
  crossEntropy,
  dense,
  dropout,
  embedding,
  flatten,
  focal,
  gelu,
  globalAvgPool,
  glorotNormal,
  glorotUniform,
  groupNorm,
  heNormal,
  heUniform,
  huber,
  layerNorm,
  learnedPositions,
  mae,
  maxPool,
  models,
  mse,
  multiHeadAttention,
  normalWeights,
  orthogonal,
  RandomKey,
  relu,
  residual,
  sequential,
  sigmoid,
  silu,
  softplus,
  summary,
  tanh,
  truncatedNormalWeights,
  type Layer,
} from './index.js';

type Values = { shape: number[]; data: number[] };

interface Case {
  op: string;
  attributes: {
    kernel?: number;
    training?: boolean;
    reduction?: string;
    countPadding?: boolean;
    strides?: number;
    padding?: number;
    groups?: number;
    momentum?: number;
    epsilon?: number;
    labelSmoothing?: number;
    targets?: string;
    approximate?: string;
    logits?: boolean;
    delta?: number;
  };
  inputs: Record<string, Values>;
  output: Values;
  cotangent: Values;
  gradients: Record<string, Values>;
  before?: { runningMean: Values; runningVariance: Values };
  after?: { runningMean: Values; runningVariance: Values };
}

const { cases } = readGolden<{ cases: Case[] }>('losses-layers.json');

/** Float64 keeps 16 digits; PyTorch adds in another order. */
const digits = 12;

function array({ shape, data }: Values): NDArray {
  return ndarray(Float64Array.from(data), shape);
}

function transposed({ shape: [rows, columns], data }: Values): Values {
  const moved = data.map((_, index) => data[(index % rows) * columns + Math.floor(index / rows)]);
  return { shape: [columns, rows], data: moved };
}

function expectClose({ data }: NDArray, expected: Values): void {
  expect(data.length).toBe(expected.data.length);
  expected.data.forEach((value, index) => expect(data[index]).toBeCloseTo(value, digits));
}

/** Output, new state and gradients of sum(cotangent · output) by the parameters and the input, in float64. */
function applied(
  layer: Layer,
  parameters: Tree<NDArray>,
  state: Tree<NDArray>,
  x: NDArray,
  cotangent: NDArray,
  training = true,
) {
  const forward = (leaves: readonly Tensor[], own: readonly Tensor[], input: Tensor) =>
    layer.apply(unflattenTree(parameters, leaves), unflattenTree(state, own), input, { training });
  const weights = flattenTree(parameters);
  const states = flattenTree(state);
  const program = compile<[Tensor[], Tensor[], Tensor], readonly (readonly Tensor[])[]>(
    (leaves, own, input) => {
      const result = forward(leaves, own, input);
      const along = grad<[readonly Tensor[]]>(([moved, ...rest]) =>
        forward(rest, own, moved).output.mul(cotangent).sum(),
      );
      const [dx, ...gradients] = along([input, ...leaves]);
      return [[result.output], flattenTree(result.state), [dx], gradients];
    },
    [weights, states, x],
  );
  const [[output], after, [dx], gradients] = program.run(weights, states, x);
  return { output, after, dx, gradients };
}

function casesOf(...ops: string[]): { name: string; golden: Case }[] {
  return cases
    .filter(({ op }) => ops.includes(op))
    .map((golden) => ({ name: `${golden.op} ${JSON.stringify(golden.attributes)}`, golden }));
}

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

const losses = casesOf('crossEntropy', 'mse', 'l1', 'huber', 'binaryCrossEntropy').filter(
  ({ golden: { attributes } }) =>
    (attributes.reduction ?? 'mean') === 'mean' && attributes.targets !== 'probabilities',
);
test.each(losses)('$name equals that of PyTorch', ({ golden }) => {
  const { op, attributes, inputs, gradients, output } = golden;
  const [first, second] = Object.values(inputs);
  const functions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
    crossEntropy: (x, y) => crossEntropy(x, y, attributes),
    mse,
    l1: mae,
    huber: (x, y) => huber(x, y, attributes),
    binaryCrossEntropy,
  };
  const loss = functions[op];
  const truth = op === 'crossEntropy' ? ndarray(Int32Array.from(second.data)) : array(second);
  const program = compile(
    (x: Tensor, y: Tensor) => [loss(x, y), grad((moved: Tensor) => loss(moved, y))(x)],
    [array(first), truth],
  );
  const [value, gradient] = program.run(array(first), truth);
  expectClose(value, output);
  expectClose(gradient, Object.values(gradients)[0]);
});

describe('focal', () => {
  const logits = ndarray([
    [0.5, -1, 2],
    [3, 0.1, -0.4],
  ]);
  const labels = ndarray(Int32Array.of(2, 1));
  const valueOf = (gamma: number) =>
    compile((x: Tensor, y: Tensor) => focal(x, y, { gamma }), [logits, labels]).run(logits, labels).data[0];

  test.each([0, 1, 2, 3.5])('with gamma %d is its formula', (gamma) => {
    const rows = [
      [0.5, -1, 2],
      [3, 0.1, -0.4],
    ];
    const terms = rows.map((row, n) => {
      const p = Math.exp(row[labels.data[n]]) / row.reduce((sum, x) => sum + Math.exp(x), 0);
      return -((1 - p) ** gamma) * Math.log(p);
    });
    expect(valueOf(gamma)).toBeCloseTo((terms[0] + terms[1]) / 2, digits);
  });

  test('of an example that is told beyond doubt is 0, and so is its derivative', () => {
    const sure = ndarray([[800, 0]]);
    const truth = ndarray(Int32Array.of(0));
    const program = compile(
      (x: Tensor, y: Tensor) => [focal(x, y), grad((moved: Tensor) => focal(moved, y))(x)],
      [sure, truth],
    );
    const [value, gradient] = program.run(sure, truth);
    expect(Math.abs(value.data[0])).toBe(0);
    expect(Array.from(gradient.data, Math.abs)).toEqual([0, 0]);
  });
});

test('cross-entropy of sequences is that of their places one by one', () => {
  const logits = ndarray([
    [
      [1, 2, 0],
      [0, -1, 1],
    ],
    [
      [3, 0, 1],
      [0.5, 0.2, 0],
    ],
  ]);
  const labels = ndarray(Int32Array.of(0, 2, 1, 1), [2, 2]);
  const flat = { ...logits, shape: [4, 3] };
  const flatLabels = { ...labels, shape: [4] };
  const value = compile((x: Tensor, y: Tensor) => crossEntropy(x, y), [logits, labels]).run(logits, labels);
  expect(value).toEqual(
    compile((x: Tensor, y: Tensor) => crossEntropy(x, y), [flat, flatLabels]).run(flat, flatLabels),
  );
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
  const { dropout: golden } = readGolden<{ dropout: { rate: number; valuesOfOnes: number[] } }>(
    'losses-layers.json',
  );
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

describe('initial values', () => {
  test.each([
    ['dense', dense(300), [400], 1 / Math.sqrt(400)],
    ['conv', conv(64, 3), [32, 8, 8], 1 / Math.sqrt(32 * 9)],
  ] as const)('%s: uniform in ±1/√fanIn', (_, layer, input, bound) => {
    const { parameters } = layer.init(new Generator(1), input);
    const [{ data, dtype }] = flattenTree(parameters);
    expect(dtype).toBe('float32');
    const values = Array.from(data);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    // The mean of squares of a uniform variable is bound²/3; five standard deviations of its estimate, √(4/45 / n) · bound².
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(square / bound ** 2 - 1 / 3)).toBeLessThan(5 * Math.sqrt(4 / 45 / values.length));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean / bound)).toBeLessThan(5 * Math.sqrt(1 / 3 / values.length));
  });

  // Five standard deviations of the estimated variance: √(2/n) of a normal one, less of a uniform one.
  test.each([
    ['heNormal', heNormal(), 2 / 300],
    ['heNormal out', heNormal({ fan: 'out' }), 2 / 200],
    ['heUniform', heUniform(), 2 / 300],
    ['glorotNormal', glorotNormal(), 2 / 500],
    ['glorotUniform', glorotUniform(), 2 / 500],
    ['normalWeights', normalWeights({ std: 0.1 }), 0.01],
    ['truncatedNormalWeights', truncatedNormalWeights({ std: 0.1 }), 0.01 * 0.8796 ** 2],
  ] as const)('%s has its variance', (_, initializer, expected) => {
    const [{ data }] = flattenTree(dense(200, { initializer }).init(new Generator(3), [300]).parameters);
    const values = Array.from(data);
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(square / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / values.length));
  });

  test.each([
    [5, 8],
    [8, 5],
    [6, 6],
  ])('orthogonal makes the fewer of %d rows and %d columns orthonormal times its gain', (rows, columns) => {
    const initializer = orthogonal({ gain: 2 });
    const [{ data }] = flattenTree(dense(columns, { initializer }).init(new Generator(3), [rows]).parameters);
    const count = Math.min(rows, columns);
    const entry = (vector: number, k: number) =>
      rows <= columns ? data[vector * columns + k] : data[k * columns + vector];
    for (let i = 0; i < count; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) product += entry(i, k) * entry(j, k);
        // The entries are rounded to float32.
        expect(product).toBeCloseTo(i === j ? 4 : 0, 5);
      }
    }
  });

  test('a layer without a bias has the weights alone', () => {
    expect(flattenTree(dense(3, { bias: false }).init(new Generator(0), [2]).parameters)).toHaveLength(1);
    expect(flattenTree(conv(3, 1, { bias: false }).init(new Generator(0), [2, 4]).parameters)).toHaveLength(
      1,
    );
  });

  test('differ from layer to layer and are the same for a seed', () => {
    const model = sequential(dense(5), dense(5));
    const init = (seed: number) => flattenTree(model.init(new Generator(seed), [5]).parameters);
    const [first, , second] = init(0);
    expect(first.data).not.toEqual(second.data);
    expect(init(0)).toEqual(init(0));
    expect(init(1)[0].data).not.toEqual(first.data);
  });
});

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
  ])('%s has the costs that its shapes give', (name, parameters, forwardFlops) => {
    const { build, usual } = models[name];
    expect(costs(build(usual.input, usual.classes), usual.input)).toEqual({ parameters, forwardFlops });
  });

  test('lenet keeps its shape on 28×28 and is padded on 8×8', () => {
    const outputs = (extent: number) =>
      summary(models.lenet.build([1, extent, extent], 10), [1, extent, extent]).map(({ output }) => output);
    expect(outputs(28)).toContainEqual([16, 5, 5]);
    expect(outputs(8)).toContainEqual([16, 2, 2]);
  });

  test('the summary names layers, shapes and parameters', () => {
    expect(summary(models.lenet.build([1, 28, 28], 10), [1, 28, 28]).slice(0, 4)).toEqual([
      { layer: 'conv 6 of 5×5', output: [6, 28, 28], parameters: 156 },
      { layer: 'max pool 2×2', output: [6, 14, 14], parameters: 0 },
      { layer: 'relu', output: [6, 14, 14], parameters: 0 },
      { layer: 'conv 16 of 5×5', output: [16, 10, 10], parameters: 2416 },
    ]);
  });
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
