import { expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';

const f = (x: Tensor) => ({ up: ops.sort(x), down: ops.sort(x, { descending: true }), two: ops.topK(x, 2) });

/** Ties, signed zeros and infinities; then NaN without infinity, which ONNX does not tell apart. */
const rows = [
  [3, 1, 3, 1, 2],
  [0, -0, 0, -1, -0],
  [Infinity, -Infinity, 1, Infinity, -Infinity],
  [NaN, 2, NaN, -Infinity, 5],
];

const expectedUp = [
  [1, 3, 4, 0, 2],
  [3, 0, 1, 2, 4],
  [1, 4, 2, 0, 3],
  [3, 1, 4, 0, 2],
];
const expectedDown = [
  [0, 2, 4, 1, 3],
  [0, 1, 2, 4, 3],
  [0, 3, 2, 1, 4],
  [0, 2, 4, 1, 3],
];

test.each(['javascript', 'onnx'] as const)(
  'equals keep their order and NaN is largest on %s',
  async (target) => {
    const x = ndarray(Float32Array.from(rows.flat()), [4, 5]);
    const program = await (target === 'onnx' ? compile(f, [x], { target, threads: 1 }) : compile(f, [x]));
    const { up, down, two } = await program.run(x);
    program.close();
    expect(Array.from(up.indices.data)).toEqual(expectedUp.flat());
    expect(Array.from(down.indices.data)).toEqual(expectedDown.flat());
    expect(Array.from(two.indices.data)).toEqual(expectedDown.flatMap((row) => row.slice(0, 2)));
    expect(two.values.shape).toEqual([4, 2]);
    const values = expectedUp.flatMap((order, row) => order.map((k) => rows[row][k]));
    expect(Array.from(up.values.data)).toEqual(values);
  },
);

test.each(['javascript', 'onnx'] as const)('integers, nothing and one on %s', async (target) => {
  const g = (whole: Tensor, none: Tensor, one: Tensor) => [
    ops.sort(whole).values,
    ops.sort(none).values,
    ops.topK(whole, 0).indices,
    ops.sort(one).values,
  ];
  const args = [
    ndarray(Int32Array.of(5, -(2 ** 31), 2 ** 31 - 1)),
    ndarray(new Float64Array(0), [2, 0]),
    ndarray(Float64Array.of(7)),
  ] as const;
  const specs: [(typeof args)[0], (typeof args)[0], (typeof args)[0]] = [...args];
  const program = await (target === 'onnx' ? compile(g, specs, { target, threads: 1 }) : compile(g, specs));
  const [whole, none, cut, one] = await program.run(...args);
  program.close();
  expect(Array.from(whole.data)).toEqual([-(2 ** 31), 5, 2 ** 31 - 1]);
  expect(none.shape).toEqual([2, 0]);
  expect(cut.shape).toEqual([0]);
  expect(Array.from(one.data)).toEqual([7]);
});

test('a k beyond the axis is refused', () => {
  expect(() => ops.trace((x: Tensor) => ops.topK(x, 4).values, [ops.float32(2, 3)])).toThrow(
    'topK: k 4 must be an integer from 0 to 3, the extent of axis 1 of [2,3]',
  );
});

test.each<[string, (x: Tensor) => Tensor, string]>([
  [
    'channels',
    (x) => ops.convTranspose(x, ops.arange(12, { dtype: 'float32' }).reshape([3, 4, 1])),
    'convTranspose: the 2 channels of [1,2,3] must be the first extent of the weights [3,4,1]',
  ],
  [
    'output padding',
    (x) => ops.convTranspose(x, ops.arange(8, { dtype: 'float32' }).reshape([2, 4, 1]), { outputPadding: 1 }),
    'convTranspose: outputPadding [1] must be less than the strides [1]',
  ],
  [
    'padding that leaves nothing',
    (x) => ops.convTranspose(x, ops.arange(8, { dtype: 'float32' }).reshape([2, 4, 1]), { padding: 2 }),
    'every extent of the result [-1] positive',
  ],
  [
    'adaptive pool',
    (x) => ops.adaptiveAvgPool(x, [2, 2]),
    'adaptiveAvgPool: output [2,2] must be positive integers',
  ],
  ['global pool', (x) => ops.globalAvgPool(x.sum({ axes: 0 })), 'globalAvgPool: [2,3] needs spatial axes'],
])('%s that does not fit is refused', (_name, g, message) => {
  expect(() => ops.trace(g, [ops.float32(1, 2, 3)])).toThrow(message);
});
