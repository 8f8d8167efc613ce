import { describe, expect, test } from 'vitest';
import type { Graph } from '../../graph/graph.js';
import { ndarray, zeros, type NDArray } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { bool, float64, int32, trace } from '../../ops/index.js';
import { valueAndGrad } from '../../transform/index.js';
import { allocateOutputs, compileGraph } from '../index.js';

function rosenbrock(x: Tensor): Tensor {
  const [last] = x.shape;
  const [here, next] = [x.slice([0], [last - 1]), x.slice([1], [last])];
  const [valley, rest] = [next.sub(here.mul(here)), here.neg().add(1)];
  return valley.mul(valley).mul(100).add(rest.mul(rest)).sum();
}

function run(graph: Graph, ...inputs: NDArray[]): NDArray[] {
  const outputs = allocateOutputs(graph);
  compileGraph(graph).run(inputs, outputs);
  return outputs;
}

describe('results', () => {
  test('of the Rosenbrock valley are the closed form, scalar or in loops', () => {
    for (const n of [2, 5, 16, 17, 300]) {
      const x = Float64Array.from({ length: n }, (_, i) => Math.sin(3 * i));
      const graph = trace((at: Tensor) => valueAndGrad(rosenbrock)(at), [float64(n)]);
      const [value, gradient] = run(graph, ndarray(x));
      let total = 0;
      const slope = new Float64Array(n);
      for (let i = 0; i + 1 < n; i++) {
        const valley = x[i + 1] - x[i] ** 2;
        total += 100 * valley ** 2 + (1 - x[i]) ** 2;
        slope[i] += -400 * valley * x[i] - 2 * (1 - x[i]);
        slope[i + 1] += 200 * valley;
      }
      // Sums of 300 terms of one sign, in another order.
      expect(Math.abs(value.data[0] / total - 1)).toBeLessThan(1e-13);
      gradient.data.forEach((component, i) => expect(component).toBeCloseTo(slope[i], 10));
    }
  });

  test.each([
    ['a row', [1, 30]],
    ['a column', [20, 1]],
    ['fewer axes', [30]],
    ['a scalar', []],
    ['one element', [1, 1]],
  ])('broadcast %s over a matrix', (_what, shape) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const x = ndarray(
      Float64Array.from({ length: 600 }, (_, i) => i),
      [20, 30],
    );
    const y = ndarray(
      Float64Array.from({ length: size }, (_, i) => 1000 * (i + 1)),
      shape,
    );
    const [sum, total] = run(
      trace((a: Tensor, b: Tensor) => [a.add(b), b.sub(a).sum()], [x, y]),
      x,
      y,
    );
    const at = (i: number, j: number) => y.data[size === 20 ? i : size === 30 ? j : 0];
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 30; j++) expect(sum.data[i * 30 + j]).toBe(i * 30 + j + at(i, j));
    }
    const ys = Array.from({ length: 600 }, (_, k) => at(Math.floor(k / 30), k % 30));
    expect(total.data[0]).toBe(ys.reduce((all, value) => all + value, 0) - (599 * 600) / 2);
  });

  test('of empty arrays are empty, their sums 0', () => {
    const f = (x: Tensor) => [
      x.mul(2),
      x.sum(),
      x.sum({ axes: 0 }),
      x.concat(x),
      x.pad({ low: [0, 1], high: [1, 0] }),
    ];
    const [doubled, sum, columns, twice, padded] = run(trace(f, [float64(0, 20)]), zeros([0, 20], 'float64'));
    expect([doubled.shape, doubled.data.length]).toEqual([[0, 20], 0]);
    expect(sum).toEqual(ndarray(0));
    expect(columns).toEqual(zeros([20], 'float64'));
    expect(twice.shape).toEqual([0, 20]);
    expect(padded).toEqual(zeros([1, 21], 'float64'));
  });

  test('carry NaN where PyTorch does, and only there', () => {
    const x = ndarray(Float64Array.from({ length: 40 }, (_, i) => (i === 7 ? NaN : i - 20)));
    const f = (v: Tensor) => [
      v.max(),
      v.relu(),
      v.greater(0).where(v, 0),
      v.equal(v).not().cast('float64').sum(),
    ];
    const [most, positive, chosen, count] = run(trace(f, [float64(40)]), x);
    expect(most.data[0]).toBe(NaN);
    expect([positive.data[7], positive.data[6], positive.data[30]]).toEqual([NaN, 0, 10]);
    expect([chosen.data[7], chosen.data[30]]).toEqual([0, 10]);
    expect(count.data[0]).toBe(1);
  });

  test('in int32 wrap, in bool are 0 and 1', () => {
    const n = ndarray(Int32Array.from({ length: 20 }, () => 2 ** 31 - 1));
    const b = ndarray(Uint8Array.from({ length: 20 }, (_, i) => i % 2));
    const f = (x: Tensor, c: Tensor) => [x.add(1), c.not(), c.and(c.not()).or(c), c.cast('int32').sum()];
    const [next, not, same, count] = run(trace(f, [int32(20), bool(20)]), n, b);
    expect(next.data[19]).toBe(-(2 ** 31));
    expect([...not.data.subarray(0, 4)]).toEqual([1, 0, 1, 0]);
    expect(same.data).toEqual(b.data);
    expect(count.data[0]).toBe(10);
  });

  test('of one node given twice, of an input and of a constant are copies', () => {
    const constant = ndarray(Float64Array.from({ length: 30 }, (_, i) => i));
    const f = (x: Tensor) => {
      const y = x.mul(2);
      return [y, y, y.reshape([5, 6]), x, x.builder.constant(constant)];
    };
    const x = ndarray(new Float64Array(30).fill(3));
    const outputs = run(trace(f, [float64(30)]), x);
    const six = new Float64Array(30).fill(6);
    expect(outputs.map(({ data }) => data)).toEqual([six, six, six, x.data, constant.data]);
    expect(new Set([...outputs, x, constant].map(({ data }) => data.buffer)).size).toBe(7);
  });
});
