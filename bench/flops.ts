/** The models of the bench, what a step of each is given, and its floating-point operations. */
import { productFlops } from '../src/compile/work.js';
import type { Shape } from '../src/graph/shape.js';
import { models as library } from '../src/nn/index.js';
import { sgd } from '../src/optim/index.js';
import { sampleGraph, sampleStep, type SampleStep } from '../src/train/sample-step.js';
import type { Target } from '../src/train/target.js';

export const models = ['mlp', 'lenet', 'cnn', 'transformer', 'resnet18', 'resnet50'] as const;
export type Model = (typeof models)[number];

interface Task {
  readonly input: Shape;
  readonly outputs: number;
  readonly batch: number;
}

const digits: Task = { input: [1, 28, 28], outputs: 10, batch: 128 };

export const tasks: Readonly<Record<Model, Task>> = {
  mlp: digits,
  lenet: digits,
  cnn: digits,
  transformer: { input: [128], outputs: 96, batch: 16 },
  resnet18: { input: [3, 32, 32], outputs: 10, batch: 32 },
  resnet50: { input: [3, 224, 224], outputs: 1000, batch: 4 },
};

/** Scree's engines, and what is told apart of them: native may take Winograd's algorithm, or only the direct one. */
export const engines = {
  onnx: { name: 'Scree ONNX', target: 'onnx', deterministic: false },
  native: { name: 'Scree native', target: 'native', deterministic: false },
  'native-direct': { name: 'Scree native, no Winograd', target: 'native', deterministic: true },
} as const satisfies Record<string, { name: string; target: Target; deterministic: boolean }>;
export type EngineName = keyof typeof engines;

export interface ModelStepOptions {
  readonly threads?: number;
  readonly engine?: EngineName;
  readonly batch?: number;
}

/** The step that is measured: SGD with momentum 0.9, as the peers take it. */
export function modelStep(
  model: Model,
  { threads = 1, engine = 'onnx', batch: batchSize = tasks[model].batch }: ModelStepOptions = {},
): SampleStep {
  const { input, outputs } = tasks[model];
  const { target, deterministic } = engines[engine];
  const optimizer = sgd({ lr: 0.01, momentum: 0.9 });
  const layer = library[model].build(input, outputs);
  return sampleStep({ model: layer, input, outputs, batchSize, optimizer, target, threads, deterministic });
}

/**
 * Products and convolutions, forward and backward, counted from the step's graph: two operations a multiply-add. Pooling,
 * activations, norms, the loss and the update are not counted.
 */
export function stepFlops(model: Model, batch?: number): number {
  return productFlops(sampleGraph(modelStep(model, { batch })).graph);
}
