import { describe, expect, test } from 'vitest';
import { flattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import {
  conv,
  dense,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  normalWeights,
  orthogonal,
  sequential,
  truncatedNormalWeights,
} from './index.js';

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
