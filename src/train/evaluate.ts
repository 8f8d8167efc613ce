import { compileGraph, type CompileOptions, type Executable } from '../compile/index.js';
import { batches, type Split } from '../data/index.js';
import { zeros, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree } from '../graph/tree.js';
import type { Initialised, Layer } from '../nn/index.js';
import { accuracy, float32, int32, softmax, trace } from '../ops/index.js';
import type { Weights } from './start.js';
import type { Loss, Score } from './step.js';

export interface EvaluatorOptions {
  readonly model: Layer;
  /** What `model.init` gave: for its trees. */
  readonly initial: Initialised;
  /** Shape of one example. */
  readonly input: Shape;
  readonly loss: Loss;
  readonly compile: CompileOptions;
  /** Examples at a time. */
  readonly batchSize?: number;
}

type Leaves = readonly Tensor[];

/** Applies a model as it is tested: running statistics, no dropout. One program for each size of batch, made when needed. */
export class Evaluator {
  readonly #programs = new Map<string, Promise<Executable>>();

  constructor(private readonly options: EvaluatorOptions) {}

  /** Mean loss and share of right answers over a whole split, the last, shorter batch included. */
  async score(weights: Weights, split: Split): Promise<Score> {
    const batchSize = this.batchSize(split.size);
    const loss = zeros([]);
    const right = zeros([]);
    const total = { loss: 0, right: 0 };
    for (const { inputs, labels, size } of batches(split, { batchSize }).epoch(0)) {
      const program = await this.program('score', size, (output, truth) => [
        this.options.loss(output, truth),
        accuracy(output, truth),
      ]);
      await program.run([...weights.parameters, ...weights.state, inputs, labels], [loss, right]);
      total.loss += loss.data[0] * size;
      total.right += Math.round(right.data[0] * size);
    }
    return { loss: total.loss / split.size, accuracy: total.right / split.size };
  }

  /**
   * Class probabilities: the softmax of the model's output.
   * @param examples float32 [count, ...input]
   * @returns float32 [count, classes]
   */
  async probabilities(weights: Weights, examples: NDArray): Promise<NDArray> {
    const [count] = examples.shape;
    const classes = sizeOf(this.options.initial.output);
    const width = sizeOf(this.options.input);
    const result = zeros([count, classes]);
    const step = this.batchSize(count);
    for (let first = 0; first < count; first += step) {
      const size = Math.min(step, count - first);
      const program = await this.program('probabilities', size, (output) => [softmax(output, 1)]);
      const rows = examples.data.subarray(first * width, (first + size) * width);
      const out = zeros([size, classes]);
      await program.run(
        [
          ...weights.parameters,
          ...weights.state,
          { data: rows, shape: [size, ...this.options.input], dtype: 'float32' },
          { data: new Int32Array(size), shape: [size], dtype: 'int32' },
        ],
        [out],
      );
      result.data.set(out.data, first * classes);
    }
    return result;
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) (await program).close();
    this.#programs.clear();
  }

  private batchSize(count: number): number {
    return Math.max(1, Math.min(this.options.batchSize ?? 500, count));
  }

  private program(
    what: string,
    size: number,
    judge: (output: Tensor, labels: Tensor) => Leaves,
  ): Promise<Executable> {
    const key = `${what} ${size}`;
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const { model, initial, input, compile } = this.options;
    const type = ({ shape, dtype }: TensorType): TensorType => ({ shape, dtype });
    const graph = trace<[Leaves, Leaves, Tensor, Tensor], Leaves>(
      (parameters, state, examples, labels) => {
        const trees = [
          unflattenTree(initial.parameters, parameters),
          unflattenTree(initial.state, state),
        ] as const;
        return judge(model.apply(...trees, examples, { training: false }).output, labels);
      },
      [
        flattenTree(initial.parameters).map(type),
        flattenTree(initial.state).map(type),
        float32(size, ...input),
        int32(size),
      ],
    );
    const program = Promise.resolve(compileGraph(graph, compile));
    this.#programs.set(key, program);
    return program;
  }
}
