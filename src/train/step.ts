import { compileGraph, type CompileOptions, type Executable } from '../compile/index.js';
import type { Graph } from '../graph/graph.js';
import { ndarray, zeros, type NDArray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { RandomKey, type Initialised, type Layer } from '../nn/index.js';
import { accuracy, float32, int32, trace } from '../ops/index.js';
import { takeStep, type HostStep, type Optimizer } from '../optim/index.js';
import type { PhiloxKey } from '../random/index.js';
import { valueAndGradWithAux } from '../transform/index.js';
import { standardNormal } from './noise.js';
import type { Start } from './start.js';

/** What a model is judged by: a scalar from its output [batch, classes] and the labels, int32 [batch]. */
export type Loss = (output: Tensor, labels: Tensor) => Tensor;

export interface StepRequest {
  readonly model: Layer;
  /** What `model.init` gave: for its trees. */
  readonly initial: Initialised;
  /** The state that the step moves. */
  readonly start: Start;
  /** Shape of one example. */
  readonly input: Shape;
  readonly batchSize: number;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Whether the schedule cycles the momentum. */
  readonly cyclesMomentum: boolean;
  readonly compile: CompileOptions;
}

/** What a step is given beside the state and the batch. */
export interface StepValues {
  readonly lr: number;
  /** From 1. */
  readonly step: number;
  /** For all that is random in the step. */
  readonly key: PhiloxKey;
  /** Where the schedule cycles it. */
  readonly momentum?: number;
}

/** The mean loss over some examples and the share of them that was right. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
}

type Leaves = readonly Tensor[];

/** The whole step: forward, loss, accuracy, backward, update. Outputs: the new state, the loss, the accuracy. */
function traceStep(request: StepRequest): Graph {
  const { model, initial, start, input, batchSize, loss, optimizer, cyclesMomentum } = request;
  const { types, optimizerTree } = start;
  return trace<[Leaves, Leaves, Leaves, Tensor, Tensor, Tensor, Tensor, Tensor, Leaves], Leaves>(
    (leaves, state, moments, examples, labels, lr, step, key, [momentum]) => {
      const objective = valueAndGradWithAux<[Tree<Tensor>], Leaves>((tree) => {
        const shaped = flattenTree(tree).map((leaf, index) => leaf.reshape(types.parameters[index].shape));
        const applied = model.apply(
          unflattenTree(initial.parameters, shaped),
          unflattenTree(initial.state, state),
          examples,
          // A key made anew for each evaluation: an optimiser that evaluates twice sees the same masks.
          { training: true, key: new RandomKey(key) },
        );
        // Counting right answers is no part of what is differentiated, forwards either.
        const right = accuracy(applied.output.stopGradient(), labels);
        return { value: loss(applied.output, labels), aux: [right, ...flattenTree(applied.state)] };
      });
      const tree = unflattenTree(initial.parameters, leaves);
      const noise = optimizer.needs?.noise === true ? standardNormal(key, tree) : undefined;
      const context = { lr, step, momentum, noise };
      const taken = takeStep(optimizer, objective, unflattenTree(optimizerTree, moments), tree, context);
      const { value, aux } = taken.evaluated;
      return [...flattenTree(taken.parameters), ...aux.slice(1), ...flattenTree(taken.state), value, aux[0]];
    },
    [
      [...types.held],
      [...types.state],
      [...types.optimizer],
      float32(batchSize, ...input),
      int32(batchSize),
      float32(),
      float32(),
      int32(2),
      cyclesMomentum ? [float32()] : [],
    ],
  );
}

/** A training step as one program that moves a state. */
export class TrainingStep {
  readonly #lr = zeros([]);
  readonly #step = zeros([]);
  readonly #key = ndarray(new Int32Array(2));
  readonly #momentum: readonly NDArray[];
  readonly #loss = zeros([]);
  readonly #accuracy = zeros([]);

  private constructor(
    private readonly executable: Executable,
    private readonly request: StepRequest,
  ) {
    this.#momentum = request.cyclesMomentum ? [zeros([])] : [];
  }

  /**
   * Traces and compiles the step.
   * @throws ScreeError when the model, the loss and the optimiser do not go together
   */
  static async compile(request: StepRequest): Promise<TrainingStep> {
    return new TrainingStep(await compileGraph(traceStep(request), request.compile), request);
  }

  /**
   * Takes one step. The state is the new one when the promise is kept, and the old one when it is broken.
   * @param examples float32 [batchSize, ...input]
   * @param labels int32 [batchSize]
   * @returns what was found before the update
   */
  async run(examples: NDArray, labels: NDArray, values: StepValues): Promise<Score> {
    const { start, optimizer, batchSize } = this.request;
    this.#lr.data[0] = values.lr;
    this.#step.data[0] = values.step;
    this.#key.data.set(values.key);
    if (this.#momentum.length > 0) this.#momentum[0].data[0] = values.momentum ?? NaN;
    await this.executable.run(
      [...start.state.current, examples, labels, this.#lr, this.#step, this.#key, ...this.#momentum],
      [...start.state.next, this.#loss, this.#accuracy],
    );
    start.state.swap();
    if (optimizer.hostStep?.isDue(values.step)) this.runHostStep(optimizer.hostStep, values.step);
    // A share of a count, without the rounding of float32.
    const right = Math.round(this.#accuracy.data[0] * batchSize);
    return { loss: this.#loss.data[0], accuracy: right / batchSize };
  }

  /** Lets the optimiser work on its state outside the graph. */
  private runHostStep(host: HostStep, step: number): void {
    const { state, types, optimizerTree } = this.request.start;
    const own = state.current.slice(types.parameters.length + types.state.length);
    const changed = flattenTree(host.run(unflattenTree(optimizerTree, own), step));
    changed.forEach(({ data }, index) => own[index].data.set(data));
  }

  close(): void {
    this.executable.close();
  }
}
