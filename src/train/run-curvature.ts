/** What curvature and landscapes need of a run: its loss over examples of its data set, its weights as a vector, and how it was stepping. */
import { join } from 'node:path';
import type { Dataset, Split } from '../data/index.js';
import {
  flattenParameters,
  stabilityThreshold,
  type BatchedLoss,
  type FloatVector,
  type LossPart,
  type Stability,
} from '../curvature/index.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { sizeOf } from '../graph/shape.js';
import { treePaths } from '../graph/tree.js';
import { readSpec, optimizers } from '../optim/index.js';
import { Generator, permutation } from '../random/index.js';
import { loadCheckpoint } from './checkpoint.js';
import { judgeOf } from './judge.js';
import { applyModel, labelType, leafTypes, type Learner } from './learner.js';
import type { TrainedRun } from './load-run.js';
import { defaultLoss, parseLoss } from './losses.js';
import { readMetrics } from './metrics.js';
import type { Weights } from './start.js';

export interface RunLossOptions {
  /** Examples of the training part, drawn without replacement; 512 by default, or all there are. */
  readonly samples?: number;
  /** Examples at a time; 128 by default. */
  readonly batchSize?: number;
  /**
   * What batch norm normalises with: `running`, its running statistics, by default: then the loss is a mean over examples, and what
   * is measured is the model that is evaluated. `batch`: each part's own, as in training; then it depends on the size of the parts.
   */
  readonly statistics?: 'running' | 'batch';
  /** For the choice of the examples; 0 by default. */
  readonly seed?: number;
}

/**
 * The loss of a run's model as a function of its parameters. Dropout is off.
 * @throws ScreeError for counts that are no positive integers
 */
export function lossOfRun(
  trained: Pick<TrainedRun, 'model' | 'initial' | 'input' | 'task' | 'run' | 'weights'>,
  data: Pick<Dataset, 'train'>,
  options: RunLossOptions = {},
): BatchedLoss {
  const { samples = 512, batchSize = 128, statistics = 'running', seed = 0 } = options;
  for (const [name, value] of [
    ['samples', samples],
    ['batch', batchSize],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ScreeError(`lossOfRun: ${name} is ${value}; it must be a whole number from 1`);
    }
  }
  const { model, initial, input, task, weights } = trained;
  const { loss: named } = trained.run.options;
  const lossName = typeof named === 'string' ? named : defaultLoss(task);
  const learner: Learner = {
    model,
    initial,
    input: { shape: input, dtype: model.takes ?? 'float32' },
    label: labelType(task, input),
    judge: judgeOf(task, parseLoss(lossName, task), input),
    compile: {},
  };
  const training = statistics === 'batch';
  return {
    parameters: leafTypes(initial.parameters),
    names: treePaths(initial.parameters),
    output: (parameters, [examples], state) =>
      applyModel(learner, parameters, state, examples, { training }).output,
    loss: (output, [, labels]) => learner.judge.loss(output, labels),
    parts: partsOf(data.train, { samples, batchSize, seed }, weights.state),
  };
}

/** Rows of a split in parts of `batchSize`, the last one smaller where they do not divide. */
function partsOf(
  split: Split,
  { samples, batchSize, seed }: { samples: number; batchSize: number; seed: number },
  state: readonly NDArray[],
): LossPart[] {
  const count = Math.min(samples, split.size);
  const rows =
    count === split.size
      ? Int32Array.from({ length: count }, (_, row) => row)
      : permutation(new Generator(seed).fork('examples'), split.size).subarray(0, count).toSorted();
  const gathered = [split.inputs, split.labels].map((array): NDArray => {
    const width = sizeOf(array.shape.slice(1));
    const data = array.data.slice(0, count * width);
    rows.forEach((row, to) => data.set(array.data.subarray(row * width, (row + 1) * width), to * width));
    return { data, shape: [count, ...array.shape.slice(1)], dtype: array.dtype };
  });
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, part) => {
    const start = part * batchSize;
    const size = Math.min(batchSize, count - start);
    const examples = gathered.map(({ data, shape, dtype }): NDArray => {
      const width = sizeOf(shape.slice(1));
      return {
        data: data.subarray(start * width, (start + size) * width),
        shape: [size, ...shape.slice(1)],
        dtype,
      };
    });
    return { examples, shared: state, size };
  });
}

/**
 * The weights that a run is tested with, as one vector.
 * @throws ScreeError naming a parameter that holds a NaN or an infinity
 */
export function weightsOfRun(loss: BatchedLoss, { parameters }: Weights): FloatVector {
  return flattenParameters(loss, parameters);
}

/** How a run's optimiser was stepping at its checkpoint, and the sharpness that its steps bear. */
export interface RunStability extends Stability {
  readonly optimizer: string;
  /** The learning rate at the checkpoint, and the highest one up to it. */
  readonly lr: number;
  readonly highestLr: number;
  /** For adam and its like: 1/√(what steps are divided by), for each parameter: sharpness is that of the Hessian between two of them. */
  readonly scaling?: FloatVector;
}

/**
 * The sharpness that the optimiser of a run bears, by the rate it had at its checkpoint; undefined for one whose threshold is not known.
 */
export async function stabilityOfRun(
  path: string,
  trained: Pick<TrainedRun, 'run' | 'checkpoint' | 'initial'>,
  loss: BatchedLoss,
): Promise<RunStability | undefined> {
  const { optimizer } = trained.run.options;
  // A wrapper changes what a step does.
  if (typeof optimizer !== 'string' || /\+(?=\s*[a-z])/i.test(optimizer)) return undefined;
  const { definition, options } = readSpec('optimizer', optimizer, optimizers);
  const filled = Object.fromEntries(
    definition.options.map(({ name, default: usual }) => [name, options[name] ?? usual]),
  );
  const rates = (await readMetrics(join(path, 'metrics.jsonl')))
    .filter(({ step, lr }) => step <= trained.checkpoint.step && lr !== undefined)
    .map(({ lr }) => lr);
  const lr = rates.at(-1) ?? Number(filled.lr);
  if (!(lr > 0)) return undefined;
  const stability = stabilityThreshold(definition.name, { ...filled, lr });
  if (stability === undefined) return undefined;
  const scaling = stability.preconditioned ? await adamScaling(trained, loss, filled) : undefined;
  if (stability.preconditioned && scaling === undefined) return undefined;
  return { ...stability, optimizer, lr, highestLr: Math.max(...rates, lr), ...(scaling && { scaling }) };
}

/** 1/√(√v/√c₂ + eps) from the checkpoint of an Adam; undefined where it holds no such state. */
async function adamScaling(
  { checkpoint, initial }: Pick<TrainedRun, 'checkpoint' | 'initial'>,
  loss: BatchedLoss,
  { eps }: Record<string, unknown>,
): Promise<FloatVector | undefined> {
  const { tensors } = await loadCheckpoint(checkpoint.path);
  const squares: readonly (NDArray | undefined)[] = treePaths(initial.parameters).map(
    (name) => tensors[`optimizer.v.${name}`],
  );
  const one = tensors['optimizer.one2'];
  // Another kind of state: a checkpoint of an older version.
  if (one === undefined || squares.some((square) => square === undefined)) return undefined;
  const correction = Math.sqrt(one.data[0]);
  const flat = flattenParameters(
    loss,
    squares.filter((square) => square !== undefined),
  );
  for (let i = 0; i < flat.length; i++)
    flat[i] = 1 / Math.sqrt(Math.sqrt(flat[i]) / correction + Number(eps));
  return flat;
}
