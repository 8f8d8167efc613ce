import { allocate, dtypeOf, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Graph } from '../graph/graph.js';
import { ndarray, type NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sameShape, showShape, sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { MapLeaves, Tree } from '../graph/tree.js';

/** A program was not made, since it would take more memory than there is. */
export class NotEnoughMemory extends ScreeError {
  override name = 'NotEnoughMemory';

  /** @param bytes that it wants beside the arrays of a run */
  constructor(
    message: string,
    readonly bytes: number,
  ) {
    super(message);
  }
}

/**
 * A graph made ready to run on some target. Arrays are given in the order of the graph's inputs and outputs; outputs are written
 * in place and must share no memory with each other or with an input.
 */
export interface Executable {
  /** What is run: equivalent to the graph that was given, with the same inputs and outputs. */
  readonly graph: Graph;
  /** Memory beside the arrays of a run, where the target plans it before the first. */
  readonly bytes?: number;
  /** Where the target was asked to keep state from run to run: carries it in and out. */
  readonly state?: KeptState;
  /**
   * @param onGroup told, where the target can, of each group of outputs (see {@link OutputGroups}) that is complete before the run ends
   * @throws ScreeError (an asynchronous target by rejection) for arrays that do not fit; nothing is written then.
   */
  run(inputs: readonly NDArray[], outputs: readonly NDArray[], onGroup?: GroupListener): void | Promise<void>;
  /** Frees what the target holds outside the heap; running afterwards is an error where it holds anything. */
  close(): void;
}

/** State that a program keeps in memory of its own: arrays in the order in which it was named. Not for use during a run. */
export interface KeptState {
  /** Takes values over. */
  readonly write: (arrays: readonly NDArray[]) => void;
  /**
   * Writes the values into arrays.
   * @throws ScreeError after a run that failed half way, once it had begun to write
   */
  readonly read: (arrays: readonly NDArray[]) => void;
}

/** An executable that has its results when `run` returns. */
export interface SyncExecutable extends Executable {
  run(inputs: readonly NDArray[], outputs: readonly NDArray[]): void;
}

/** An executable that works beside the event loop. */
export interface AsyncExecutable extends Executable {
  run(inputs: readonly NDArray[], outputs: readonly NDArray[], onGroup?: GroupListener): Promise<void>;
}

/** Outputs, by their places, that are wanted before a run ends: those of the first group first. */
export type OutputGroups = readonly (readonly number[])[];

/** Called when all outputs of a group are written and no longer used by the run. Groups may come in another order, or never. */
export type GroupListener = (group: number) => void;

type Nested = number | readonly Nested[];

/** What may be given where a traced function takes a tensor; numbers and nested arrays take its element type. */
export type TensorValue = NDArray | Nested;

/** A traced function's arguments with values in place of tensors. */
export type Arguments<A extends readonly Tree<Tensor>[]> = {
  [K in keyof A]: MapLeaves<A[K], Tensor, TensorValue>;
};

/** A traced function's result with values in place of tensors. */
export type Results<R> = MapLeaves<R, Tensor, NDArray>;

/** A compiled function that runs at once. Each call gives arrays of its own. */
export interface Program<A extends readonly unknown[], R> {
  readonly executable: SyncExecutable;
  /** @throws ScreeError naming the path of the argument whose shape, element type or structure does not fit. */
  run(...args: A): R;
  close(): void;
}

/** A compiled function that works beside the event loop. Each call gives arrays of its own. */
export interface AsyncProgram<A extends readonly unknown[], R> {
  readonly executable: AsyncExecutable;
  /** @throws ScreeError (by rejection) naming the path of the argument that does not fit. */
  run(...args: A): Promise<R>;
  close(): void;
}

/** Fresh arrays for an executable's outputs. */
export function allocateOutputs({ nodes, outputs }: Graph): NDArray[] {
  return outputs.map((id) => {
    const { shape, dtype } = nodes[id];
    return { data: allocate(dtype, sizeOf(shape)), shape, dtype };
  });
}

/**
 * Whether an output is written to the memory of an input or of another output; only whole arrays are compared. Called by running
 * programs, it allocates nothing.
 */
export function sharesMemory(inputs: readonly NDArray[], outputs: readonly NDArray[]): boolean {
  for (let index = 0; index < outputs.length; index++) {
    const { data } = outputs[index];
    for (let other = 0; other < inputs.length; other++) if (inputs[other].data === data) return true;
    for (let other = 0; other < index; other++) if (outputs[other].data === data) return true;
  }
  return false;
}

/** Throws unless the arrays are what the graph takes and gives. */
export function checkArrays(
  { nodes, inputs, outputs }: Graph,
  given: readonly NDArray[],
  results: readonly NDArray[],
): void {
  if (given.length !== inputs.length || results.length !== outputs.length) {
    throw new ScreeError(
      `run: the graph has ${inputs.length} inputs and ${outputs.length} outputs; got ${given.length} and ${results.length} arrays`,
    );
  }
  inputs.forEach((id, index) => checkArray('input', index, nodes[id], given[index]));
  outputs.forEach((id, index) => checkArray('output', index, nodes[id], results[index]));
  if (sharesMemory(given, results)) {
    throw new ScreeError('run: an output is written to the memory of another array; give it one of its own');
  }
}

/** Throws unless an array is of the type. */
export function checkArray(kind: string, index: number, type: TensorType, array: NDArray): void {
  const { data, shape, dtype } = array;
  if (dtype === type.dtype && sameShape(shape, type.shape) && holds(data, dtype, sizeOf(shape))) return;
  throw new ScreeError(
    `run: ${kind} ${index} is ${describe(array)}; it must be ${type.dtype}${showShape(type.shape)}`,
  );
}

function holds(data: NDArray['data'], dtype: DType, length: number): boolean {
  return data.length === length && dtypeOf(data) === dtype;
}

function describe({ data, shape, dtype }: NDArray): string {
  const fits = holds(data, dtype, sizeOf(shape));
  return `${dtype}${showShape(shape)}${fits ? '' : ` over a ${dtypeOf(data)} memory of ${data.length} elements`}`;
}

type Bind = (value: unknown, arrays: NDArray[]) => void;

/** The arrays for a program's inputs from a call's arguments, in the order of the specs' leaves. */
export function argumentBinder(specs: readonly Tree<TensorType>[]): (args: readonly unknown[]) => NDArray[] {
  const binds = specs.map((spec, index) => binder(spec, `argument ${index}`));
  return (args) => {
    if (args.length !== specs.length) {
      throw new ScreeError(`run: the program takes ${specs.length} arguments, got ${args.length}`);
    }
    const arrays: NDArray[] = [];
    for (let index = 0; index < binds.length; index++) binds[index](args[index], arrays);
    return arrays;
  };
}

function isType(spec: Tree<TensorType>): spec is TensorType {
  return 'dtype' in spec && typeof spec.dtype === 'string';
}

function binder(spec: Tree<TensorType>, path: string): Bind {
  if (isType(spec)) return (value, arrays) => arrays.push(toArray(value, spec, path));
  const list = Array.isArray(spec);
  const children = Object.entries<Tree<TensorType>>(spec).map(([key, child]) => ({
    key,
    bind: binder(child, `${path}.${key}`),
  }));
  const wanted = list ? `an array of ${children.length}` : `an object with ${Object.keys(spec).join(', ')}`;
  return (value, arrays) => {
    const fits = typeof value === 'object' && value !== null && Array.isArray(value) === list;
    if (!fits || Object.keys(value).length !== children.length) {
      throw new ScreeError(`run: ${path} must be ${wanted}`);
    }
    const values = value as Record<string, unknown>;
    for (const { key, bind } of children) {
      if (!(key in values)) throw new ScreeError(`run: ${path}.${key} is missing`);
      bind(values[key], arrays);
    }
  };
}

function isArray(value: unknown): value is NDArray {
  return typeof value === 'object' && value !== null && 'data' in value && 'dtype' in value;
}

function isNested(value: unknown): value is Nested {
  return typeof value === 'number' || (Array.isArray(value) && value.every(isNested));
}

function toArray(value: unknown, { shape, dtype }: TensorType, path: string): NDArray {
  if (typeof value === 'number' && shape.length === 0) {
    const data = allocate(dtype, 1);
    data[0] = value;
    return { data, shape, dtype };
  }
  const wanted = `${dtype}${showShape(shape)}`;
  if (isArray(value)) {
    if (value.dtype === dtype && sameShape(value.shape, shape) && holds(value.data, dtype, sizeOf(shape))) {
      return value;
    }
    throw new ScreeError(`run: ${path} is ${describe(value)}; it must be ${wanted}`);
  }
  if (!isNested(value)) {
    const what = Array.isArray(value) ? 'an array of other things than numbers' : String(value);
    throw new ScreeError(`run: ${path} is ${what}; it must be ${wanted}`);
  }
  // An empty axis ends the nesting: [] stands for every shape without elements.
  const empty = Array.isArray(value) && value.length === 0 && sizeOf(shape) === 0;
  const array = ndarray(value, empty ? shape : undefined, dtype);
  if (sameShape(array.shape, shape)) return array;
  throw new ScreeError(`run: ${path} is nested as ${showShape(array.shape)}; it must be ${wanted}`);
}
