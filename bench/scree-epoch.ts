/**
 * Part of an epoch of resnet18 on Fashion-MNIST: scree-epoch.ts EXAMPLES THREADS ENGINE. Batches of 64, flipped and cropped, SGD with
 * momentum 0.9; loading, augmentation and the metrics of each batch included, the test part not.
 */
import { ndarray } from '../src/graph/ndarray.js';
import { loadDataset, type Split } from '../src/data/index.js';
import { sizeOf } from '../src/graph/shape.js';
import { train } from '../src/train/index.js';
import { screeVersion } from '../src/train/version.js';
import { engines, type EngineName } from './flops.js';

const [, , examples, threads, engine] = process.argv;
const isEngine = (word: string): word is EngineName => Object.hasOwn(engines, word);
if (!isEngine(engine)) throw new Error('scree-epoch: EXAMPLES THREADS ENGINE');
const batchSize = 64;
const settle = 5;
const whole = await loadDataset('fashion-mnist');

function firstOf({ inputs, labels }: Split, size: number): Split {
  const each = sizeOf(inputs.shape.slice(1));
  return {
    size,
    inputs: ndarray(inputs.data.subarray(0, size * each), [size, ...inputs.shape.slice(1)], inputs.dtype),
    labels: ndarray(labels.data.subarray(0, size), [size], labels.dtype),
  };
}

const { validation: _, ...rest } = whole;
const data = { ...rest, train: firstOf(whole.train, Number(examples)), test: firstOf(whole.test, batchSize) };
const { target, deterministic } = engines[engine];
const times: number[] = [];
let cpuBefore = process.cpuUsage();
let cpuAfter = cpuBefore;
await train({
  model: 'resnet18',
  data,
  epochs: 1,
  batchSize,
  threads: Number(threads),
  target,
  ...(target === 'native' && { deterministic }),
  optimizer: 'sgd:lr=0.05,momentum=0.9',
  augment: 'flip,crop:padding=2',
  onProgress(progress) {
    if (progress.kind !== 'step') return;
    times.push(performance.now());
    if (times.length === settle) cpuBefore = process.cpuUsage();
    cpuAfter = process.cpuUsage(cpuBefore);
  },
});
// The engine's first steps warm it up, as its peers' do.
const wallMs = times[times.length - 1] - times[settle - 1];
const steps = times.length - settle;
const each = times.slice(settle).map((time, step) => time - times[settle - 1 + step]);
const line = {
  name: 'Scree',
  version: screeVersion,
  ms: { min: wallMs / steps, median: wallMs / steps, max: Math.max(...each) },
  count: steps,
  cores: (cpuAfter.user + cpuAfter.system) / 1e3 / wallMs,
  rssMb: process.resourceUsage().maxRSS / 1024,
  note: `${steps} steps in ${(wallMs / 1e3).toFixed(2)} s`,
};
console.log(JSON.stringify(line));
