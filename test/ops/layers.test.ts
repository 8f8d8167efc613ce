import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';
import { Generator, uniform } from '../../src/random/index.js';
import { grad, vmap } from '../../src/transform/index.js';

const draw = (k: number, ...shape: number[]) =>
  uniform(new Generator(5).fork(String(k)), shape, { low: -1, high: 1, dtype: 'float64' });

test.each([
  ['scale and bias', [true, true, true]],
  ['the bias', [true, false, true]],
  ['all but the input', [false, true, true]],
])('vmap of layerNorm over %s is a batch of layer norms', (_name, batched) => {
  const inputs = [draw(0, 2, 3, 4), draw(1, 2, 4), draw(2, 2, 4)];
  const example = (k: number, at: number) => {
    const { data, shape } = inputs[k];
    const size = data.length / shape[0];
    return ndarray(data.slice(at * size, (at + 1) * size), shape.slice(1));
  };
  const f = (x: Tensor, scale: Tensor, bias: Tensor) => ops.layerNorm(x, scale, bias);
  const [x, scale, bias] = inputs.map((input, k) => (batched[k] ? input : example(k, 0)));
  const mapped = compile(vmap(f, { batched }), [x, scale, bias]).run(x, scale, bias);
  const loop = [0, 1].flatMap((at) => {
    const [a, b, c] = inputs.map((_, k) => example(k, batched[k] ? at : 0));
    return Array.from(compile(f, [a, b, c]).run(a, b, c).data);
  });
  expect(mapped.shape).toEqual([2, 3, 4]);
  // The same operations in the same order up to the last product and sum.
  mapped.data.forEach((value, i) => expect(value).toBeCloseTo(loop[i], 14));
});

test('the gradient of a causal model does not reach later keys', () => {
  const x = draw(3, 5, 4);
  const third = (y: Tensor) =>
    ops.scaledDotProductAttention(y, y, y, { causal: true }).slice([2, 0], [3, 4]).sum();
  const gradient = compile(grad(third), [x]).run(x).data;
  expect(Array.from(gradient.slice(12))).toEqual(new Array(8).fill(0));
  expect(Array.from(gradient.slice(0, 12)).every((entry) => entry !== 0)).toBe(true);
});

describe('empty batches', () => {
  test('layerNorm, groupNorm and attention of nothing are nothing on both targets', async () => {
    const f = (x: Tensor) => [
      ops.layerNorm(x, ops.arange(4, { dtype: 'float32' }), ops.arange(4, { dtype: 'float32' })),
      ops.groupNorm(
        x.reshape([0, 4, 3]),
        ops.arange(4, { dtype: 'float32' }),
        ops.arange(4, { dtype: 'float32' }),
        {
          groups: 2,
        },
      ),
      ops.scaledDotProductAttention(x, x, x, { causal: true }),
    ];
    const x = ndarray(new Float32Array(0), [0, 3, 4]);
    const shapes = [
      [0, 3, 4],
      [0, 4, 3],
      [0, 3, 4],
    ];
    const onnx = await compile(f, [x], { target: 'onnx', threads: 1 });
    expect((await onnx.run(x)).map(({ shape }) => shape)).toEqual(shapes);
    onnx.close();
    expect(
      compile(f, [x])
        .run(x)
        .map(({ shape }) => shape),
    ).toEqual(shapes);
  });
});

test.each<[string, (x: Tensor) => Tensor, string]>([
  [
    'layerNorm',
    (x) => ops.layerNorm(x, x, x),
    'layerNorm: input float32[2,4,3] needs scale and bias of its last 1 axes, float32[3], got float32[2,4,3]',
  ],
  [
    'layerNorm axes',
    (x) => ops.layerNorm(x, x, x, { axes: 4 }),
    'layerNorm: axes 4 must be an integer from 1 to 3',
  ],
  [
    'groupNorm',
    (x) => ops.groupNorm(x, x.sum({ axes: [0, 2] }), x.sum({ axes: [0, 2] }), { groups: 3 }),
    'groupNorm: input float32[2,4,3] in 3 group(s) needs channels that divide into the groups',
  ],
  [
    'attention',
    (x) => ops.scaledDotProductAttention(x, x.swapLast(), x),
    'queries and keys must share their width, keys and values their number',
  ],
  [
    'mask',
    (x) => ops.scaledDotProductAttention(x, x, x, { mask: x.slice([0, 0, 0], [1, 4, 1]) }),
    'the mask must be bool and broadcast to [2,4,4], got float32[1,4,1]',
  ],
])('%s says what does not fit', (_name, f, message) => {
  expect(() => ops.trace(f, [ops.float32(2, 4, 3)])).toThrow(message);
});
