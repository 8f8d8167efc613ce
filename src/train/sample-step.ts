import type { Task } from '../data/index.js';
import type { Graph } from '../graph/graph.js';
import type { NDArray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import type { Layer } from '../nn/index.js';
import type { Optimizer } from '../optim/index.js';
import { Generator, integers, normal } from '../random/index.js';
import { judgeOf } from './judge.js';
import { batchOf, labelType } from './learner.js';
import { defaultLoss, parseLoss } from './losses.js';
import { startState } from './start.js';
import { traceStep, UpdateArrays, type StepRequest, type StepValues } from './step.js';
import { compileOptions, type Target } from './target.js';

export interface SampleStepOptions {
  readonly model: Layer;
  /** Shape of one example. */
  readonly input: Shape;
  /** Classes, or symbols where the examples are. */
  readonly outputs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly target: Target;
  readonly threads: number;
  readonly deterministic?: boolean;
  readonly seed?: number;
}

/** A training step of a model on a batch of random numbers: what is measured where there is no data set. */
export interface SampleStep {
  readonly request: StepRequest;
  readonly examples: NDArray;
  readonly labels: NDArray;
}

/** @throws ScreeError when the model cannot take such examples */
export function sampleStep(options: SampleStepOptions): SampleStep {
  const { model, input, outputs, batchSize, optimizer, target, threads, deterministic, seed = 0 } = options;
  const generator = new Generator(seed);
  const names = Array.from({ length: outputs }, (_, index) => String(index));
  const isText = model.takes === 'int32';
  const task: Task = isText
    ? { kind: 'characters', alphabet: names }
    : { kind: 'classification', classes: names };
  const initial = model.init(generator.fork('init'), input);
  const example = { shape: input, dtype: model.takes ?? 'float32' } as const;
  const label = labelType(task, input);
  const shape = [batchSize, ...input];
  const data = generator.fork('examples');
  return {
    request: {
      model,
      initial,
      input: example,
      label,
      judge: judgeOf(task, parseLoss(defaultLoss(task), task), input),
      compile: compileOptions(target, { threads, deterministic }),
      start: startState(initial, optimizer),
      batchSize,
      optimizer,
      cyclesMomentum: false,
      mixes: false,
    },
    examples: isText ? integers(data, shape, 0, outputs) : normal(data, shape),
    labels: integers(generator.fork('labels'), batchOf(batchSize, label).shape, 0, outputs),
  };
}

const firstStep = (): StepValues => ({ lr: 1e-3, step: 1, random: new Generator(1) });

/** The graph of such a step, and the values of its inputs. */
export function sampleGraph({ request, examples, labels }: SampleStep): {
  readonly graph: Graph;
  readonly inputs: readonly NDArray[];
} {
  const update = new UpdateArrays(request.cyclesMomentum);
  return {
    graph: traceStep(request),
    inputs: [...request.start.state.current, examples, labels, ...update.fill(firstStep())],
  };
}
