import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import {
  arange,
  float32,
  float64,
  gather,
  int32,
  oneHot,
  scatterAdd,
  softmaxCrossEntropy,
  takeAlongAxis,
  trace,
} from '../../src/ops/index.js';
import { crossEntropy, embedding } from '../../src/nn/index.js';
import { grad, vmap } from '../../src/transform/index.js';

const ints = (values: number[], shape = [values.length]): NDArray => ndarray(Int32Array.from(values), shape);
const table = ndarray(
  Float32Array.from({ length: 6 }, (_, i) => i),
  [3, 2],
);

type Look = (x: Tensor, indices: Tensor) => Tensor;
const looks: [string, Look][] = [
  ['gather', (x, indices) => gather(x, indices)],
  ['gather, reshaped indices', (x, indices) => gather(x, indices.reshape([-1, 1]))],
  ['gather, computed indices', (x, indices) => gather(x, indices.add(0).mul(1).add(indices.sub(indices)))],
  ['scatterAdd', (x, indices) => scatterAdd(x, indices, gather(x, indices.mul(0)))],
  ['takeAlongAxis', (x, indices) => takeAlongAxis(x, indices.reshape([-1, 1]), 0)],
  ['gather, transposed indices', (x, indices) => gather(x, indices.reshape([1, -1]).transpose())],
  ['softmaxCrossEntropy', (x, labels) => softmaxCrossEntropy(x.matmul(x.transpose()), labels)],
  [
    'softmaxCrossEntropy, computed labels',
    (x, labels) => softmaxCrossEntropy(x.matmul(x.transpose()), labels.add(0).sub(labels.mul(0)).flip()),
  ],
  ['oneHot', (x, labels) => oneHot(labels, 3, x.dtype).matmul(x)],
  ['embedding', (x, tokens) => embedding(3, 2).apply({ weight: x }, [], tokens, { training: true }).output],
  [
    'takeAlongAxis, computed indices',
    (x, indices) => takeAlongAxis(x, indices.add(indices).sub(indices).reshape([-1, 1]), 0),
  ],
];

describe.each(looks)('%s', (_name, look) => {
  test.each([3, -1, 2 ** 31 - 1, -(2 ** 31)])(
    'index %i outside is refused on both targets',
    async (index) => {
      const indices = ints([0, index, 1]);
      const javascript = compile(look, [float32(3, 2), int32(3)]);
      expect(() => javascript.run(table, indices)).toThrow(/index|indices/);
      const onnx = await compile(look, [float32(3, 2), int32(3)], { target: 'onnx', threads: 1 });
      try {
        await expect(async () => onnx.run(table, indices)).rejects.toThrow(/index|indices/i);
        // The program still works afterwards, and agrees with the other.
        const good = ints([2, 0, 2]);
        const expected = javascript.run(table, good).data;
        // Exact where numbers are only moved; a loss is rounded otherwise, by a few units of 6e-8.
        (await onnx.run(table, good)).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
      } finally {
        onnx.close();
      }
    },
  );
});

test('inputs are checked on the host before a native program runs, derivatives and reshaped ones included', async () => {
  const loss = (x: Tensor, tokens: Tensor) =>
    gather(x, tokens.reshape([3]))
      .square()
      .sum();
  const program = await compile(grad(loss), [float32(3, 2), int32(1, 3)], { target: 'onnx', threads: 1 });
  try {
    await expect(async () => program.run(table, ints([0, 1, 3], [1, 3]))).rejects.toThrow(
      'gather: index 3 at place 2 is outside 0 to 2, the elements of the axis',
    );
    // 2x for each time that a row is looked up.
    const gradient = await program.run(table, ints([2, 0, 2], [1, 3]));
    expect(Array.from(gradient.data)).toEqual([0, 2, 0, 0, 16, 20]);
  } finally {
    program.close();
  }
});

test('the label of a loss is named before a native program runs', async () => {
  const loss = (scores: Tensor, labels: Tensor) => crossEntropy(scores, labels);
  const gradient = (scores: Tensor, labels: Tensor) => grad((own: Tensor) => loss(own, labels))(scores);
  const program = await compile(gradient, [float32(2, 1, 3), int32(2, 1)], { target: 'onnx', threads: 1 });
  const scores = ndarray(new Float32Array(6), [2, 1, 3]);
  try {
    await expect(async () => program.run(scores, ints([0, 3], [2, 1]))).rejects.toThrow(
      'crossEntropy: index 3 at place 1 is outside 0 to 2, the elements of the axis',
    );
    const { data } = await program.run(scores, ints([0, 2], [2, 1]));
    // (softmax − one hot) / 2.
    [-1 / 3, 1 / 6, 1 / 6, 1 / 6, 1 / 6, -1 / 3].forEach((value, i) => expect(data[i]).toBeCloseTo(value, 6));
  } finally {
    program.close();
  }
});

test('a constant index outside is refused while tracing, and says which and where', () => {
  expect(() => trace((x: Tensor) => gather(x, ints([0, 1, 5])), [float32(3, 2)])).toThrow(
    'gather: index 5 at place 2 is outside 0 to 2, the elements of the axis',
  );
  expect(() => trace((x: Tensor) => takeAlongAxis(x, ints([-1], [1, 1])), [float32(3, 2)])).toThrow(
    /takeAlongAxis: index -1 at place 0 is outside 0 to 1/,
  );
});

test('indices of another type and values of another shape are refused', () => {
  expect(() => trace((x: Tensor) => gather(x, x), [float32(3)])).toThrow(
    'gather: indices must be int32, got float32[3]',
  );
  expect(() => trace((x: Tensor) => scatterAdd(x, ints([0]), x), [float32(3, 2)])).toThrow(
    'scatterAdd: values [3,2] for indices [1] along axis 0 of [3,2] must be [1,2]',
  );
  expect(() => trace((x: Tensor) => takeAlongAxis(x, ints([0])), [float32(3, 2)])).toThrow(
    'takeAlongAxis: indices [1] must have as many axes as [3,2]',
  );
  expect(() => trace((x: Tensor) => gather(x, ints([0])), [float32(0, 2)])).toThrow(/outside/);
});

test('an embedding look-up gives the rows', () => {
  const look = compile((x: Tensor, tokens: Tensor) => gather(x, tokens), [float32(3, 2), int32(2, 2)]);
  const result = look.run(table, ints([2, 0, 1, 2], [2, 2]));
  expect(result.shape).toEqual([2, 2, 2]);
  expect(Array.from(result.data)).toEqual([4, 5, 0, 1, 2, 3, 4, 5]);
});

test('integers and empty tensors are gathered too', () => {
  const whole = compile((x: Tensor, i: Tensor) => gather(x, i, 1), [int32(2, 3), int32(2)]);
  expect(Array.from(whole.run(ints([1, 2, 3, 4, 5, 6], [2, 3]), ints([2, 0])).data)).toEqual([3, 1, 6, 4]);
  const none = compile((x: Tensor, i: Tensor) => gather(x, i), [float64(0, 3), int32(0)]);
  expect(none.run(ndarray(new Float64Array(0), [0, 3]), ints([])).shape).toEqual([0, 3]);
});

describe('vmap over indices given from outside equals a loop', () => {
  const x = ndarray(
    Float64Array.from({ length: 24 }, (_, i) => i * i),
    [2, 4, 3],
  );
  const i = ints([3, 0, 1, 1, 2, 3], [2, 3]);
  const example = (array: NDArray, k: number) => {
    const size = array.data.length / array.shape[0];
    return ndarray(array.data.slice(k * size, (k + 1) * size), array.shape.slice(1), array.dtype);
  };

  test.each<[string, readonly [boolean, boolean], [NDArray, NDArray]]>([
    ['both', [true, true], [x, i]],
    ['the tensor alone', [true, false], [x, example(i, 0)]],
    ['the indices alone', [false, true], [example(x, 1), i]],
  ])('%s', (_name, batched, args) => {
    const f = (a: Tensor, b: Tensor) =>
      gather(a, b, 0).add(scatterAdd(gather(a, arange(3)), b.remainder(3), gather(a, b)));
    const mapped = compile(vmap(f, { batched }), args).run(args[0], args[1]);
    const given = (k: number): [NDArray, NDArray] => [
      batched[0] ? example(args[0], k) : args[0],
      batched[1] ? example(args[1], k) : args[1],
    ];
    const alone = compile(f, given(0));
    const loop = [0, 1].flatMap((k) => Array.from(alone.run(...given(k)).data));
    expect(Array.from(mapped.data)).toEqual(loop);
  });
});
