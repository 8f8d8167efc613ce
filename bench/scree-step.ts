/** One training step of a model: scree-step.ts MODEL THREADS ENGINE BATCH. SGD with momentum 0.9, as the peers take it. */
import { Generator } from '../src/random/index.js';
import { TrainingStep } from '../src/train/step.js';
import { engines, modelStep, models, type EngineName } from './flops.js';
import { measure } from './measure.js';

const [, , name, threads, engine, batch] = process.argv;
const model = models.find((one) => one === name);
if (model === undefined) throw new Error(`scree-step: no model ${name}; there are ${models.join(', ')}`);
const isEngine = (word: string): word is EngineName => Object.hasOwn(engines, word);
if (!isEngine(engine)) throw new Error(`scree-step: no engine ${engine}`);
const { request, examples, labels } = modelStep(model, {
  threads: Number(threads),
  engine,
  batch: Number(batch),
});
const generator = new Generator(1);
let count = 0;
const began = performance.now();
const step = await TrainingStep.compile(request);
const take = () =>
  step.run({ inputs: examples, labels }, { lr: 0.01, step: ++count, random: generator.fork(count) });
await take();
const firstMs = performance.now() - began;
await measure(async () => void (await take()), { note: `first step after ${(firstMs / 1e3).toFixed(2)} s` });
step.close();
