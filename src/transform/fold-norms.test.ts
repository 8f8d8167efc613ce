import { expect, test } from 'vitest';
import { compileGraph } from '../compile/index.js';
import { zeros, type NDArray, type Tensor } from '../graph/index.js';
import { conv, float64, normalize, trace } from '../ops/index.js';
import { Generator, uniform } from '../random/index.js';
import { foldNorms } from './fold-norms.js';
import { splitGraph } from './split.js';

const types = [float64(2, 3, 6, 6), float64(4, 3, 3, 3), ...Array.from({ length: 4 }, () => float64(4))];
const network = (x: Tensor, w: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, bias: Tensor) => [
  normalize(conv(x, w, { padding: 1 }), { mean, variance, scale, bias }).relu(),
];
const changes = [true, false, false, false, false, false];

function valuesOf(seed: number): NDArray[] {
  const generator = new Generator(seed);
  return types.map(({ shape }, index) =>
    uniform(generator.fork(index), shape, { low: 0.5, high: 2, dtype: 'float64' }),
  );
}

test('the norm is in the weights, and the result is the same', () => {
  const graph = trace(network, types as never);
  const folded = foldNorms(graph, changes);
  const values = valuesOf(1);
  const [expected, actual] = [graph, folded].map((one) => {
    const out = zeros([2, 4, 6, 6], 'float64');
    compileGraph(one).run(values, [out]);
    return out;
  });
  // Sums of 27 products, in another order.
  actual.data.forEach((value, at) => expect(value).toBeCloseTo(expected.data[at], 12));
  const { apply } = splitGraph(folded, changes);
  expect(
    apply.nodes.map(({ op }) => op.name).filter((name) => name !== 'input' && name !== 'reshape'),
  ).toEqual(['conv', 'add', 'relu']);
});

test('a norm whose statistics change, or whose convolution is read elsewhere, stays', () => {
  const graph = trace(network, types as never);
  expect(foldNorms(graph, [true, false, true, false, false, false])).toBe(graph);
  expect(foldNorms(graph, [true, true, false, false, false, false])).toBe(graph);
  const shared = trace((...inputs: Parameters<typeof network>) => {
    const y = conv(inputs[0], inputs[1], { padding: 1 });
    const [, , mean, variance, scale, bias] = inputs;
    return [normalize(y, { mean, variance, scale, bias }).add(y)];
  }, types as never);
  expect(foldNorms(shared, changes)).toBe(shared);
});
