import { describe, expect, test } from 'vitest';
import { allocateOutputs, compileGraph } from '../../src/compile/index.js';
import { compileForLibrary } from '../../src/compile/native/index.js';
import { profileGraph } from '../../src/compile/onnx/profile-graph-node.js';
import type { Tensor } from '../../src/graph/index.js';
import { flattenTree, unflattenTree } from '../../src/graph/tree.js';
import { batchNorm, checkpointLayers, conv, relu, sequential, type Layer } from '../../src/nn/index.js';
import { float32, trace } from '../../src/ops/index.js';
import { Generator, normal } from '../../src/random/index.js';
import { grad } from '../../src/transform/index.js';
import { describeNative, relativeError } from './support.js';

type Leaves = readonly Tensor[];

const input = [4, 16, 16];
const model = sequential(
  ...Array.from({ length: 8 }, () => [conv(16, 3, { padding: 1 }), batchNorm(), relu()]).flat(),
);
const initial = model.init(new Generator(1), input);
const leaves = flattenTree(initial.parameters);
const state = flattenTree(initial.state);
const examples = normal(new Generator(2), [8, ...input]);

/** All gradients of a training step. */
function gradientsOf(layer: Layer) {
  const loss = (parameters: Leaves, state: Leaves, x: Tensor) => {
    const trees = [
      unflattenTree(initial.parameters, parameters),
      unflattenTree(initial.state, state),
    ] as const;
    return layer
      .apply(...trees, x, { training: true })
      .output.square()
      .mean();
  };
  return trace<[Leaves, Leaves, Tensor], Leaves>(grad(loss), [leaves, state, float32(8, ...input)]);
}

const [whole, cut] = [model, checkpointLayers(model, initial, input, 4)].map(gradientsOf);
const inputs = [...leaves, ...state, examples];

async function run(graph: typeof whole, target: 'onnx' | 'native') {
  const program = await compileGraph(graph, { target });
  const outputs = allocateOutputs(graph);
  await program.run(inputs, outputs);
  program.close();
  return outputs;
}

// Sums of the same numbers in other orders: some units of float32 at each of 24 layers.
const bound = 1e-5;

describe('activations that are computed again', () => {
  test('by ONNX Runtime: it does not merge them with the first ones, and gradients stay', async () => {
    const [expected, actual] = await Promise.all([run(whole, 'onnx'), run(cut, 'onnx')]);
    actual.forEach((array, index) => expect(relativeError(array, expected[index])).toBeLessThan(bound));
    const convolutions = async (graph: typeof whole) => {
      const { nodes } = await profileGraph(graph, inputs, { threads: 1 });
      return nodes.filter(({ op }) => op === 'conv').length;
    };
    // Eight forwards, and six of them again: the last segment has two.
    expect([await convolutions(whole), await convolutions(cut)]).toEqual([8, 14]);
  });
});

describeNative('activations that are computed again, on oneDNN', () => {
  test('take less memory, and gradients stay', async () => {
    const [expected, actual] = [await run(whole, 'native'), await run(cut, 'native')];
    actual.forEach((array, index) => expect(relativeError(array, expected[index])).toBeLessThan(bound));
    const bytes = async (graph: typeof whole) => {
      const program = await compileForLibrary(graph);
      program?.close();
      return program?.bytes ?? NaN;
    };
    expect(await bytes(cut)).toBeLessThan(0.75 * (await bytes(whole)));
  });
});
