import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray, type Tensor } from '../graph/index.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import { gru, lstm, sequential, torchNames } from './index.js';

// Values, gradients and training: against PyTorch in networks.test.ts.

describe.each([
  ['gru', gru, 3],
  ['lstm', lstm, 4],
] as const)('%s', (name, layer, gates) => {
  test('starts with uniform numbers in ±1/√hidden, named and shaped as in PyTorch', () => {
    const { parameters, output } = layer(16, { layers: 2 }).init(new Generator(1), [5, 3]);
    const shapes = flattenTree(parameters).map(({ shape }) => shape);
    const wide = gates * 16;
    expect(shapes).toEqual([[3, wide], [16, wide], [wide], [wide], [16, wide], [16, wide], [wide], [wide]]);
    expect(output).toEqual([5, 16]);
    const all = flattenTree(parameters).flatMap(({ data }) => Array.from(data));
    const largest = Math.max(...all.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.25);
    expect(largest).toBeGreaterThan(0.24);
    expect(new Set(all).size).toBeGreaterThan(0.99 * all.length);
  });

  test('gives the last state of the sequence where it is asked for it alone', () => {
    const whole = layer(4, { layers: 2 });
    const last = layer(4, { layers: 2, returnSequence: false });
    expect(last.init(new Generator(1), [3, 2]).output).toEqual([4]);
    const { parameters } = whole.init(new Generator(1), [3, 2]);
    const weights = flattenTree(parameters);
    const x = ndarray(
      Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
      [2, 3, 2],
    );
    const run = compile(
      (leaves: readonly Tensor[], input: Tensor) => {
        const cells = unflattenTree(parameters, leaves);
        const apply = (own: typeof whole) =>
          own.apply(cells as Parameters<typeof own.apply>[0], [], input, { training: false }).output;
        return [apply(whole), apply(last)];
      },
      [weights, x],
    );
    const [sequence, state] = run.run(weights, x);
    expect(sequence.shape).toEqual([2, 3, 4]);
    expect(state.shape).toEqual([2, 4]);
    expect(Array.from(state.data)).toEqual([...sequence.data.slice(8, 12), ...sequence.data.slice(20, 24)]);
  });

  test('is called in files as PyTorch calls it', () => {
    const initial = sequential(layer(2, { layers: 2 })).init(new Generator(1), [3, 5]);
    const names = torchNames(initial).parameters.map(({ name: own, shape }) => `${own} ${shape.join('×')}`);
    // As torch.nn.Sequential(torch.nn.GRU(5, 2, num_layers=2)).state_dict() has them.
    expect(names).toEqual([
      `0.weight_ih_l0 ${2 * gates}×5`,
      `0.weight_hh_l0 ${2 * gates}×2`,
      `0.bias_ih_l0 ${2 * gates}`,
      `0.bias_hh_l0 ${2 * gates}`,
      `0.weight_ih_l1 ${2 * gates}×2`,
      `0.weight_hh_l1 ${2 * gates}×2`,
      `0.bias_ih_l1 ${2 * gates}`,
      `0.bias_hh_l1 ${2 * gates}`,
    ]);
  });

  test('says what is wrong', () => {
    expect(() => layer(0)).toThrow(`${name}: hidden must be a positive integer, not 0`);
    expect(() => layer(4, { layers: 1.5 })).toThrow(`${name}: layers must be a positive integer, not 1.5`);
    expect(() => layer(4).init(new Generator(1), [3])).toThrow(
      `${name}: examples of shape [3] are no sequences of numbers, [length, size]`,
    );
  });
});
