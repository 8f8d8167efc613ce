import { expect, test } from 'vitest';
import { compileForLibrary } from '../../src/compile/native/compile.js';
import type { Graph } from '../../src/graph/graph.js';
import { zeros, type NDArray } from '../../src/graph/ndarray.js';
import type { Tensor } from '../../src/graph/tensor.js';
import { conv, dense, flatten, relu, sequential, type Layer } from '../../src/nn/index.js';
import { flattenTree, unflattenTree, type Tree } from '../../src/graph/tree.js';
import { float32, trace } from '../../src/ops/index.js';
import { Generator, normal } from '../../src/random/index.js';
import { grad } from '../../src/transform/index.js';
import { describeNative } from './support.js';

const input = [3, 12, 12] as const;
const model: Layer = sequential(
  conv(8, 3),
  relu(),
  conv(16, 3),
  relu(),
  flatten(),
  dense(40),
  relu(),
  dense(5),
);
const initial = model.init(new Generator(1), input);
const leaves = flattenTree(initial.parameters);

/** The gradient of each parameter of a network, first layer first. */
const gradient: Graph = trace<[Tree<Tensor>, Tensor], readonly Tensor[]>(
  (parameters, x) => {
    const objective = (list: Tree<Tensor>) => {
      const { output } = model.apply(
        unflattenTree(initial.parameters, flattenTree(list)),
        unflattenTree(initial.state, []),
        x,
        {
          training: true,
        },
      );
      return output.mul(output).sum();
    };
    return flattenTree<Tensor>(grad(objective)(parameters));
  },
  [leaves.map(({ shape }) => float32(...shape)), float32(4, ...input)],
);
const inputs: NDArray[] = [...leaves, normal(new Generator(2), [4, ...input])];
const blank = () => gradient.outputs.map((id) => zeros(gradient.nodes[id].shape));

describeNative('groups of outputs', () => {
  // Layer by layer, the last one first.
  const groups = [
    [6, 7],
    [4, 5],
    [2, 3],
    [0, 1],
  ];

  test('each is told of once it is complete, in the order of the backward pass, and the bits stay', async () => {
    const whole = await compileForLibrary(gradient);
    const grouped = await compileForLibrary(gradient, { groups });
    const [expected, got] = [blank(), blank()];
    await whole?.run(inputs, expected);
    for (let run = 0; run < 2; run++) {
      for (const { data } of got) data.fill(NaN);
      const told: number[] = [];
      const seen = new Map<number, number[]>();
      await grouped?.run(inputs, got, (group) => {
        told.push(group);
        for (const place of groups[group]) seen.set(place, [...got[place].data]);
      });
      expect(told).toEqual([0, 1, 2, 3]);
      expected.forEach(({ data }, place) => expect(seen.get(place)).toEqual([...data]));
    }
    whole?.close();
    grouped?.close();
  });

  test('what others read of a group is not overwritten by who was told', async () => {
    const f = (x: Tensor, y: Tensor) => {
      const product = x.matmul(y);
      return [product, product.matmul(y).tanh()];
    };
    const graph = trace<[Tensor, Tensor], Tensor[]>(f, [float32(32, 32), float32(32, 32)]);
    const executable = await compileForLibrary(graph, { groups: [[0], [1]] });
    const [x, y] = [normal(new Generator(3), [32, 32]), normal(new Generator(4), [32, 32])];
    const outputs = () => [zeros([32, 32]), zeros([32, 32])];
    const [expected, got] = [outputs(), outputs()];
    await executable?.run([x, y], expected);
    await executable?.run([x, y], got, (group) => {
      if (group === 0) got[0].data.fill(NaN);
    });
    expect(got[1].data).toEqual(expected[1].data);
    executable?.close();
  });
});
