import { describe, expect, test } from 'vitest';
import { compile } from '../compile/index.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import { float32, int32, trace } from '../ops/index.js';
import { Generator } from '../random/index.js';
import { simplify, valueAndGradWithAux } from '../transform/index.js';
import { batchNorm, checkpointLayers, conv, crossEntropy, dense, dropout, flatten, models } from './index.js';
import { RandomKey, relu, sequential, type Layer, type Segments } from './index.js';

type Leaves = readonly Tensor[];

const input = [1, 6, 6];
const model = sequential(
  conv(4, 3, { padding: 1 }),
  batchNorm(),
  relu(),
  dropout(0.3),
  conv(4, 3, { padding: 1 }),
  batchNorm(),
  relu(),
  flatten(),
  dense(3),
);
const initial = model.init(new Generator(1), input);
const random = new Generator(2);
const examples = ndarray(
  Float32Array.from({ length: 5 * 36 }, () => random.uniform()),
  [5, ...input],
);
const labels = ndarray(Int32Array.of(0, 1, 2, 1, 0));
const key = ndarray(Int32Array.of(7, 8));

/** Loss, gradients and new state. */
function stepOf(layer: Layer) {
  return (leaves: Leaves, state: Leaves, x: Tensor, y: Tensor, k: Tensor): Leaves => {
    const objective = valueAndGradWithAux((parameters: Leaves) => {
      const options = { training: true, key: new RandomKey(k) };
      const trees = [
        unflattenTree(initial.parameters, parameters),
        unflattenTree(initial.state, state),
      ] as const;
      const applied = layer.apply(...trees, x, options);
      return { value: crossEntropy(applied.output, y), aux: flattenTree(applied.state) };
    });
    const { value, aux, gradient } = objective(leaves);
    return [value, ...aux, ...gradient];
  };
}
const arrays = [flattenTree(initial.parameters), flattenTree(initial.state)] as const;
const specs: Parameters<typeof trace<[Leaves, Leaves, Tensor, Tensor, Tensor], Leaves>>[1] = [
  ...arrays,
  float32(5, ...input),
  int32(5),
  int32(2),
];
const countOf = (layer: Layer, name: string) =>
  simplify(trace(stepOf(layer), specs)).nodes.filter(({ op }) => op.name === name).length;

describe('checkpointed layers', () => {
  const cut = checkpointLayers(model, initial, input, 3);

  test('compute the same loss, gradients, statistics and masks, bit by bit', () => {
    const [expected, actual] = [model, cut].map((layer) =>
      compile(stepOf(layer), specs).run(...arrays, examples, labels, key),
    );
    expect(actual).toEqual(expected);
    expect(countOf(cut, 'conv')).toBeGreaterThan(countOf(model, 'conv'));
    expect(countOf(cut, 'uniform')).toBe(1);
  });

  test('are cut where the largest inside is least, down to single layers', () => {
    const tall = sequential(...Array.from({ length: 9 }, () => dense(8)));
    const first = tall.init(new Generator(0), [8]);
    const step = (layer: Layer) => (leaves: Leaves, x: Tensor) =>
      valueAndGradWithAux((p: Leaves) => ({
        value: layer
          .apply(unflattenTree(first.parameters, p), [...(first.state as readonly [])], x, { training: true })
          .output.sum(),
        aux: [],
      }))(leaves).gradient;
    const products = (segments: Segments) =>
      simplify(
        trace(step(checkpointLayers(tall, first, [8], segments)), [
          flattenTree(first.parameters),
          float32(2, 8),
        ]),
      ).nodes.filter(({ op }) => op.name === 'barrier').length;
    // All but the last are computed again: three and three of nine, then each but one.
    expect(products('sqrt')).toBe(2);
    expect(products(9)).toBe(8);
  });

  test('leave what takes symbols outside, and evaluation as it is', () => {
    const transformer = models.transformer.build([8], 12);
    const start = transformer.init(new Generator(0), [8]);
    const apply = (layer: Layer) => (leaves: Leaves, x: Tensor) =>
      layer.apply(unflattenTree(start.parameters, leaves), start.state as readonly [], x, { training: false })
        .output;
    const leaves = flattenTree(start.parameters);
    const names = [transformer, checkpointLayers(transformer, start, [8])].map((layer) =>
      simplify(trace(apply(layer), [leaves, int32(2, 8)])).nodes.map(({ op }) => op.name),
    );
    expect(names[1]).toEqual(names[0]);
  });

  test('refuse what cannot be cut', () => {
    expect(() => checkpointLayers(model, initial, input, 1)).toThrow('from 2 to 9');
    expect(() => checkpointLayers(model, initial, input, 10)).toThrow(
      'from 2 to 9, the layers of the model, not 10',
    );
    const single = dense(3);
    expect(() => checkpointLayers(single, single.init(new Generator(0), [4]), [4])).toThrow(
      'no chain of layers',
    );
  });
});
