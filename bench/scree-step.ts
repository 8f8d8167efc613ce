/** One training step of a model: scree-step.ts MODEL THREADS. SGD with momentum 0.9 at batch 128, as the peers take it. */
import { crossEntropy, models } from '../src/nn/index.js';
import { sgd } from '../src/optim/index.js';
import { Generator, integers, normal } from '../src/random/index.js';
import { judgeOf } from '../src/train/judge.js';
import { startState } from '../src/train/start.js';
import { TrainingStep } from '../src/train/step.js';
import { measure } from './measure.js';
import { trainBatch } from './train.js';

const [, , name, threads] = process.argv;
const input = [1, 28, 28];
const classes = Array.from({ length: 10 }, (_, index) => `${index}`);
const model = models[name].build(input, 10);
const generator = new Generator(0);
const initial = model.init(generator, input);
const optimizer = sgd({ lr: 0.01, momentum: 0.9 });
const step = await TrainingStep.compile({
  model,
  initial,
  start: startState(initial, optimizer),
  input: { shape: input, dtype: 'float32' },
  label: { shape: [], dtype: 'int32' },
  judge: judgeOf({ kind: 'classification', classes }, crossEntropy, input),
  batchSize: trainBatch,
  optimizer,
  cyclesMomentum: false,
  mixes: false,
  compile: { target: 'onnx', threads: Number(threads) },
});
const examples = normal(generator, [trainBatch, ...input]);
const labels = integers(generator, [trainBatch], 0, 10);
let count = 0;
await measure(async () => {
  await step.run({ inputs: examples, labels }, { lr: 0.01, step: ++count, random: generator.fork(count) });
});
step.close();
