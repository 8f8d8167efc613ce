import type { DType, TypedArray } from './dtype.js';
import type { Graph } from './graph.js';
import type { NDArray } from './ndarray.js';
import type { Shape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Shape and element type: all that is known of a tensor before it has values. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type AttributeValue =
  | number
  | string
  | boolean
  | NDArray
  | Graph
  | readonly number[]
  | readonly (readonly number[])[]
  | undefined;
export type Attributes = { readonly [key: string]: AttributeValue };

/** What a derivative rule sees of one application of an op. */
export interface Application<A extends Attributes> {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly attributes: A;
}

/** Computes `output` from `inputs`; made once for given shapes, allocates nothing when called. */
export type Kernel = (output: TypedArray, ...inputs: readonly TypedArray[]) => void;

export interface KernelRequest<A extends Attributes> {
  readonly inputs: readonly TensorType[];
  readonly output: TensorType;
  readonly attributes: A;
}

/** One number from the numbers at one place: as a function, and as JavaScript text for generated code. */
export interface ElementwiseKernel {
  readonly evaluate: (...values: number[]) => number;
  /** Text of the same function; without it generated code calls `evaluate`. */
  readonly code?: (...values: string[]) => string;
}

/** ONNX attribute values, as `encodeModel` takes them; the body of a loop by the name that `OnnxEmitter.body` gave it. */
export type OnnxAttributes = Readonly<
  Record<
    string,
    | { int: number }
    | { float: number }
    | { string: string }
    | { ints: readonly number[] }
    | { floats: readonly number[] }
    | { body: string }
  >
>;

/** What an op's ONNX lowering writes with. Values are named; each name has a type. */
export interface OnnxEmitter {
  /** Adds a node with one output and returns the output's name. */
  emit(
    op: string,
    inputs: readonly string[],
    attributes?: OnnxAttributes,
    options?: { domain?: string },
  ): string;
  /** Adds a node with several outputs. An empty input name leaves an optional input out. */
  emitMany(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes?: OnnxAttributes,
    options?: { domain?: string },
  ): string[];
  /** A constant int64 vector (shapes, axes, starts). */
  ints(values: readonly number[]): string;
  /** A constant tensor. */
  constant(array: NDArray): string;
  /** A constant scalar of the given element type. */
  scalar(value: number, dtype: DType): string;
  /**
   * The graph as the body of a loop, for an attribute. Its last inputs are the outer values `captured`; those before them are
   * the body's own inputs.
   */
  body(graph: Graph, captured: readonly string[]): string;
  /** One name for several values: what an op gives that has several results. Only `member` can read it. */
  tuple(values: readonly string[]): string;
  /** One of the values of a tuple; undefined where the name is a value of its own. */
  member(tuple: string, index: number): string | undefined;
  /** Channels that the runtime's blocked convolution takes together: 16 with AVX-512, 8 with AVX2, 1 where it has none. */
  readonly channelBlock: number;
}

export interface OnnxRequest<A extends Attributes> extends KernelRequest<A> {
  readonly names: readonly string[];
}

/**
 * A primitive of the language. An op is one object: the graph's nodes point to it, so that nothing is registered anywhere.
 * Either `elementwise` or `kernel` runs it on the JavaScript target; `onnx` lowers it for ONNX Runtime; an op without its own
 * rule for something has a `decompose` into other ops, through which it is then taken.
 */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string;
  /** Shape rule. Throws ScreeError naming the op and the offending shapes. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** The output's tangent; `tangents[i]` is undefined where input i is constant. Undefined means zero. */
  jvp?(application: Application<A>, tangents: readonly (Tensor | undefined)[]): Tensor | undefined;
  /** The inputs' cotangents; undefined means zero. `wanted[i]` says whether input i's is used at all. */
  vjp?(
    application: Application<A>,
    cotangent: Tensor,
    wanted: readonly boolean[],
  ): readonly (Tensor | undefined)[];
  /** The op over a leading batch axis on the inputs that are `batched`; the result has the batch axis first. */
  batch?(inputs: readonly Tensor[], batched: readonly boolean[], attributes: A): Tensor;
  decompose?(inputs: readonly Tensor[], attributes: A): Tensor;
  readonly elementwise?: ElementwiseKernel;
  /** Computed by its kernel on the host before a native program runs; its inputs are inputs of the graph. */
  readonly host?: boolean;
  kernel?(request: KernelRequest<A>): Kernel;
  /** Undefined where the runtime's operators do not cover the case: the decomposition is lowered instead. */
  onnx?(emitter: OnnxEmitter, request: OnnxRequest<A>): string | undefined;
}
