import { batches, type Split } from '../data/index.js';
import { allocate } from '../graph/dtype.js';
import type { Graph } from '../graph/graph.js';
import { zeros, type NDArray } from '../graph/ndarray.js';
import { sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { softmax, trace } from '../ops/index.js';
import type { Score } from './judge.js';
import { compileForward, type ForwardProgram } from './forward-program.js';
import { applyModel, batchOf, leafTypes, type Learner, type Leaves } from './learner.js';
import type { Weights } from './start.js';

/** Examples at a time: few enough for the activations of a large image to fit in memory. */
function usualBatch(numbersEach: number): number {
  return Math.max(1, Math.min(500, Math.floor(2 ** 22 / numbersEach)));
}

/** Applies a model as it is tested: running statistics, no dropout. One program for each size of batch, made when needed. */
export class Evaluator {
  readonly #programs = new Map<string, Promise<ForwardProgram>>();
  readonly #batchSize: number;

  /** `batchSize` is how many examples are taken at a time: 500 by default, fewer where they are large. */
  constructor(
    private readonly learner: Learner,
    { batchSize = usualBatch(sizeOf(learner.input.shape)) }: { readonly batchSize?: number } = {},
  ) {
    this.#batchSize = batchSize;
  }

  /** What the judge says of a whole split, the last, shorter batch included. */
  async score(weights: Weights, split: Split): Promise<Score> {
    const { judge } = this.learner;
    const batchSize = Math.min(this.#batchSize, split.size);
    const loss = zeros([]);
    const tally = zeros([]);
    const total = { loss: 0, tally: 0 };
    const use = this.withWeights(weights);
    for (const { inputs, labels, size } of batches(split, { batchSize }).epoch(0)) {
      const program = await use(`score ${size}`, () => this.traceScore(size));
      await program.run([inputs, labels], [loss, tally]);
      total.loss += loss.data[0] * size;
      total.tally += tally.data[0];
    }
    return judge.score(total.loss / split.size, total.tally / (split.size * judge.labelsEach), split);
  }

  /**
   * What the model gives, as it is: logits of classes or characters, a number in standard deviations.
   * @param examples [count, ...input]
   * @returns float32 [count, ...output]
   */
  outputs(weights: Weights, examples: NDArray): Promise<NDArray> {
    return this.apply('outputs', weights, examples, (output) => output);
  }

  /**
   * Probabilities of classes or characters: the softmax of the model's output.
   * @param examples [count, ...input]
   * @returns float32 [count, ...output]
   */
  probabilities(weights: Weights, examples: NDArray): Promise<NDArray> {
    return this.apply('probabilities', weights, examples, (output) => softmax(output));
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) (await program).close();
    this.#programs.clear();
  }

  private async apply(
    what: string,
    weights: Weights,
    examples: NDArray,
    finish: (output: Tensor) => Tensor,
  ): Promise<NDArray> {
    const { input, initial } = this.learner;
    const [count] = examples.shape;
    const width = sizeOf(input.shape);
    const outputWidth = sizeOf(initial.output);
    const result = zeros([count, ...initial.output]);
    const step = Math.max(1, Math.min(this.#batchSize, count));
    const use = this.withWeights(weights);
    for (let first = 0; first < count; first += step) {
      const size = Math.min(step, count - first);
      const program = await use(`${what} ${size}`, () => this.trace(size, (output) => [finish(output)]));
      const data = allocate(input.dtype, size * width);
      data.set(examples.data.subarray(first * width, (first + size) * width));
      const out = zeros([size, ...initial.output]);
      await program.run([{ data, ...batchOf(size, input) }], [out]);
      result.data.set(out.data, first * outputWidth);
    }
    return result;
  }

  private traceScore(size: number): Graph {
    const { judge, label } = this.learner;
    return this.trace(size, (output, [labels]) => [judge.loss(output, labels), judge.tally(output, labels)], [
      batchOf(size, label),
    ]);
  }

  private trace(
    size: number,
    finish: (output: Tensor, labels: Leaves) => Leaves,
    labels: ReturnType<typeof batchOf>[] = [],
  ): Graph {
    const { initial, input } = this.learner;
    return trace<[Leaves, Leaves, Tensor, Leaves], Leaves>(
      (parameters, state, examples, truth) => {
        const { output } = applyModel(this.learner, parameters, state, examples, { training: false });
        return finish(output, truth);
      },
      [leafTypes(initial.parameters), leafTypes(initial.state), batchOf(size, input), labels],
    );
  }

  /** Programs that have taken some weights: each takes them once, for the arrays may hold others at another time. */
  private withWeights({ parameters, state }: Weights) {
    const given = new Set<string>();
    return async (key: string, traced: () => Graph): Promise<ForwardProgram> => {
      const program = await this.program(key, traced);
      if (!given.has(key)) program.take([...parameters, ...state]);
      given.add(key);
      return program;
    };
  }

  private program(key: string, traced: () => Graph): Promise<ForwardProgram> {
    let program = this.#programs.get(key);
    if (program === undefined) {
      const { compile, initial } = this.learner;
      const weights = leafTypes(initial.parameters).length + leafTypes(initial.state).length;
      program = compileForward(traced(), weights, compile);
      this.#programs.set(key, program);
    }
    return program;
  }
}
