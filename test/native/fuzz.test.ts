import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/compile/index.js';
import type { NDArray, Shape, Tensor } from '../../src/graph/index.js';
import { maximum, minimum } from '../../src/ops/index.js';
import { Generator, uniform } from '../../src/random/index.js';
import { describeNative, keepWorker } from './support.js';

keepWorker();

/** Large enough for primitives, with an extent that no vector register divides. */
const shape: Shape = [6, 16, 5, 7];
const parts: readonly Shape[] = [
  shape,
  [],
  [7],
  [16, 1, 1],
  [6, 1, 1, 1],
  [5, 7],
  [6, 16, 1, 1],
  [1, 16, 5, 7],
];

type Step = readonly [kind: string, left: number, right: number];

const kinds = [
  'add',
  'sub',
  'mul',
  'div',
  'max',
  'min',
  'relu',
  'tanh',
  'sigmoid',
  'exp',
  'abs',
  'neg',
  'scale',
  'shift',
  'greater',
  'transpose',
  'reshape',
  'slice',
  'sumRow',
  'sumColumn',
  'sumChannel',
  'maxRow',
];

function bring(x: Tensor, like: Shape): Tensor {
  if (x.shape.join() === like.join()) return x;
  return x.size === like.reduce((a, b) => a * b, 1) ? x.reshape(like) : x.broadcastTo(like);
}

/** One step on two full tensors; every result is bounded, so that rounding stays rounding. */
function apply(kind: string, a: Tensor, b: Tensor): Tensor {
  switch (kind) {
    case 'add':
      return a.add(b).mul(0.5);
    case 'sub':
      return a.sub(b).mul(0.5);
    case 'mul':
      return a.mul(b);
    case 'div':
      return a.div(b.abs().add(1));
    case 'max':
      return maximum(a, b);
    case 'min':
      return minimum(a, b);
    case 'relu':
      return a.relu();
    case 'tanh':
      return a.tanh();
    case 'sigmoid':
      return a.sigmoid();
    case 'exp':
      return a.abs().neg().exp();
    case 'abs':
      return a.abs();
    case 'neg':
      return a.neg();
    case 'scale':
      return a.mul(-0.7);
    case 'shift':
      return a.add(0.25).mul(0.5);
    case 'greater':
      return a.greater(b).where(a, b.mul(0.5));
    case 'transpose':
      return a.transpose([0, 1, 3, 2]).reshape(shape).add(b).mul(0.5);
    case 'reshape':
      return a.reshape([16, 6, 5, 7]).reshape(shape);
    case 'slice':
      return a.slice([0, 0, 1, 0], [6, 16, 3, 7]).mean({ axes: 2, keepDims: true }).mul(b);
    case 'sumRow':
      return a.mean({ axes: 3, keepDims: true }).sub(b).mul(0.5);
    case 'sumColumn':
      return a.mean({ axes: [0, 1] }).mul(b);
    case 'sumChannel':
      return a
        .mean({ axes: [0, 2, 3], keepDims: true })
        .add(b)
        .mul(0.5);
    default:
      return a.max({ axes: 3, keepDims: true }).add(b).mul(0.5);
  }
}

function program(steps: readonly Step[], results: readonly number[]) {
  return (inputs: readonly Tensor[]): Tensor[] => {
    const values: Tensor[] = inputs.map((input) => input);
    for (const [kind, left, right] of steps) {
      const a = bring(values[left % values.length], shape);
      // The second operand keeps its own shape where the op broadcasts it.
      const b = values[right % values.length];
      const isPlain = ['add', 'sub', 'mul', 'max', 'min'].includes(kind);
      values.push(bring(apply(kind, a, isPlain ? b : bring(b, shape)), shape));
    }
    return results.map((place) => values[inputs.length + (place % steps.length)]);
  };
}

const inputs: NDArray[] = parts.map((part, index) =>
  uniform(new Generator(9).fork(index), part, { low: -1, high: 1 }),
);

describeNative('random graphs', () => {
  test('give what JavaScript gives, to float32 rounding', async () => {
    const step = fc.tuple(fc.constantFrom(...kinds), fc.nat(30), fc.nat(30));
    const steps = fc.array(step, { minLength: 1, maxLength: 14 });
    const results = fc.array(fc.nat(20), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(steps, results, async (list, places) => {
        const f = program(list, places);
        const expected = compile(f, [inputs]).run(inputs);
        const native = await compile(f, [inputs], { target: 'native' });
        const actual = await native.run(inputs);
        native.close();
        // Some tens of steps, each with a rounding of 6e-8 of numbers below 2. A NaN is no small difference.
        const isClose = (array: NDArray, index: number) =>
          array.data.every((value, at) => Math.abs(value - expected[index].data[at]) < 2e-5);
        expect(actual.every(isClose)).toBe(true);
      }),
      { numRuns: 25, seed: 5 },
    );
  });
});
