import type { DType } from './dtype.js';
import { ScreeError } from './errors.js';
import { constantOp, discardedOp, inputOp, pruneGraph, type Graph, type Node } from './graph.js';
import type { NDArray } from './ndarray.js';
import type { Attributes, Op, TensorType } from './op.js';
import { showShape, type Shape } from './shape.js';

/**
 * What a traced function handles: a node of the graph that is being built. It has a shape and an element type, and no values
 * yet. Its arithmetic methods are installed by `ops/methods.ts`.
 */
export class Tensor implements TensorType {
  constructor(
    readonly builder: Builder,
    readonly id: number,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  toString(): string {
    return `Tensor ${this.dtype}${showShape(this.shape)}`;
  }

  /** A tensor has no value while it is traced: using it as a number is a mistake, named here. */
  valueOf(): never {
    throw new ScreeError(
      `${this.toString()} has no value while a function is traced; write add(x, y) or x.add(y) instead of x + y, and where(…) instead of if`,
    );
  }
}

/** A graph that grows: transforms append to the same one, so nested derivatives and captured tensors need nothing special. */
export class Builder {
  readonly nodes: Node[] = [];
  private readonly scalars = new Map<string, Tensor>();

  /** Applies an op; shapes are checked by its rule. */
  apply<A extends Attributes>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
    for (const input of inputs) this.requireOwn(op.name, input);
    const { shape, dtype } = op.infer(inputs, attributes);
    return this.append({ op, inputs: inputs.map((input) => input.id), attributes, shape, dtype });
  }

  input(type: TensorType): Tensor {
    const { shape, dtype } = type;
    return this.append({ op: inputOp, inputs: [], attributes: { shape, dtype }, shape, dtype });
  }

  constant(value: NDArray): Tensor {
    if (value.shape.length > 0) return this.appendConstant(value);
    const key = `${value.dtype} ${Object.is(value.data[0], -0) ? '-0' : value.data[0]}`;
    const known = this.scalars.get(key);
    if (known !== undefined) return known;
    const tensor = this.appendConstant(value);
    this.scalars.set(key, tensor);
    return tensor;
  }

  tensor(id: number): Tensor {
    const { shape, dtype } = this.nodes[id];
    return new Tensor(this, id, shape, dtype);
  }

  /** Takes nodes out of the graph, once nothing that stays needs them: using their tensors is an error from then on. */
  discard(ids: readonly number[]): void {
    for (const id of ids) {
      const { shape, dtype } = this.nodes[id];
      this.nodes[id] = { op: discardedOp, inputs: [], attributes: {}, shape, dtype };
    }
  }

  graph(inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph {
    for (const output of outputs) this.requireOwn('trace', output);
    return pruneGraph({
      nodes: this.nodes,
      inputs: inputs.map((tensor) => tensor.id),
      outputs: outputs.map((tensor) => tensor.id),
    });
  }

  private requireOwn(operation: string, tensor: Tensor): void {
    if (tensor.builder === this && this.nodes[tensor.id].op !== discardedOp) return;
    throw new ScreeError(
      `${operation}: ${tensor.toString()} belongs to another trace; a tensor cannot outlive its trace`,
    );
  }

  private appendConstant(value: NDArray): Tensor {
    const { shape, dtype } = value;
    return this.append({ op: constantOp, inputs: [], attributes: { value }, shape, dtype });
  }

  private append(node: Node): Tensor {
    this.nodes.push(node);
    return new Tensor(this, this.nodes.length - 1, node.shape, node.dtype);
  }
}

const stack: Builder[] = [];

/** The graph under construction. Throws where no function is being traced. */
export function currentBuilder(operation: string): Builder {
  const builder = stack.at(-1);
  if (builder === undefined) {
    throw new ScreeError(
      `${operation}: no function is being traced; use it inside a function given to trace or compile`,
    );
  }
  return builder;
}

/** Runs `body` with `builder` as the graph under construction. */
export function building<R>(builder: Builder, body: () => R): R {
  stack.push(builder);
  try {
    return body();
  } finally {
    stack.pop();
  }
}
