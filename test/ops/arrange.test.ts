import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import { ndarray, type NDArray, type Tensor } from '../../src/graph/index.js';
import * as ops from '../../src/ops/index.js';

const run = (f: (x: Tensor) => Tensor, x: NDArray): NDArray => compile(f, [x]).run(x);
const range = (...shape: number[]): NDArray =>
  ndarray(
    Float64Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, (_, i) => i),
    shape,
  );

test('tile and roll as NumPy', () => {
  expect(Array.from(run((x) => ops.tile(x, [2, 2]), range(3)).data)).toEqual([
    0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2,
  ]);
  expect(run((x) => ops.tile(x, [2, 0]), range(3)).shape).toEqual([2, 0]);
  expect(Array.from(run((x) => ops.roll(x, 2, 0), range(5)).data)).toEqual([3, 4, 0, 1, 2]);
  expect(run((x) => ops.roll(x, 2, 0), range(0)).shape).toEqual([0]);
});

test('constants', () => {
  const constants = compile(
    () => ({
      whole: ops.arange(4),
      odd: ops.arange(3, { start: 1, step: 2, dtype: 'float32' }),
      none: ops.arange(0),
      line: ops.linspace(0, 1, 3, 'float64'),
      point: ops.linspace(2, 5, 1),
      identity: ops.eye(2, 3),
    }),
    [],
  ).run();
  expect(constants.whole).toEqual(ndarray(Int32Array.of(0, 1, 2, 3)));
  expect(constants.odd).toEqual(ndarray(Float32Array.of(1, 3, 5)));
  expect(constants.none.shape).toEqual([0]);
  expect(constants.line).toEqual(ndarray(Float64Array.of(0, 0.5, 1)));
  expect(Array.from(constants.point.data)).toEqual([2]);
  expect(constants.identity).toEqual(ndarray(Float32Array.of(1, 0, 0, 0, 1, 0), [2, 3]));
});

test('running sums and products of nothing, of one, of integers and of bools', () => {
  for (const scan of [ops.cumsum, ops.cumprod]) {
    expect(run((x) => scan(x), range(2, 0)).shape).toEqual([2, 0]);
    expect(Array.from(run((x) => scan(x, 0), range(1, 3)).data)).toEqual([0, 1, 2]);
  }
  const whole = ndarray(Int32Array.of(3, -2, 5));
  expect(run((x) => ops.cumsum(x), whole)).toEqual(ndarray(Int32Array.of(3, 1, 6)));
  expect(run((x) => ops.cumprod(x), whole)).toEqual(ndarray(Int32Array.of(3, -6, -30)));
  expect(run((x) => ops.cumsum(x), ndarray(Uint8Array.of(1, 0, 1)))).toEqual(ndarray(Int32Array.of(1, 1, 2)));
});

describe('on ONNX Runtime', () => {
  test('nothing stays nothing', async () => {
    const f = (x: Tensor) => [
      ops.cumsum(x),
      ops.cumprod(x),
      ops.tril(x),
      ops.roll(x, 1, 0),
      ops.tile(x, [2, 3]),
    ];
    const program = await compile(f, [range(2, 0)], { target: 'onnx', threads: 1 });
    try {
      const results = await program.run(range(2, 0));
      expect(results.map(({ shape }) => shape)).toEqual([
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
      ]);
    } finally {
      program.close();
    }
  });
});

test.each<[string, (x: Tensor) => unknown, string]>([
  ['tril', (x) => ops.tril(ops.squeeze(x, 0)), 'tril: [3] is no matrix; give two axes or more'],
  ['roll', (x) => ops.roll(x, [1], [0, 1]), 'roll: shifts [1] must be as many integers as the axes [0,1]'],
  [
    'tile',
    (x) => ops.tile(x, [2]),
    'tile: repeats [2] must be integers ≥ 0, at least one for each axis of [1,3]',
  ],
  [
    'split',
    (x) => ops.split(x, [1, 1], 1),
    'split: [1,1] does not cut axis 1 of [1,3]; sizes must be positive integers that add up to 3',
  ],
  ['split by 0', (x) => ops.split(x, 0, 1), 'split: 0 does not cut axis 1 of [1,3]'],
  [
    'squeeze',
    (x) => ops.squeeze(x, 1),
    'squeeze: axis 1 of [1,3] has extent 3; only axes of extent 1 can go',
  ],
  ['diagonal', (x) => ops.diagonal(x, { axis1: 1 }), 'diagonal: axes 1 and -1 of [1,3] are the same'],
  ['arange', (x) => x.add(ops.arange(-1)), 'arange: the count -1 must be an integer ≥ 0'],
])('%s says what is wrong', (_name, f, message) => {
  const traced = (x: Tensor) => {
    f(x);
    return x;
  };
  expect(() => ops.trace(traced, [ops.float64(1, 3)])).toThrow(message);
});
