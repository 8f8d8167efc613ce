import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../test/support/cli.js';
import { createDataset, type Dataset } from '../data/index.js';
import { ndarray } from '../graph/ndarray.js';
import { flattenTree } from '../graph/tree.js';
import { batchNorm, conv, dense, dropout, embedding, flatten, relu, sequential } from '../nn/index.js';
import { Generator, integers, normal } from '../random/index.js';
import { listCheckpoints, loadCheckpoint } from './checkpoint.js';
import { readMetrics } from './metrics.js';
import type { Progress } from './loop.js';
import { train, type TrainOptions } from './train.js';

/** y = 3a − 2b + 7 and noise: what a linear model reaches is known. */
function line(): Dataset {
  const generator = new Generator(2);
  const part = (rows: number) => {
    const inputs = Float64Array.from(normal(generator, [rows, 2]).data);
    const noise = normal(generator, [rows]).data;
    const labels = Float64Array.from(
      { length: rows },
      (_, row) => 3 * inputs[2 * row] - 2 * inputs[2 * row + 1] + 7 + 0.5 * noise[row],
    );
    return { inputs, labels };
  };
  const [first, second] = [part(200), part(60)];
  return createDataset({
    name: 'line',
    source: 'made by the test',
    inputShape: [2],
    target: 'y',
    train: first,
    test: second,
  });
}

describe('a number', () => {
  const data = line();
  const options: TrainOptions = {
    model: dense(1),
    data,
    optimizer: 'sgd:lr=0.1',
    schedule: 'constant',
    epochs: 12,
    batchSize: 20,
    target: 'javascript',
  };

  test('is judged in its own unit: the noise is what is left', async () => {
    const { report, parameters } = await train(options);
    if (data.task.kind !== 'regression' || report.test === null) throw new Error('a number is predicted');
    const { std } = data.task;
    const [weight, bias] = Object.values(parameters).map(({ data: values }: { data: ArrayLike<number> }) =>
      Array.from(values),
    );
    const { inputs, labels, size } = data.test;
    const errors = Array.from(
      { length: size },
      (_, row) =>
        weight[0] * inputs.data[2 * row] + weight[1] * inputs.data[2 * row + 1] + bias[0] - labels.data[row],
    );
    const truth = Array.from(labels.data);
    const squares = errors.reduce((sum, error) => sum + error * error, 0);
    const mean = truth.reduce((sum, label) => sum + label, 0) / size;
    const total = truth.reduce((sum, label) => sum + (label - mean) ** 2, 0);
    // float32 sums against float64 ones.
    expect(report.test.loss).toBeCloseTo(squares / size, 6);
    expect(report.test.rmse).toBeCloseTo(Math.sqrt(squares / size) * std, 5);
    expect(report.test.r2).toBeCloseTo(1 - squares / total, 5);
    // 60 rows of noise with 0.5 as their standard deviation: ± 3 standard errors.
    expect(Math.abs(report.test.rmse - 0.5)).toBeLessThan((3 * 0.5) / Math.sqrt(120));
  });

  test('is trained by the loss that is named', async () => {
    const { report } = await train({ ...options, loss: 'mae', epochs: 1 });
    // Of errors e with deviation s, the mean of |e| is below s: the losses are told apart.
    expect(report.train?.loss).toBeLessThan(Math.sqrt(report.train?.rmse ?? 0));
    await expect(train({ ...options, loss: 'crossentropy' })).rejects.toThrow('take mse, mae, huber');
  });

  test('takes a model that gives one number', async () => {
    await expect(train({ ...options, model: dense(2) })).rejects.toThrow("line needs [1], the number 'y'");
  });
});

/** The text abcabc…: each character is sure from the one before. */
function cycle(): Dataset {
  const length = 8;
  const alphabet = ['a', 'b', 'c'];
  const part = (size: number) => {
    const row = (shift: number) =>
      Int32Array.from(
        { length: size * length },
        (_, place) => (Math.floor(place / length) + (place % length) + shift) % 3,
      );
    return {
      size,
      inputs: ndarray(row(0), [size, length]),
      labels: ndarray(row(1), [size, length]),
    };
  };
  return {
    name: 'cycle',
    source: 'made by the test',
    inputShape: [length],
    task: { kind: 'characters', alphabet },
    notes: [],
    train: part(32),
    test: part(9),
  };
}

describe('characters', () => {
  const data = cycle();
  const model = sequential(embedding(3, 4), dense(3));
  const options: TrainOptions = {
    model,
    data,
    batchSize: 8,
    steps: 200,
    optimizer: 'adam:lr=3e-2',
    target: 'javascript',
  };

  test('are learnt; perplexity and bits are those of the cross-entropy', async () => {
    const first: number[] = [];
    const { report } = await train({
      ...options,
      onProgress: (progress) => progress.kind === 'step' && first.push(progress.score.loss),
    });
    if (report.test === null) throw new Error('the run ended an epoch');
    const { loss, perplexity, bits } = report.test;
    expect(first[0]).toBeGreaterThan(0.5);
    expect(loss).toBeLessThan(0.02);
    // Another order of float32 sums.
    expect(perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect(bits).toBeCloseTo(loss / Math.log(2), 6);
  });

  test.each([
    ['mlp', 'mlp takes numbers, and characters are none; take transformer'],
    [sequential(flatten(), dense(3)), 'sequential takes numbers'],
    [sequential(embedding(3, 4), dense(2)), 'cycle needs [8,3], a number for each character'],
  ])('ask for a model of sequences: %#', async (other, message) => {
    await expect(train({ ...options, model: other })).rejects.toThrow(message);
  });

  test('are not taken for numbers, nor numbers for characters', async () => {
    await expect(train({ ...options, data: line(), model: 'transformer' })).rejects.toThrow(
      'transformer takes sequences of characters; line gives numbers of shape [2]',
    );
    await expect(train({ ...options, augment: 'flip' })).rejects.toThrow(
      'characters, which are not augmented',
    );
  });
});

/** Images whose labels are chance: what is learnt of the training part is wrong elsewhere. */
function chance(): Dataset {
  const generator = new Generator(4);
  const part = (rows: number) => ({
    inputs: Uint8Array.from(integers(generator, [rows, 36], 0, 255).data),
    labels: Uint8Array.from(integers(generator, [rows], 0, 3).data),
  });
  return createDataset({
    name: 'chance',
    source: 'made by the test',
    inputShape: [1, 6, 6],
    classes: ['a', 'b', 'c'],
    train: part(40),
    validation: part(20),
    test: part(20),
  });
}

const overfitting: TrainOptions = {
  model: sequential(flatten(), dense(24), relu(), dense(3)),
  data: chance(),
  batchSize: 10,
  epochs: 60,
  optimizer: 'adam:lr=1e-2',
  schedule: 'constant',
  target: 'javascript',
};

describe('early stopping', () => {
  test('ends the run, and the best state is the one that a run up to there has', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const out = join(folder.path, 'run');
    const { report, finished } = await train({ ...overfitting, patience: 4, out });
    const { best } = report;
    if (best === null) throw new Error('there is a validation part');
    expect(finished).toBe(true);
    expect(report).toMatchObject({ stoppedEarly: true, epochs: best.epoch + 4, steps: (best.epoch + 4) * 4 });
    const tests = (await readMetrics(join(out, 'metrics.jsonl'))).filter((row) => 'validationLoss' in row);
    const losses = tests.map(({ validationLoss }) => validationLoss);
    expect(losses).toHaveLength(best.epoch + 4);
    expect(losses.indexOf(Math.min(...losses))).toBe(best.epoch - 1);
    expect(best.validation.loss).toBe(Math.min(...losses));

    const [{ path, step }] = await listCheckpoints(join(out, 'checkpoints', 'best'));
    expect(step).toBe(best.step);
    const { tensors } = await loadCheckpoint(path);
    const upToBest = await train({ ...overfitting, epochs: best.epoch });
    const names = ['model.1.weight', 'model.1.bias', 'model.3.weight', 'model.3.bias'];
    const expected = flattenTree(upToBest.parameters);
    names.forEach((name, index) => expect(tensors[name]).toEqual(expected[index]));
    expect(best.test).toEqual(upToBest.report.test);

    const again = await train({ ...overfitting, patience: 4, out, resume: true });
    expect(again.finished).toBe(true);
    expect(again.report).toEqual({ ...report, resumedFrom: report.steps });
  });

  test('asks for a validation part', async () => {
    const { validation: _, ...without } = chance();
    const failure = train({ ...overfitting, data: without, patience: 4 });
    await expect(failure).rejects.toThrow('chance has none here; hold rows back');
    await expect(train({ ...overfitting, patience: 0 })).rejects.toThrow(
      'patience must be an integer from 1',
    );
  });

  test('without patience the best state is kept all the same', async () => {
    const { report } = await train({ ...overfitting, epochs: 8 });
    expect(report).toMatchObject({ stoppedEarly: false, epochs: 8 });
    expect(report.best?.epoch).toBeLessThanOrEqual(8);
  });
});

test('a run with everything at once that stops and goes on is the run that did not stop', async () => {
  const folder = temporaryFolder();
  onTestFinished(folder.remove);
  const out = join(folder.path, 'run');
  const options: TrainOptions = {
    ...overfitting,
    model: sequential(conv(3, 3), batchNorm(), relu(), flatten(), dropout(0.3), dense(3)),
    epochs: 30,
    patience: 5,
    accumulate: 2,
    augment: 'flip:axis=both,shift:pixels=1,cutout:size=2,mixup:alpha=0.4',
    loss: 'crossentropy:labelSmoothing=0.1',
  };
  const whole = await train(options);
  let resume = false;
  for (const stop of [3, 8, 14]) {
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.kind === 'step' && progress.step === stop) controller.abort();
    };
    const { finished } = await train({ ...options, out, resume, onProgress, signal: controller.signal });
    expect(finished).toBe(false);
    resume = true;
  }
  const last = await train({ ...options, out, resume });
  expect(last.parameters).toEqual(whole.parameters);
  expect(last.state).toEqual(whole.state);
  const { seconds: _, stepMs: __, resumedFrom: ___, run: ____, ...expected } = whole.report;
  expect(last.report).toMatchObject(expected);
  const [best] = await listCheckpoints(join(out, 'checkpoints', 'best'));
  expect(best.step).toBe(whole.report.best?.step);
  await expect(train({ ...options, out, resume, augment: 'flip' })).rejects.toThrow('was begun with augment');
});
