import { describe, expect, test } from 'vitest';
import { zeros, type NDArray } from '../graph/ndarray.js';
import {
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  flatten,
  relu,
  sequential,
  type Layer,
} from '../nn/index.js';
import { parseOptimizer } from '../optim/index.js';
import { Generator, integers, normal } from '../random/index.js';
import { AccumulatedStep } from './accumulate.js';
import { judgeOf } from './judge.js';
import { startState } from './start.js';
import { TrainingStep, type StepBatch, type Stepper, type StepRequest } from './step.js';

const batchSize = 12;
const classes = ['a', 'b', 'c'];
const shape = [2, 6, 6];

const plain = () => sequential(conv(4, 3), relu(), flatten(), dense(8), relu(), dense(classes.length));
const withNorm = () => sequential(conv(4, 3), batchNorm(), relu(), flatten(), dense(classes.length));

function requestFor(model: Layer, optimizer: string, target: 'javascript' | 'onnx'): StepRequest {
  const initial = model.init(new Generator(3), shape);
  const parsed = parseOptimizer(optimizer);
  return {
    model,
    initial,
    input: { shape, dtype: 'float32' },
    label: { shape: [], dtype: 'int32' },
    judge: judgeOf({ kind: 'classification', classes }, crossEntropy, shape),
    compile: target === 'onnx' ? { target, threads: 1 } : { target },
    start: startState(initial, parsed),
    batchSize,
    optimizer: parsed,
    cyclesMomentum: false,
    mixes: false,
  };
}

const data = new Generator(5);
const examples = Array.from({ length: 3 }, () => normal(data, [batchSize, ...shape]));
const labels = Array.from({ length: 3 }, () => integers(data, [batchSize], 0, classes.length));

/** Three steps; what each found, and the state after the last. */
async function walk(request: StepRequest, stepper: Stepper) {
  const found = [];
  for (const [index, batch] of examples.entries()) {
    const values = { lr: 0.1, step: index + 1, random: new Generator(7).fork(index) };
    found.push(await stepper.run({ inputs: batch, labels: labels[index] }, values));
  }
  stepper.close();
  return { found, state: request.start.state.tensors() };
}

async function both(model: () => Layer, optimizer: string, parts: number, target: 'javascript' | 'onnx') {
  const [whole, cut] = [requestFor(model(), optimizer, target), requestFor(model(), optimizer, target)];
  return [
    await walk(whole, await TrainingStep.compile(whole)),
    await walk(cut, await AccumulatedStep.compile(cut, parts)),
  ];
}

/** The largest difference of two arrays over the largest number. */
function distance(a: NDArray, b: NDArray): number {
  let largest = 0;
  let difference = 0;
  a.data.forEach((value, index) => {
    largest = Math.max(largest, Math.abs(value));
    difference = Math.max(difference, Math.abs(value - b.data[index]));
  });
  return difference / largest;
}

describe('the mean gradient of the parts is that of the whole batch', () => {
  // Each by what it asks of a step: nothing, a state, the gradient at another place (twice), noise, its own shapes with the host (in one
  // part: the eigenvectors that it takes of so few examples are their rounding).
  test.each([
    ['sgd', 3, 'javascript'],
    ['sgd:momentum=0.9', 12, 'onnx'],
    ['adamw', 2, 'javascript'],
    ['sgd+sam', 4, 'javascript'],
    ['schedulefreesgd', 3, 'onnx'],
    ['sgd+gradientnoise', 3, 'javascript'],
    ['soap', 1, 'javascript'],
    ['adam+clipnorm+ema', 6, 'onnx'],
  ] as const)('%s in %d parts on %s', async (optimizer, parts, target) => {
    const [whole, cut] = await both(plain, optimizer, parts, target);
    cut.found.forEach(({ loss, mean }, index) => {
      // Sums of float32 in another order, passed on through three steps.
      expect(Math.abs(loss - whole.found[index].loss)).toBeLessThan(2e-6);
      expect(mean).toBe(whole.found[index].mean);
    });
    const trained = Object.keys(whole.state).filter((name) => name.startsWith('model'));
    expect(trained).toHaveLength(6);
    const distances = trained.map((name) => distance(whole.state[name], cut.state[name]));
    // adam divides tiny gradients by their own size, so that their rounding counts more.
    expect(Math.max(...distances)).toBeLessThan(optimizer.includes('sgd') ? 3e-6 : 2e-4);
  });
});

test('batch norm takes each part for a batch: its running statistics move once a part', async () => {
  const request = requestFor(withNorm(), 'sgd', 'javascript');
  const { state } = await walk(request, await AccumulatedStep.compile(request, 3));
  // The same by a step a part that changes nothing: lr 0.
  const alone = { ...requestFor(withNorm(), 'sgd', 'javascript'), batchSize: 4 };
  const stepper = await TrainingStep.compile(alone);
  const [batch] = examples;
  for (let part = 0; part < 3; part++) {
    const rows = { ...zeros([4, ...shape]), data: batch.data.slice(part * 4 * 72, (part + 1) * 4 * 72) };
    const own = { ...labels[0], data: labels[0].data.slice(part * 4, part * 4 + 4), shape: [4] };
    await stepper.run({ inputs: rows, labels: own }, { lr: 0, step: 1, random: new Generator(0) });
  }
  stepper.close();
  const first = requestFor(withNorm(), 'sgd', 'javascript');
  const one = await AccumulatedStep.compile(first, 3);
  await one.run({ inputs: batch, labels: labels[0] }, { lr: 0.1, step: 1, random: new Generator(0) });
  one.close();
  const statistics = Object.keys(state).filter((name) => name.startsWith('state'));
  expect(statistics.length).toBeGreaterThan(0);
  for (const name of statistics) {
    expect(first.start.state.tensors()[name]).toEqual(alone.start.state.tensors()[name]);
  }
});

test('each part has dropout masks of its own, the same for the same step', async () => {
  // Without weights before it, dropout shows in the loss alone: equal rows in each part would else give equal losses.
  const model = () => sequential(flatten(), dropout(0.5), dense(classes.length));
  const losses = async (parts: number) => {
    const request = requestFor(model(), 'sgd', 'javascript');
    return (await walk(request, await AccumulatedStep.compile(request, parts))).found.map(({ loss }) => loss);
  };
  expect(await losses(3)).toEqual(await losses(3));
  expect(await losses(3)).not.toEqual(await losses(2));
});

test.each([
  [{}, 5, 'a batch of 12 cannot be accumulated from 5 parts of one size; take a divisor of 12'],
  [{ optimizer: parseOptimizer('sophia') }, 2, 'sophia measures curvature on the whole batch'],
])('what cannot be cut is named: %#', async (change, parts, message) => {
  const request = { ...requestFor(plain(), 'sgd', 'javascript'), ...change };
  await expect(AccumulatedStep.compile(request, parts)).rejects.toThrow(message);
});

test('the loss of a mixed batch is the weighted sum of those of its two sets of labels, in one piece and in parts', async () => {
  const weight = Math.fround(0.3);
  const [inputs] = examples;
  const [first, second] = labels;
  const lossOf = async (batch: StepBatch, parts?: number) => {
    const mixes = batch.mix !== undefined;
    const request = { ...requestFor(plain(), 'sgd', 'javascript'), mixes };
    const compiled =
      parts === undefined ? TrainingStep.compile(request) : AccumulatedStep.compile(request, parts);
    const stepper = await compiled;
    const found = await stepper.run(batch, { lr: 0.1, step: 1, random: new Generator(0) });
    stepper.close();
    return { ...found, weight: request.start.state.tensors()['model.5.bias'] };
  };
  const one = await lossOf({ inputs, labels: first });
  const other = await lossOf({ inputs, labels: second });
  const mix = { labels: second, weight: { ...zeros([]), data: Float32Array.of(weight) } };
  for (const mixed of [
    await lossOf({ inputs, labels: first, mix }),
    await lossOf({ inputs, labels: first, mix }, 4),
  ]) {
    // A few roundings of float32.
    expect(mixed.loss).toBeCloseTo(weight * one.loss + (1 - weight) * other.loss, 6);
    expect(mixed.mean).toBeCloseTo(weight * one.mean + (1 - weight) * other.mean, 6);
    // The step is linear in the gradient, so the bias moves by the weighted sum too.
    mixed.weight.data.forEach((value, index) => {
      expect(value).toBeCloseTo(weight * one.weight.data[index] + (1 - weight) * other.weight.data[index], 6);
    });
  }
});
