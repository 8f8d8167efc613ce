import { describe, expect, expectTypeOf, test } from 'vitest';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { bool, float32, float64 } from '../ops/index.js';
import { grad, valueAndGrad } from '../transform/index.js';
import { compile } from './index.js';

const surface = (x: Tensor, y: Tensor) => x.mul(x).sub(x.mul(y));

describe('compile', () => {
  test('gives the tree that the function returns, with arrays for tensors', () => {
    const program = compile(
      (parameters: { weights: Tensor[]; bias: Tensor }, x: Tensor) => ({
        total: parameters.weights[0].mul(x).add(parameters.bias).sum(),
        parts: [parameters.weights[1].neg(), x],
      }),
      [{ weights: [float64(2), float64()], bias: float64() }, float64(2)],
    );
    const result = program.run({ weights: [ndarray([2, 3]), 7], bias: 1 }, [10, 100]);
    expectTypeOf(result).toEqualTypeOf<{ total: NDArray; parts: NDArray[] }>();
    expect(result).toEqual({ total: ndarray(322), parts: [ndarray(-7), ndarray([10, 100])] });
  });

  test('value and gradient of x² − xy are the closed form', () => {
    const program = compile((x: Tensor, y: Tensor) => valueAndGrad(surface)(x, y), [float64(), float64()]);
    const { value, gradient } = program.run(3, 0.5);
    expect([value.data[0], gradient.data[0]]).toEqual([7.5, 5.5]);
  });

  test('each call gives arrays of its own', () => {
    const program = compile(
      grad((x: Tensor) => x.mul(x).sum()),
      [float64(2)],
    );
    const first = program.run([1, 2]);
    program.run([3, 4]);
    expect(first.data).toEqual(Float64Array.of(2, 4));
  });

  test('numbers take the element type of the spec', () => {
    const program = compile((x: Tensor, c: Tensor) => c.where(x, x.neg()), [float32(2), bool(2)]);
    expect(program.run([0.1, 0.2], [1, 0])).toEqual(
      ndarray(Float32Array.of(Math.fround(0.1), Math.fround(-0.2))),
    );
  });

  test('gives the same tree on ONNX Runtime, by promise', async () => {
    const f = (p: { x: Tensor; y: Tensor }) =>
      valueAndGrad(({ x, y }: { x: Tensor; y: Tensor }) => surface(x, y))(p);
    const specs: [{ x: TensorType; y: TensorType }] = [{ x: float32(), y: float32() }];
    const expected = compile(f, specs).run({ x: 3, y: 0.5 });
    for (const target of ['javascript', 'onnx'] as const) {
      const program = await compile(f, specs, { target });
      // Small integers and halves are exact in float32.
      expect(await program.run({ x: 3, y: 0.5 })).toEqual(expected);
      program.close();
    }
  });

  const model = () =>
    compile(
      (p: { layers: { w: Tensor }[] }, x: Tensor) => p.layers[0].w.mul(x),
      [{ layers: [{ w: float32(2, 2) }] }, float32(2)],
    );
  const w = ndarray(new Float32Array(4), [2, 2]);
  test.each([
    [
      'shape',
      { layers: [{ w: ndarray(new Float32Array(4)) }] },
      /argument 0\.layers\.0\.w is float32\[4\]; it must be float32\[2,2\]/,
    ],
    [
      'dtype',
      {
        layers: [
          {
            w: ndarray([
              [1, 2],
              [3, 4],
            ]),
          },
        ],
      },
      /argument 0\.layers\.0\.w is float64\[2,2\]; it must be float32\[2,2\]/,
    ],
    [
      'nesting',
      { layers: [{ w: [1, 2] }] },
      /argument 0\.layers\.0\.w is nested as \[2\]; it must be float32\[2,2\]/,
    ],
    [
      'memory',
      { layers: [{ w: { ...w, data: new Float64Array(4) } }] },
      /float32\[2,2\] over a float64 memory of 4/,
    ],
  ])('names the argument whose %s is wrong', (_what, parameters, message) => {
    expect(() => model().run(parameters, [1, 2])).toThrow(message);
  });

  test('names what is missing or too much in a tree', () => {
    const program = model();
    const call =
      (...args: unknown[]) =>
      () =>
        program.run(...(args as Parameters<typeof program.run>));
    expect(call({ layers: [] }, 1)).toThrow('argument 0.layers must be an array of 1');
    expect(call({ layers: [{ v: w }] }, 1)).toThrow('argument 0.layers.0.w is missing');
    expect(call({ layers: [{ w, v: w }] }, 1)).toThrow('argument 0.layers.0 must be an object with w');
    expect(call({ layers: [{ w: 'x' }] }, 1)).toThrow('argument 0.layers.0.w is x; it must be float32[2,2]');
    expect(call({ layers: [{ w }] })).toThrow('takes 2 arguments, got 1');
  });
});

describe('an executable', () => {
  const program = compile((x: Tensor) => x.mul(2), [float64(2)]);

  test('refuses arrays that do not fit', () => {
    const { executable } = program;
    const x = ndarray([1, 2]);
    expect(() => executable.run([x], [])).toThrow('1 inputs and 1 outputs; got 1 and 0');
    expect(() => executable.run([ndarray([1])], [x])).toThrow('input 0 is float64[1]; it must be float64[2]');
    expect(() => executable.run([x], [ndarray([1])])).toThrow('output 0 is float64[1]');
    expect(() => executable.run([x], [x])).toThrow('an output is written to the memory of another array');
  });
});

test('ONNX Runtime keeps float64 where its fusions would not', async () => {
  const f = (x: Tensor, w: Tensor) => [x.mul(x.sigmoid()), x.mul(0.3).matmul(w)];
  const specs = [float64(2, 2), float64(2, 2)] as const;
  const x = [
    [1, 2],
    [3, 4],
  ];
  const identity = [
    [1, 0],
    [0, 1],
  ];
  const native = await compile(f, [...specs], { target: 'onnx' });
  const here = compile(f, [...specs]).run(x, identity);
  (await native.run(x, identity)).forEach(({ data }, k) =>
    // A few roundings; float32 anywhere on the way would show at 1e-8.
    data.forEach((value, i) => expect(value).toBeCloseTo(here[k].data[i], 14)),
  );
  native.close();
});
