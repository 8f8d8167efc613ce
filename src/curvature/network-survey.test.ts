import { describe, expect, test } from 'vitest';
import { compileGraph, allocateOutputs } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { conv, float64, maxPool, trace } from '../ops/index.js';
import { Generator, normal } from '../random/index.js';
import { hvp, splitGraph } from '../transform/index.js';
import { escapeAlong } from './escape-network.js';
import { blockExtremes, blockTraces, layersOf } from './layer-blocks.js';
import { LossFunction, type BatchedLoss } from './network.js';
import { surveyNetwork } from './network-survey.js';
import { curvatureOperator } from './network-products.js';
import { stabilityThreshold } from './stability.js';

/** f = x² − y² + y⁴ + 3z², with layers a = (x, y) and b = (z): minima at y = ±√½ with f = −1/4. */
const saddle: BatchedLoss = {
  parameters: [
    { shape: [1], dtype: 'float64' },
    { shape: [1], dtype: 'float64' },
    { shape: [1], dtype: 'float64' },
  ],
  names: ['a.x', 'a.y', 'b.z'],
  output: ([x, y, z], [rows]) => x.pow(2).sub(y.pow(2)).add(y.pow(4)).add(z.pow(2).mul(3)).mul(rows),
  loss: (output) => output.mean(),
  parts: [{ examples: [ndarray([1, 1])], shared: [], size: 2 }],
};
const origin = new Float64Array(3);

describe('surveyNetwork', () => {
  test('a strict saddle: its eigenvalues, its way down, its layers', async () => {
    const found = await surveyNetwork(saddle, origin, { top: 3, bottom: 1, density: true });
    expect(found.spectrum.top.map(({ value }) => Number(value.toFixed(12)))).toEqual([6, 2, -2]);
    expect(found.gradientNorm).toBe(0);
    expect(found.waysDown).toHaveLength(1);
    expect(found.waysDown[0].along).toBe('negative curvature');
    // Lengths double: the best of them is within √2 of √½, where f = y⁴ − y² is below −0.18.
    expect(found.waysDown[0].decrease).toBeGreaterThan(0.18);
    expect(found.kinks).toEqual([]);
    // The Hessian is diagonal: v·Hv over a block is its trace for any signs.
    expect(found.layers?.map(({ name, size, trace }) => [name, size, trace?.value])).toEqual([
      ['a', 2, 0],
      ['b', 1, 6],
    ]);
  });

  test('weights that are no numbers', async () => {
    await expect(surveyNetwork(saddle, Float64Array.of(0, NaN, 0))).rejects.toThrow("'a.y' holds NaN");
  });
});

describe('layers', () => {
  test('blocks are those of the whole matrix', async () => {
    expect(layersOf(saddle)).toEqual([
      { name: 'a', start: 0, size: 2 },
      { name: 'b', start: 2, size: 1 },
    ]);
    const operator = await curvatureOperator('hessian', saddle, Float64Array.of(0, 1, 0));
    const [a, b] = layersOf(saddle);
    // ∂²f/∂y² = 12y² − 2 = 10.
    const { largest, smallest } = await blockExtremes(operator, a, { generator: new Generator(1) });
    expect(largest.value).toBeCloseTo(10, 5);
    expect(smallest.value).toBeCloseTo(2, 5);
    const [first, second] = await blockTraces(operator, [a, b], { generator: new Generator(1) });
    expect([first.value, second.value]).toEqual([12, 6]);
    operator.close();
  });
});

describe('escapeAlong', () => {
  test('takes either sign, and says so where nothing is lower', async () => {
    const f = new LossFunction(saddle);
    const down = await escapeAlong(saddle, f, Float64Array.of(0, 0.1, 0), Float64Array.of(0, -1, 0));
    expect(Math.abs(down.parameters[1])).toBeGreaterThan(0.3);
    expect(down.value).toBeCloseTo(await f.value(down.parameters), 14);
    const up = await escapeAlong(saddle, f, origin, Float64Array.of(0, 0, 1));
    expect(up).toMatchObject({ step: 0, decrease: 0 });
    expect(Array.from(up.parameters)).toEqual([0, 0, 0]);
    await expect(escapeAlong(saddle, f, origin, Float64Array.of(0, 0, 2))).rejects.toThrow('unit vector');
    f.close();
  });
});

test('thresholds of optimisers', () => {
  // By hand from the formulas: 2/0.1; 3.8/0.1; 3.8/(2.8·0.1); 3.8/(0.1·0.1).
  const threshold = (name: string, options: object) =>
    stabilityThreshold(name, { lr: 0.1, ...options })?.threshold;
  expect(threshold('sgd', {})).toBeCloseTo(20, 10);
  expect(threshold('sgd', { momentum: 0.9 })).toBeCloseTo(38, 10);
  expect(threshold('nesterov', { momentum: 0.9 })).toBeCloseTo(3.8 / 0.28, 10);
  expect(threshold('adam', { beta1: 0.9 })).toBeCloseTo(380, 10);
  expect(threshold('lion', {})).toBeUndefined();
});

test('a split graph does at first what does not change, and gives the same', () => {
  const f = (kernel: Tensor, images: Tensor) =>
    maxPool(conv(images, kernel, { padding: 1 }), 2)
      .tanh()
      .mean();
  const graph = trace<[Tensor, Tensor, Tensor], Tensor>(
    (kernel, images, v) => hvp<Tensor>((k) => f(k, images))(kernel, v),
    [float64(2, 1, 3, 3), float64(4, 1, 6, 6), float64(2, 1, 3, 3)],
  );
  const { prepare, apply } = splitGraph(graph, [false, false, true]);
  const generator = new Generator(2);
  const [kernel, images, v] = [
    [2, 1, 3, 3],
    [4, 1, 6, 6],
    [2, 1, 3, 3],
  ].map((shape) => normal(generator, shape, { dtype: 'float64' }));
  const whole = allocateOutputs(graph);
  compileGraph(graph).run([kernel, images, v], whole);
  const kept = allocateOutputs(prepare);
  compileGraph(prepare).run([kernel, images], kept);
  const parts = allocateOutputs(apply);
  compileGraph(apply).run([v, kernel, images, ...kept], parts);
  parts[0].data.forEach((value, i) => expect(Math.abs(value - whole[0].data[i])).toBeLessThan(1e-14));
  // The convolution itself is done: only that along v is left.
  const convolutions = apply.nodes.filter(({ op }) => op.name === 'conv');
  expect(convolutions).toHaveLength(1);
});
