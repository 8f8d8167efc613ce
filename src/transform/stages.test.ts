import { describe, expect, test } from 'vitest';
import { compileGraph } from '../compile/index.js';
import { verify } from '../graph/index.js';
import { zeros, type NDArray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { float64, trace } from '../ops/index.js';
import { Generator, uniform } from '../random/index.js';
import { grad, stagesOf } from './index.js';

type Leaves = readonly Tensor[];

/** Gradients of a chain of four layers, and a result that only the forward pass takes. */
const graph = trace<[Leaves, Tensor], Leaves>(
  (weights, x) => {
    const forward = (list: Leaves) => list.reduce((value, weight) => value.matmul(weight).tanh(), x);
    const gradients = grad((list: Leaves) => forward(list).sum())(weights);
    return [...gradients, forward(weights).mean()];
  },
  [Array.from({ length: 4 }, () => float64(3, 3)), float64(5, 3)],
);
const inputs: NDArray[] = graph.inputs.map((id, index) =>
  uniform(new Generator(index), graph.nodes[id].shape, { dtype: 'float64' }),
);
const blank = (ids: readonly number[], nodes = graph.nodes) =>
  ids.map((id) => zeros(nodes[id].shape, 'float64'));

describe('stagesOf', () => {
  test.each([
    ['one stage', [[3, 2, 1, 0]]],
    ['layer by layer', [[3], [2], [1], [0]]],
    ['two, some outputs in none', [[3, 2], [1]]],
    ['against the order of the backward pass', [[0], [3]]],
    ['an output that an earlier stage had to compute', [[0], [1], [4]]],
  ])('%s: the stages together give what the graph gives', (_, groups) => {
    const expected = blank(graph.outputs);
    compileGraph(graph).run(inputs, expected);
    const { graph: whole, stages } = stagesOf(graph, groups);
    const kept = new Map<number, NDArray>();
    const got = new Map<number, NDArray>();
    for (const stage of stages) {
      verify(stage.graph);
      const outputs = blank(stage.graph.outputs, stage.graph.nodes);
      const taken = stage.takes.map((id) => {
        const array = kept.get(id);
        if (array === undefined) throw new Error(`nobody kept ${id}`);
        return array;
      });
      compileGraph(stage.graph).run([...inputs, ...taken], outputs);
      stage.places.forEach((place, index) => got.set(place, outputs[index]));
      stage.keeps.forEach((id, index) => kept.set(id, outputs[stage.places.length + index]));
      // Nobody takes an output's own array: who is told of it may write to it.
    }
    expected.forEach(({ data }, place) => expect(got.get(place)?.data).toEqual(data));
    expect(whole.outputs).toHaveLength(graph.outputs.length);
  });

  test('nothing is computed twice but what only moves numbers', () => {
    const { graph: whole, stages } = stagesOf(graph, [[3], [2], [1], [0]]);
    const count = (name: string, list: readonly { op: { name: string } }[]) =>
      list.filter(({ op }) => op.name === name).length;
    for (const name of ['matmul', 'tanh']) {
      const inStages = stages.reduce((sum, stage) => sum + count(name, stage.graph.nodes), 0);
      expect(inStages).toBe(count(name, whole.nodes));
    }
  });
});
