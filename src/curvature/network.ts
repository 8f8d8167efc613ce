/**
 * A network's loss as a function of all its parameters as one vector, over a mini-batch or a whole data set in parts: its value and gradient.
 * Programs run in the parameters' element type (float32 on ONNX Runtime); sums over the parts are float64.
 */
import { compileGraph, type CompileOptions, type Executable } from '../compile/index.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { trace } from '../ops/index.js';
import { valueAndGrad } from '../transform/index.js';

type Leaves = readonly Tensor[];

/** Some examples, with what the model needs beside them. */
export interface LossPart {
  /** [size, …] each: inputs and labels. */
  readonly examples: readonly NDArray[];
  /** Without an axis of examples: a model's running statistics. */
  readonly shared: readonly NDArray[];
  readonly size: number;
}

/** A model's loss over examples: what curvature and landscapes are taken of. The functions are traced. */
export interface BatchedLoss {
  /** The parameters, all of one floating-point element type. */
  readonly parameters: readonly TensorType[];
  /** Their names, such as `0.weight`: the part before the last dot is the layer. */
  readonly names: readonly string[];
  /** What the model gives for the examples. */
  output(parameters: Leaves, examples: Leaves, shared: Leaves): Tensor;
  /** A scalar: the mean over the examples of what each one's output costs. */
  loss(output: Tensor, examples: Leaves): Tensor;
  /** The data set in parts of few different sizes: one program is compiled for each size. */
  readonly parts: readonly LossPart[];
}

/** A vector of all parameters, or one along them. */
export type FloatVector = Float32Array | Float64Array;

/** The count of parameters. */
export function parameterCount({ parameters }: Pick<BatchedLoss, 'parameters'>): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** The examples in all parts. */
export function exampleCount({ parts }: Pick<BatchedLoss, 'parts'>): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** Arrays that are views of a flat vector, leaf after leaf. */
export function leafViews(parameters: readonly TensorType[], flat: FloatVector): NDArray[] {
  let start = 0;
  return parameters.map(({ shape, dtype }) => {
    const end = start + sizeOf(shape);
    const data = flat.subarray(start, end);
    start = end;
    return { data, shape, dtype };
  });
}

/** Zeros in the parameters' element type. */
export function emptyVector({ parameters }: Pick<BatchedLoss, 'parameters'>): FloatVector {
  const count = parameterCount({ parameters });
  return parameters[0]?.dtype === 'float64' ? new Float64Array(count) : new Float32Array(count);
}

/**
 * Parameter arrays as one vector.
 * @throws ScreeError when they are not those of the loss, or one holds a NaN or an infinity
 */
export function flattenParameters(loss: BatchedLoss, arrays: readonly NDArray[]): FloatVector {
  const flat = emptyVector(loss);
  if (arrays.length !== loss.parameters.length) {
    throw new ScreeError(
      `flattenParameters: ${arrays.length} arrays for ${loss.parameters.length} parameters`,
    );
  }
  leafViews(loss.parameters, flat).forEach((view, index) => {
    const { data, shape } = arrays[index];
    if (data.length !== view.data.length) {
      throw new ScreeError(
        `flattenParameters: '${loss.names[index]}' is ${showShape(shape)}; it must be ${showShape(view.shape)}`,
      );
    }
    view.data.set(data);
  });
  checkFinite(loss, flat);
  return flat;
}

/** Throws for parameters that are no numbers, naming the first. */
export function checkFinite({ parameters, names }: BatchedLoss, flat: FloatVector): void {
  const at = flat.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  let leaf = 0;
  for (let start = 0; at >= start + sizeOf(parameters[leaf].shape); leaf++)
    start += sizeOf(parameters[leaf].shape);
  throw new ScreeError(
    `parameter '${names[leaf]}' holds ${flat[at]}: there is no curvature there; train again with a smaller learning rate, or go back to an earlier checkpoint`,
  );
}

/** The mean loss of some examples, as a traced function of the parameters. */
export function meanLoss(
  loss: BatchedLoss,
  examples: Leaves,
  shared: Leaves,
): (parameters: Leaves) => Tensor {
  return (parameters) => loss.loss(loss.output(parameters, examples, shared), examples);
}

/** Types of a part's arrays, for tracing. */
export function partTypes({ examples, shared }: LossPart): { examples: TensorType[]; shared: TensorType[] } {
  const types = (arrays: readonly NDArray[]) =>
    arrays.map(({ shape, dtype }): TensorType => ({ shape, dtype }));
  return { examples: types(examples), shared: types(shared) };
}

/** Programs by the size of a part, made when first needed. */
export class PartPrograms {
  readonly #programs = new Map<number, Executable>();

  constructor(
    private readonly graphOf: (part: LossPart) => Graph,
    private readonly options: CompileOptions,
  ) {}

  async of(part: LossPart): Promise<Executable> {
    let program = this.#programs.get(part.size);
    if (program === undefined) {
      program = await compileGraph(this.graphOf(part), this.options);
      this.#programs.set(part.size, program);
    }
    return program;
  }

  close(): void {
    for (const program of this.#programs.values()) program.close();
    this.#programs.clear();
  }
}

/** total ← total + weight · x, or weight · x where it is the first. */
export function accumulate(total: Float64Array, weight: number, x: FloatVector, isFirst: boolean): void {
  if (isFirst) for (let i = 0; i < x.length; i++) total[i] = weight * x[i];
  else for (let i = 0; i < x.length; i++) total[i] += weight * x[i];
}

/** The loss and its gradient at any parameters. */
export class LossFunction {
  readonly size: number;
  readonly #value: PartPrograms;
  readonly #gradient: PartPrograms;
  readonly #examples: number;
  /** What a program gives for one part. */
  readonly #part: FloatVector;

  constructor(
    private readonly loss: BatchedLoss,
    options: CompileOptions = {},
  ) {
    this.size = parameterCount(loss);
    this.#examples = exampleCount(loss);
    this.#part = emptyVector(loss);
    const traced =
      (body: (value: (p: Leaves) => Tensor, parameters: Leaves) => Leaves) => (part: LossPart) => {
        const types = partTypes(part);
        return trace<[Leaves, Leaves, Leaves], Leaves>(
          (parameters, examples, shared) => body(meanLoss(loss, examples, shared), parameters),
          [[...loss.parameters], types.examples, types.shared],
        );
      };
    this.#value = new PartPrograms(
      traced((value, parameters) => [value(parameters)]),
      options,
    );
    this.#gradient = new PartPrograms(
      traced((f, parameters) => {
        const { value, gradient } = valueAndGrad<[Leaves]>(f)(parameters);
        return [value, ...gradient];
      }),
      options,
    );
  }

  /**
   * The mean loss over all parts.
   * @param shared in place of what the parts hold: running statistics of other weights
   */
  async value(at: FloatVector, shared?: readonly NDArray[]): Promise<number> {
    const parameters = leafViews(this.loss.parameters, at);
    const result = this.scalar();
    let total = 0;
    for (const part of this.loss.parts) {
      const program = await this.#value.of(part);
      await program.run([...parameters, ...part.examples, ...(shared ?? part.shared)], [result]);
      total += (part.size / this.#examples) * result.data[0];
    }
    return total;
  }

  /**
   * The mean loss over all parts and its gradient, summed over the parts in float64.
   * @param gradient where the gradient goes; a new array by default
   */
  async gradient(
    at: FloatVector,
    gradient = new Float64Array(this.size),
  ): Promise<{ value: number; gradient: Float64Array }> {
    const parameters = leafViews(this.loss.parameters, at);
    const result = this.scalar();
    const outputs = [result, ...leafViews(this.loss.parameters, this.#part)];
    let value = 0;
    for (const part of this.loss.parts) {
      const program = await this.#gradient.of(part);
      await program.run([...parameters, ...part.examples, ...part.shared], outputs);
      const weight = part.size / this.#examples;
      value += weight * result.data[0];
      accumulate(gradient, weight, this.#part, part === this.loss.parts[0]);
    }
    return { value, gradient };
  }

  close(): void {
    this.#value.close();
    this.#gradient.close();
  }

  private scalar(): NDArray {
    const { dtype } = this.loss.parameters[0];
    return { data: dtype === 'float64' ? new Float64Array(1) : new Float32Array(1), shape: [], dtype };
  }
}
