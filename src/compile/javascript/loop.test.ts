import { describe, expect, test } from 'vitest';
import { randomStepGraph } from '../../../test/support/random-graph.js';
import { ndarray, zeros, type NDArray } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { float32, float64, int32, matmul, trace } from '../../ops/index.js';
import { grad, valueAndGrad } from '../../transform/index.js';
import { allocateOutputs, compileGraph } from '../index.js';
import { compileLoop } from './loop.js';

const copy = (array: NDArray): NDArray => ({ ...array, data: array.data.slice() });

/** x² − xy of a vector of both. */
function surface(p: Tensor): Tensor {
  const [x, y] = [p.slice([0], [1]), p.slice([1], [2])];
  return x.mul(x).sub(x.mul(y)).sum();
}

function descent(p: Tensor, lr: Tensor) {
  const { value, gradient } = valueAndGrad(surface)(p);
  return [p.sub(gradient.mul(lr)), p, value];
}

describe('a loop', () => {
  test('halves 1 at each step of gradient descent on x² with rate ¼, exactly', () => {
    const step = (x: Tensor) => [x.sub(grad((v: Tensor) => v.mul(v))(x).mul(0.25)), x];
    const loop = compileLoop(trace(step, [float64()]), { carry: 1 });
    const x = ndarray(1);
    const path = new Float64Array(5);
    expect(loop.run([x], [], 5, [path])).toBe(5);
    expect([...path, x.data[0]]).toEqual([1, 0.5, 0.25, 0.125, 0.0625, 0.03125]);
  });

  test('equals the loop that a person would write, and goes on where it ended', () => {
    const loop = compileLoop(trace(descent, [float64(2), float64()]), { carry: 1 });
    const p = ndarray([0.3, -0.7]);
    const lr = ndarray(0.01);
    const [path, values] = [new Float64Array(2 * 1000), new Float64Array(1000)];
    loop.run([p], [lr], 400, [path, values]);
    loop.run([p], [lr], 600, [path.subarray(800), values.subarray(400)]);
    let [x, y] = [0.3, -0.7];
    for (let step = 0; step < 1000; step++) {
      // The same sums in another order may differ in the last bits, which a saddle makes grow: 1e-9 of the value.
      const tolerance = 1e-9 * (1 + x * x + y * y);
      expect(Math.abs(path[2 * step] - x)).toBeLessThan(tolerance);
      expect(Math.abs(path[2 * step + 1] - y)).toBeLessThan(tolerance);
      expect(Math.abs(values[step] - (x * x - x * y))).toBeLessThan(tolerance);
      [x, y] = [x - 0.01 * (2 * x - y), y + 0.01 * x];
    }
    expect(Math.abs(p.data[0] - x)).toBeLessThan(1e-9 * (1 + Math.abs(x)));
  });

  test.each([2, 40])('lets carried arrays of %i change places', (size) => {
    const step = (a: Tensor, b: Tensor, c: Tensor) => [b, a.add(b), a, c];
    const loop = compileLoop(trace(step, [float64(size), float64(size), float64(size)]), { carry: 3 });
    for (const steps of [0, 1, 2, 7]) {
      const fibonacci = [0, 1, 1, 2, 3, 5, 8, 13, 21];
      const state = [0, 1, 9].map((value) => ndarray(new Float64Array(size).fill(value)));
      const record = new Float64Array(steps * size);
      loop.run(state, [], steps, [record]);
      expect(state[0].data).toEqual(new Float64Array(size).fill(fibonacci[steps]));
      expect(state[1].data).toEqual(new Float64Array(size).fill(fibonacci[steps + 1]));
      expect(state[2].data).toEqual(new Float64Array(size).fill(steps === 0 ? 9 : fibonacci[steps - 1]));
      const rows = Array.from({ length: steps }, (_, step) => (step === 0 ? 9 : fibonacci[step - 1]));
      expect([...record]).toEqual(rows.flatMap((value) => new Array<number>(size).fill(value)));
    }
  });

  test('stops after the step whose last output is not zero', () => {
    const step = (x: Tensor) => [x.mul(2), x, x.greater(50)];
    const loop = compileLoop(trace(step, [float64()]), { carry: 1, stop: true });
    const x = ndarray(1);
    const path = new Float64Array(100);
    expect(loop.run([x], [], 100, [path])).toBe(7);
    expect([...path.subarray(0, 9)]).toEqual([1, 2, 4, 8, 16, 32, 64, 0, 0]);
    expect(x.data[0]).toBe(128);
  });

  test('counts in int32, rounds in float32', () => {
    const step = (n: Tensor, x: Tensor) => [n.add(1), x.add(0.1)];
    const loop = compileLoop(trace(step, [int32(), float32()]), { carry: 2 });
    const state = [ndarray(Int32Array.of(2 ** 31 - 2), []), ndarray(new Float32Array(1), [])];
    loop.run(state, [], 3, []);
    expect(state[0].data[0]).toBe(-(2 ** 31) + 1);
    const tenth = Math.fround(0.1);
    expect(state[1].data[0]).toBe(Math.fround(Math.fround(tenth + tenth) + tenth));
  });

  test('calls kernels: power iteration finds the largest eigenvalue of a matrix', () => {
    // The second difference matrix of size n has the eigenvalues 2 − 2 cos(kπ/(n + 1)).
    const n = 20;
    const difference = ndarray(
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
      ),
    );
    const step = (v: Tensor, a: Tensor) => {
      const product = matmul(a, v);
      const length = product.mul(product).sum().sqrt();
      return [product.div(length), length];
    };
    const loop = compileLoop(trace(step, [float64(n), float64(n, n)]), { carry: 1 });
    const v = ndarray(Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -0.9)));
    const lengths = new Float64Array(4000);
    loop.run([v], [difference], 4000, [lengths]);
    // The error falls by (λ₂/λ₁)² = 0.967 a step: below rounding long before the end.
    expect(lengths[3999]).toBeCloseTo(2 - 2 * Math.cos((n * Math.PI) / (n + 1)), 12);
  });

  test('gives the bits of the steps taken one by one', () => {
    for (let seed = 100; seed < 200; seed++) {
      const { graph, inputs, carry } = randomStepGraph(seed);
      const single = compileGraph(graph);
      const [carried, state] = [inputs.slice(0, carry).map(copy), inputs.slice(0, carry).map(copy)];
      const constants = inputs.slice(carry);
      const outputs = allocateOutputs(graph);
      const expected = outputs.slice(carry).map(({ data }) => new Float64Array(6 * data.length));
      for (let step = 0; step < 6; step++) {
        single.run([...state, ...constants], outputs);
        expected.forEach((record, index) =>
          record.set(outputs[carry + index].data, step * (record.length / 6)),
        );
        state.forEach(({ data }, index) => data.set(outputs[index].data));
      }
      const records = expected.map(({ length }) => new Float64Array(length));
      compileLoop(graph, { carry }).run(carried, constants, 6, records);
      expect({ seed, records, carried }).toEqual({ seed, records: expected, carried: state });
    }
  });
});

describe('many walks', () => {
  test.each([0, 1, 4, 11])('%i starts give the bits of each alone', (count) => {
    const loop = compileLoop(trace(descent, [float64(2), float64()]), { carry: 1 });
    const starts = zeros([count, 2], 'float64');
    for (let i = 0; i < starts.data.length; i++) starts.data[i] = Math.sin(i);
    const alone = Array.from({ length: count }, (_, start) => {
      const p = ndarray(Float64Array.from(starts.data.slice(2 * start, 2 * start + 2)));
      loop.run([p], [ndarray(0.1)], 50, [new Float64Array(100), new Float64Array(50)]);
      return p.data;
    });
    loop.runMany([starts], [ndarray(0.1)], 50);
    expect([...starts.data]).toEqual(alone.flatMap((data) => [...data]));
  });

  test('random steps, with arrays and kernels among them', () => {
    for (let seed = 300; seed < 350; seed++) {
      const { graph, inputs, carry } = randomStepGraph(seed);
      const loop = compileLoop(graph, { carry });
      const constants = inputs.slice(carry);
      const carried = inputs.slice(0, carry);
      const sizes = allocateOutputs(graph)
        .slice(carry)
        .map(({ data }) => data.length);
      const alone = carried.map(copy);
      loop.run(
        alone,
        constants,
        4,
        sizes.map((size) => new Float64Array(4 * size)),
      );
      const rows = carried.map(({ data, shape, dtype }) => {
        const repeated = zeros([5, ...shape], dtype);
        for (let row = 0; row < 5; row++) repeated.data.set(data, row * data.length);
        return repeated;
      });
      loop.runMany(rows, constants, 4);
      rows.forEach(({ data }, index) => {
        const { length } = alone[index].data;
        for (let row = 0; row < 5; row++) {
          expect({ seed, data: data.slice(row * length, (row + 1) * length) }).toEqual({
            seed,
            data: alone[index].data,
          });
        }
      });
    }
  });
});

describe('a loop refuses', () => {
  const graph = trace(descent, [float64(2), float64()]);
  const loop = compileLoop(graph, { carry: 1 });
  const [p, lr] = [ndarray([0, 0]), ndarray(0)];
  const records = [new Float64Array(20), new Float64Array(10)];

  test('a graph whose outputs do not follow its inputs', () => {
    expect(() => compileLoop(graph, { carry: 2 })).toThrow(
      'input 1 is float64[], output 1 that follows it float64[2]',
    );
    expect(() => compileLoop(graph, { carry: 3 })).toThrow('cannot carry 3 of 2 inputs and 3 outputs');
    const noStop = trace((x: Tensor) => [x, x], [float64(2)]);
    expect(() => compileLoop(noStop, { carry: 1, stop: true })).toThrow('must be a scalar');
  });

  test('arrays that do not fit', () => {
    expect(() => loop.run([lr], [lr], 10, records)).toThrow('carried 0 is float64[]; it must be float64[2]');
    expect(() => loop.run([p], [], 10, records)).toThrow('the loop has 1 constant arrays, got 0');
    expect(() => loop.run([p], [lr], 10, [])).toThrow('the loop has 2 records, got 0 arrays');
    expect(() => loop.run([p], [lr], 11, records)).toThrow(
      'record 0 has 20 numbers; 11 steps of 2 need 22 in a Float64Array',
    );
    expect(() => loop.run([p], [lr], -1, records)).toThrow('-1 steps');
    expect(() => loop.run([p], [lr], 0.5, records)).toThrow('0.5 steps');
    expect(() => loop.runMany([p], [lr], 1)).toThrow('carried 0 is float64[2]; it must be float64[2,2]');
    expect(p.data).toEqual(new Float64Array(2));
  });

  test('an array that is carried twice', () => {
    const two = compileLoop(
      trace((a: Tensor, b: Tensor) => [b, a], [float64(), float64()]),
      { carry: 2 },
    );
    expect(() => two.run([lr, lr], [], 1, [])).toThrow('shares memory');
  });
});
