import { describe, expect, onTestFinished, test } from 'vitest';
import { readGolden, symmetric, fill } from '../../test/support/golden.js';
import { temporaryFolder } from '../../test/support/cli.js';
import { createDataset, type Dataset } from '../data/index.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import {
  batchNorm,
  conv,
  crossEntropy,
  dense,
  dropout,
  flatten,
  models,
  relu,
  sequential,
  type Initialised,
  type Layer,
} from '../nn/index.js';
import { oneCycle, parseOptimizer, parseSchedule, sgd } from '../optim/index.js';
import { Generator, integers } from '../random/index.js';
import type { CompileOptions } from '../compile/index.js';
import { Evaluator } from './evaluate.js';
import { judgeOf } from './judge.js';
import type { Learner } from './learner.js';
import type { Progress } from './loop.js';
import { startState } from './start.js';
import { TrainingStep } from './step.js';
import { train, type TrainOptions } from './train.js';

interface Golden {
  batch: number;
  input: { shape: number[]; k: number };
  parameters: { name: string; shape: number[]; k: number; bound: number }[];
  sgd: { lr: number; momentum: number; steps: number };
  float32: { losses: number[]; parametersAfter: { name: string; norm: number }[] };
}

/** The golden array with its closed form; dense weights are transposed, for ours are [inputs, outputs]. */
function goldenArray({ shape, k, bound }: Golden['parameters'][number]): NDArray {
  const size = sizeOf(shape);
  const data = new Float32Array(size);
  const [outputs, inputs] = shape;
  for (let index = 0; index < size; index++) {
    const place = shape.length === 2 ? (index % inputs) * outputs + Math.floor(index / inputs) : index;
    data[place] = symmetric(index, k, bound);
  }
  return ndarray(data, shape.length === 2 ? [inputs, outputs] : shape);
}

/** A classifier judged by its cross-entropy. */
function learnerOf(model: Layer, initial: Initialised, shape: Shape, compile: CompileOptions): Learner {
  const classes = Array.from({ length: initial.output[0] }, (_, index) => `${index}`);
  return {
    model,
    initial,
    input: { shape, dtype: 'float32' },
    label: { shape: [], dtype: 'int32' },
    judge: judgeOf({ kind: 'classification', classes }, crossEntropy, shape),
    compile,
  };
}

describe('twenty steps of SGD with momentum equal those of PyTorch', () => {
  test.each([
    ['mlp', 'onnx'],
    ['lenet', 'onnx'],
    ['cnn', 'onnx'],
    ['lenet', 'javascript'],
  ] as const)('%s on %s', async (name, target) => {
    const golden = readGolden(`${name}.json`) as Golden;
    const input = golden.input.shape.slice(1);
    const model = models[name].build(input, 10);
    const given = model.init(new Generator(0), input);
    const weights = golden.parameters.map(goldenArray);
    const initial = { ...given, parameters: unflattenTree(given.parameters, weights) };
    const { lr, momentum, steps } = golden.sgd;
    const optimizer = sgd({ lr, momentum });
    const start = startState(initial, optimizer);
    const batchSize = golden.batch;
    const compile = target === 'onnx' ? ({ target, threads: 1 } as const) : { target };
    const shared = learnerOf(model, initial, input, compile);
    const step = await TrainingStep.compile({
      ...shared,
      start,
      optimizer,
      batchSize,
      cyclesMomentum: false,
      mixes: false,
    });

    const pixels = new Float32Array(sizeOf(golden.input.shape)).map((_, index) =>
      fill(index, golden.input.k),
    );
    const examples = ndarray(pixels, golden.input.shape);
    const labels = ndarray(Int32Array.from({ length: batchSize }, (_, index) => index % 10));
    const losses: number[] = [];
    for (let count = 1; count <= steps; count++) {
      losses.push(
        (await step.run({ inputs: examples, labels }, { lr, step: count, random: new Generator(0) })).loss,
      );
    }
    step.close();
    const evaluator = new Evaluator(shared);
    const split = { size: batchSize, inputs: examples, labels };
    losses.push((await evaluator.score(start.weights(), split)).loss);
    await evaluator.close();

    // float32 against float32, over 20 steps that each pass their error on: 1e-4 of the first loss and of each norm.
    golden.float32.losses.forEach((expected, index) => {
      expect(Math.abs(losses[index] - expected)).toBeLessThan(1e-4 * golden.float32.losses[0]);
    });
    golden.float32.parametersAfter.forEach(({ norm }, index) => {
      let squares = 0;
      for (const value of start.weights().parameters[index].data) squares += value * value;
      expect(Math.abs(Math.sqrt(squares) - norm)).toBeLessThan(1e-4 * norm);
    });
  });
});

/** Rows of 6×6 bytes whose brightest quarter tells their class; 37 + 23 of them, so that no batch fits evenly. */
function quarters(seed = 0): Dataset {
  const generator = new Generator(seed);
  const part = (rows: number) => {
    const inputs = Uint8Array.from(integers(generator, [rows, 36], 0, 120).data);
    const labels = Uint8Array.from({ length: rows }, (_, row) => row % 4);
    labels.forEach((label, row) => {
      for (let pixel = 0; pixel < 36; pixel++) {
        const quarter = (Math.floor(pixel / 18) << 1) | Math.floor((pixel % 6) / 3);
        if (quarter === label) inputs[row * 36 + pixel] += 60;
      }
    });
    return { inputs, labels };
  };
  return createDataset({
    name: 'quarters',
    source: 'made by the test',
    inputShape: [1, 6, 6],
    classes: ['a', 'b', 'c', 'd'],
    train: part(37),
    test: part(23),
  });
}

const data = quarters();

/** Everything at once that keeps a state or draws random numbers. */
const restless = () =>
  sequential(
    conv(3, 3),
    batchNorm(),
    relu(),
    flatten(),
    dropout(0.3),
    dense(8),
    relu(),
    dropout(0.2),
    dense(4),
  );

const base: TrainOptions = {
  model: restless(),
  data,
  batchSize: 8,
  steps: 23,
  optimizer: 'adam:lr=1e-2',
  target: 'javascript',
};

test('training lowers the loss, and the labels are learnt', async () => {
  const { report } = await train({ ...base, steps: 150 });
  expect(report.test?.accuracy).toBeGreaterThan(0.9);
  expect(report.test?.loss).toBeLessThan(0.5);
  expect(report).toMatchObject({ steps: 150, epochs: 38, run: null, resumedFrom: null, data: 'quarters' });
});

test('the same seed gives the same bits, another seed others', async () => {
  const [first, again, other] = [await train(base), await train(base), await train({ ...base, seed: 1 })];
  expect(again.parameters).toEqual(first.parameters);
  expect(again.state).toEqual(first.state);
  expect(other.parameters).not.toEqual(first.parameters);
});

test('the targets agree on everything but the last bits', async () => {
  const losses = async (target: 'javascript' | 'onnx') => {
    const seen: number[] = [];
    const onProgress = (progress: Progress) => {
      if (progress.kind === 'step') seen.push(progress.score.loss);
    };
    await train({ ...base, target, threads: 1, steps: 12, onProgress });
    return seen;
  };
  const [javascript, onnx] = [await losses('javascript'), await losses('onnx')];
  // float32 rounding, passed on through twelve steps.
  onnx.forEach((loss, index) => expect(Math.abs(loss - javascript[index])).toBeLessThan(1e-4));
});

describe('a run that stops and goes on is the run that did not stop', () => {
  // What an optimiser or a schedule may need of the loop, each by one that needs it.
  test.each([
    ['two moments', 'adamw:lr=1e-2', 'onecycle'],
    ['a cycled momentum', 'sgd:lr=0.1,momentum=0.9', 'onecycle:cycleMomentum'],
    ['a factor that follows the test loss', 'sgd:lr=0.5', 'plateau:patience=0,factor=0.5'],
    ['noise', 'sgd:lr=0.1+gradientnoise', 'constant'],
    ['a second gradient', 'sgd:lr=0.1+sam', 'constant'],
    ['averaged parameters', 'sgd:lr=0.1+ema', 'constant'],
    ['parameters in their own shapes, and work on the host', 'soap:lr=1e-2', 'constant'],
    ['the curvature', 'sophia:lr=1e-2', 'constant'],
  ])('with %s (%s)', async (_, optimizer, schedule) => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const options = {
      ...base,
      optimizer: parseOptimizer(optimizer),
      schedule: parseSchedule(schedule, { lr: 0.05, steps: 23 }),
    };
    const whole = await train(options);
    const out = `${folder.path}/run`;
    let resume = false;
    let stopped = 0;
    // Stopped within the first epoch, at its end, within another, and shortly before the end.
    for (const stop of [1, 4, 10, 21]) {
      const controller = new AbortController();
      const onProgress = (progress: Progress) => {
        if (progress.kind === 'step' && progress.step === stop) controller.abort();
      };
      const { report, finished } = await train({
        ...options,
        out,
        resume,
        onProgress,
        signal: controller.signal,
      });
      expect(finished).toBe(false);
      expect(report.resumedFrom).toBe(resume ? stopped : null);
      // The step after may be going on already when one is told.
      expect([stop, stop + 1]).toContain(report.steps);
      resume = true;
      stopped = report.steps;
    }
    const last = await train({ ...options, out, resume: true });
    expect(last.finished).toBe(true);
    expect(last.parameters).toEqual(whole.parameters);
    expect(last.state).toEqual(whole.state);
    expect(last.report.train).toEqual(whole.report.train);
    expect(last.report.test).toEqual(whole.report.test);
  });

  test('a finished run goes on by doing nothing', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const out = `${folder.path}/run`;
    const first = await train({ ...base, out });
    const again = await train({ ...base, out, resume: true });
    expect(again.parameters).toEqual(first.parameters);
    expect(again.report).toEqual({ ...first.report, resumedFrom: 23 });
  });

  test('another run does not go on', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const out = `${folder.path}/run`;
    await train({ ...base, out, steps: 4 });
    const again = { ...base, out, steps: 4, resume: true };
    await expect(train({ ...again, seed: 1 })).rejects.toThrow(
      'was begun with seed 0, not 1; only the same run can go on',
    );
    await expect(train({ ...again, steps: 5 })).rejects.toThrow('was begun with steps 4, not 5');
    await expect(train({ ...again, data: quarters(1) })).rejects.toThrow('the data set quarters has changed');
  });
});

test('the last, shorter batch of the test part counts by its rows', async () => {
  const model = models.mlp.build(data.inputShape, 4);
  const initial = model.init(new Generator(0), data.inputShape);
  const weights = startState(initial, sgd()).weights();
  const shared = learnerOf(model, initial, data.inputShape, {});
  const whole = await new Evaluator(shared).score(weights, data.test);
  const parts = await new Evaluator(shared, { batchSize: 5 }).score(weights, data.test);
  expect(parts.accuracy).toBe(whole.accuracy);
  // Sums of float32 in another order.
  expect(parts.loss).toBeCloseTo(whole.loss, 6);
  const one = await new Evaluator(shared, { batchSize: 5 }).probabilities(weights, data.test.inputs);
  const all = await new Evaluator(shared).probabilities(weights, data.test.inputs);
  one.data.forEach((value, index) => expect(value).toBeCloseTo(all.data[index], 6));
});

test('everything that happens is told in order', async () => {
  const told: string[] = [];
  await train({ ...base, steps: 6, onProgress: ({ kind }) => told.push(kind) });
  const epoch = ['step', 'step', 'step', 'step', 'testing', 'epoch'];
  expect(told).toEqual(['start', ...epoch, 'step', 'step', 'testing', 'epoch']);
});

test('a schedule given as a function sets the rate', async () => {
  const rates: number[] = [];
  const schedule = oneCycle({ lr: 0.1, steps: 6 });
  await train({
    ...base,
    steps: 6,
    schedule,
    onProgress: (progress) => progress.kind === 'step' && rates.push(progress.lr),
  });
  expect(rates).toEqual([0, 1, 2, 3, 4, 5].map(schedule));
});

test.each([
  [
    { model: sequential(flatten(), dense(3)) },
    'gives [3] for an example; quarters needs [4], a number for each class',
  ],
  [{ resume: true }, 'train: resume needs out'],
  [{ epochs: 1 }, 'give epochs or steps, not both'],
  [{ optimizer: 'sgd:lr=1e30' }, 'the run diverged'],
] as const)('what cannot be is named: %#', async (change, message) => {
  const failure = train({ ...base, ...change });
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toThrow(ScreeError);
});

test('a checkpoint of another model is refused, and nothing is changed', () => {
  const init = (units: number) => sequential(flatten(), dense(units)).init(new Generator(0), [1, 6, 6]);
  const start = startState(init(4), sgd());
  const before = start.state.tensors();
  const other = startState(init(3), sgd()).state.tensors();
  expect(() => start.state.load(other, 'x.safetensors')).toThrow(
    "'x.safetensors': model.1.weight is float32[36,3]; this model and optimizer have float32[36,4]",
  );
  expect(() => start.state.load({}, 'x.safetensors')).toThrow("'x.safetensors' holds no model.1.weight");
  expect(start.state.tensors()).toEqual(before);
  expect(flattenTree(before)).toHaveLength(2);
});
