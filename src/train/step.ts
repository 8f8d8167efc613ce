import { compileGraph, type Executable } from '../compile/index.js';
import type { Batch } from '../data/index.js';
import type { Graph } from '../graph/graph.js';
import { ndarray, zeros, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { RandomKey } from '../nn/index.js';
import { float32, int32, trace } from '../ops/index.js';
import { takeStep, type Optimizer } from '../optim/index.js';
import type { Generator } from '../random/index.js';
import { valueAndGradWithAux } from '../transform/index.js';
import { applyModel, batchOf, type Learner, type Leaves } from './learner.js';
import { standardNormal } from './noise.js';
import type { Start } from './start.js';

export interface StepRequest extends Learner {
  /** The state that the step moves. */
  readonly start: Start;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  /** Whether the schedule cycles the momentum. */
  readonly cyclesMomentum: boolean;
  /** Whether batches are mixed: their loss is that of two sets of labels. */
  readonly mixes: boolean;
}

/** What a step reads: examples [batchSize, ...input], labels [batchSize, ...label], and with `mixes` those of the other part. */
export type StepBatch = Pick<Batch, 'inputs' | 'labels' | 'mix'>;

/** What a step is given beside the state and the batch. */
export interface StepValues {
  readonly lr: number;
  /** From 1. */
  readonly step: number;
  /** For all that is random in the step. */
  readonly random: Generator;
  /** Where the schedule cycles it. */
  readonly momentum?: number;
}

/** What was found before the update: the mean loss, and the mean of what the judge counts. */
export interface Found {
  readonly loss: number;
  readonly mean: number;
}

/** Takes steps: moves a state by the gradient of a batch. */
export interface Stepper {
  /** Bytes beside weights and batches, where the target plans them before the first step. */
  readonly memoryBytes?: number;
  /**
   * Takes one step. The state is the new one when the promise is kept, and the old one when it is broken; or it is lost, where a
   * program that keeps it fails half way: then it can neither be read nor moved.
   */
  run(batch: StepBatch, values: StepValues): Promise<Found>;
  close(): void;
}

/** The labels of a batch; where it is mixed, those of the other part and the weight of the first too. */
export function truthTypes({ label, mixes }: StepRequest, size: number): TensorType[] {
  const labels = batchOf(size, label);
  return mixes ? [labels, labels, float32()] : [labels];
}

/** In the order of {@link truthTypes}. */
export function truthArrays({ labels, mix }: StepBatch): NDArray[] {
  return mix === undefined ? [labels] : [labels, mix.labels, mix.weight];
}

/** A judgement of labels; of mixed ones the sum weighted as the examples are (Zhang et al. 2018, arXiv 1710.09412). */
function judged(judge: (labels: Tensor) => Tensor, [labels, others, weight]: Leaves): Tensor {
  const first = judge(labels);
  if (weight === undefined) return first;
  return first.mul(weight).add(judge(others).mul(weight.neg().add(1)));
}

/**
 * The objective on a batch as a function of the parameters as the step holds them, with its gradient. Beside the value: the judge's
 * count, then the model's new state.
 */
export function objectiveOn(
  request: StepRequest,
  state: Leaves,
  examples: Tensor,
  truth: Leaves,
  key: Tensor,
) {
  const { start, judge } = request;
  return valueAndGradWithAux<[Tree<Tensor>], Leaves>((tree) => {
    const shaped = flattenTree(tree).map((leaf, index) => leaf.reshape(start.types.parameters[index].shape));
    // A key made anew for each evaluation: an optimiser that evaluates twice sees the same masks.
    const options = { training: true, key: new RandomKey(key) };
    const applied = applyModel(request, shaped, state, examples, options);
    // Counting is no part of what is differentiated, forwards either.
    const output = applied.output.stopGradient();
    const tally = judged((labels) => judge.tally(output, labels), truth);
    const value = judged((labels) => judge.loss(applied.output, labels), truth);
    return { value, aux: [tally, ...flattenTree(applied.state)] };
  });
}

/** What an update is given beside gradients, state and parameters; the last of a step's inputs. */
export type UpdateInputs = [lr: Tensor, step: Tensor, key: Tensor, momentum: Leaves];

export function updateTypes(cyclesMomentum: boolean): [TensorType, TensorType, TensorType, TensorType[]] {
  return [float32(), float32(), int32(2), cyclesMomentum ? [float32()] : []];
}

export function updateContext(
  { needs }: Optimizer,
  parameters: Tree<Tensor>,
  [lr, step, key, [momentum]]: UpdateInputs,
) {
  return { lr, step, momentum, noise: needs?.noise === true ? standardNormal(key, parameters) : undefined };
}

/** The numbers of an update, in arrays that every step fills anew. */
export class UpdateArrays {
  readonly #lr = zeros([]);
  readonly #step = zeros([]);
  readonly #key = ndarray(new Int32Array(2));
  readonly #momentum: readonly NDArray[];

  constructor(cyclesMomentum: boolean) {
    this.#momentum = cyclesMomentum ? [zeros([])] : [];
  }

  /** In the order of {@link UpdateInputs}. */
  fill({ lr, step, random, momentum = NaN }: StepValues): readonly NDArray[] {
    this.#lr.data[0] = lr;
    this.#step.data[0] = step;
    this.#key.data.set(random.key);
    for (const { data } of this.#momentum) data[0] = momentum;
    return [this.#lr, this.#step, this.#key, ...this.#momentum];
  }
}

/** Lets the optimiser work on its state outside the graph, where it is time to. */
export function runHostStep({ optimizer, start }: StepRequest, step: number): void {
  const { hostStep } = optimizer;
  if (hostStep?.isDue(step) !== true) return;
  const { state, types, optimizerTree } = start;
  const own = state.current.slice(types.parameters.length + types.state.length);
  const changed = flattenTree(hostStep.run(unflattenTree(optimizerTree, own), step));
  changed.forEach(({ data }, index) => own[index].data.set(data));
  state.changed();
}

/** The whole step: forward, loss, count, backward, update. Outputs: the new state, the loss, the count. */
export function traceStep(request: StepRequest): Graph {
  const { initial, start, batchSize, optimizer, cyclesMomentum, input } = request;
  const { types, optimizerTree } = start;
  return trace<[Leaves, Leaves, Leaves, Tensor, Leaves, ...UpdateInputs], Leaves>(
    (leaves, state, moments, examples, truth, ...update) => {
      const tree = unflattenTree(initial.parameters, leaves);
      const objective = objectiveOn(request, state, examples, truth, update[2]);
      const context = updateContext(optimizer, tree, update);
      const taken = takeStep(optimizer, objective, unflattenTree(optimizerTree, moments), tree, context);
      const { value, aux } = taken.evaluated;
      return [...flattenTree(taken.parameters), ...aux.slice(1), ...flattenTree(taken.state), value, aux[0]];
    },
    [
      [...types.held],
      [...types.state],
      [...types.optimizer],
      batchOf(batchSize, input),
      truthTypes(request, batchSize),
      ...updateTypes(cyclesMomentum),
    ],
  );
}

/** A training step as one program that moves a state. */
export class TrainingStep implements Stepper {
  readonly #update: UpdateArrays;
  readonly #loss = zeros([]);
  readonly #tally = zeros([]);

  private constructor(
    private readonly executable: Executable,
    private readonly request: StepRequest,
  ) {
    this.#update = new UpdateArrays(request.cyclesMomentum);
    if (executable.state !== undefined) request.start.state.keepIn(executable.state);
  }

  /**
   * Traces and compiles the step. A native program keeps the state in its own memory: see {@link TrainingState}.
   * @throws ScreeError when the model, the loss and the optimiser do not go together
   */
  static async compile(request: StepRequest): Promise<TrainingStep> {
    const { compile, start } = request;
    const state = start.state.entries.map((_, place) => [place, place] as const);
    const options = compile.target === 'native' ? { ...compile, state } : compile;
    return new TrainingStep(await compileGraph(traceStep(request), options), request);
  }

  get memoryBytes(): number | undefined {
    return this.executable.bytes;
  }

  async run(batch: StepBatch, values: StepValues): Promise<Found> {
    const { start, judge, batchSize } = this.request;
    const { state } = start;
    const given = [batch.inputs, ...truthArrays(batch), ...this.#update.fill(values)];
    const found = [this.#loss, this.#tally];
    if (this.executable.state === undefined) {
      await this.executable.run([...state.current, ...given], [...state.next, ...found]);
      state.swap();
    } else {
      state.hand();
      try {
        await this.executable.run(given, found);
      } catch (error) {
        // Where there are still arrays, the old state is written anew before the next step.
        state.changed();
        throw error;
      }
      state.moved();
    }
    runHostStep(this.request, values.step);
    return { loss: this.#loss.data[0], mean: this.#tally.data[0] / (batchSize * judge.labelsEach) };
  }

  close(): void {
    this.executable.close();
  }
}
