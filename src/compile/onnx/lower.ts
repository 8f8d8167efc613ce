import type { DType } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import { constantValue, inputOp, type Graph, type Node } from '../../graph/graph.js';
import { ndarray, type NDArray } from '../../graph/ndarray.js';
import type { OnnxAttributes, OnnxEmitter } from '../../graph/op.js';
import { Builder, building } from '../../graph/tensor.js';
import { simplify } from '../../transform/index.js';
import type { Initializer, OnnxModel, OnnxNode, ValueInfo } from './encode.js';

/** A graph as an ONNX model, and how its inputs are fed. */
export interface Lowered {
  readonly model: OnnxModel;
  /** For each input of the model, the node of `graph` that it carries. */
  readonly feeds: readonly number[];
  /** The lowered graph; `feeds` that are not among its inputs are computed on the host by their kernels. */
  readonly graph: Graph;
}

class Emitter implements OnnxEmitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  private readonly known = new Map<string, string[]>();
  private readonly arrays = new Map<NDArray['data'], string>();
  private count = 0;
  /** The node of the graph that is being written, as the beginning of a name. */
  private origin = '';

  constructor(readonly channelBlock: number) {}

  /** From now on nodes are named after this node of the graph. */
  enter(node: Node, id: number): void {
    this.origin = `${node.op.name}_${id}/`;
  }

  private fresh(): string {
    return `n${this.count++}`;
  }

  emit(
    op: string,
    inputs: readonly string[],
    attributes?: OnnxAttributes,
    options?: { domain?: string },
  ): string {
    return this.emitMany(op, inputs, 1, attributes, options)[0];
  }

  emitMany(
    op: string,
    inputs: readonly string[],
    outputs: number,
    attributes: OnnxAttributes = {},
    { domain = '' }: { domain?: string } = {},
  ): string[] {
    const key = `${domain}:${op}(${inputs.join()})${JSON.stringify(attributes)}/${outputs}`;
    return this.once(key, () => {
      const names = Array.from({ length: outputs }, () => this.fresh());
      const name = `${this.origin}${op}_${this.nodes.length}`;
      this.nodes.push({ op, domain, name, inputs, outputs: names, attributes });
      return names;
    });
  }

  /** Another value equal to one: unlike `emit`, never shared. */
  copy(value: string): string {
    const copied = this.fresh();
    this.nodes.push({
      op: 'Identity',
      name: `copy/Identity_${this.nodes.length}`,
      inputs: [value],
      outputs: [copied],
    });
    return copied;
  }

  ints(values: readonly number[]): string {
    const [name] = this.once(`ints ${values.join()}`, () => {
      const fresh = this.fresh();
      this.initializers.push({ name: fresh, array: { int64: [...values], shape: [values.length] } });
      return [fresh];
    });
    return name;
  }

  constant(array: NDArray): string {
    const known = this.arrays.get(array.data);
    if (known !== undefined) return known;
    const name = this.fresh();
    this.initializers.push({ name, array });
    this.arrays.set(array.data, name);
    return name;
  }

  scalar(value: number, dtype: DType): string {
    const [name] = this.once(`${dtype} ${Object.is(value, -0) ? '-0' : value}`, () => [
      this.constant(ndarray(value, [], dtype)),
    ]);
    return name;
  }

  private once(key: string, make: () => string[]): string[] {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.known.set(key, made);
    return made;
  }
}

/** What ONNX Runtime gets: each node by its op's `onnx` rule, or by its decomposition where it has none. */
export function lower(source: Graph, { channelBlock }: { channelBlock: number }): Lowered {
  const graph = simplify(source);
  const emitter = new Emitter(channelBlock);
  const feeds: number[] = [];
  const used = new Set(
    graph.nodes.flatMap(({ inputs, op }) => (op.host ? [] : inputs)).concat(graph.outputs),
  );
  const names = lowerNodes(emitter, graph, (node, id) => {
    emitter.enter(node, id);
    if (node.op !== inputOp && node.op.host !== true) return undefined;
    if (used.has(id)) feeds.push(id);
    return `f${id}`;
  });
  const info = (name: string, { dtype, shape }: Node): ValueInfo => ({ name, dtype, shape });
  // A value that a node makes is an output as it is; an input, a constant or a repeated output needs a copy.
  const produced = new Set(emitter.nodes.flatMap((node) => node.outputs));
  const outputs = graph.outputs.map((id) => {
    const name = produced.delete(names[id]) ? names[id] : emitter.copy(names[id]);
    return info(name, graph.nodes[id]);
  });
  const model: OnnxModel = {
    graph: {
      name: 'scree',
      inputs: feeds.map((id) => info(names[id], graph.nodes[id])),
      outputs,
      initializers: emitter.initializers,
      nodes: emitter.nodes,
    },
  };
  return { model, feeds, graph };
}

/** Emits the nodes of a graph and returns their names; `given` names those that come from outside. */
function lowerNodes(
  emitter: Emitter,
  graph: Graph,
  given: (node: Node, id: number) => string | undefined,
): string[] {
  const names: string[] = [];
  graph.nodes.forEach((node, id) => {
    names.push(given(node, id) ?? lowerNode(emitter, graph, node, names));
  });
  return names;
}

function lowerNode(emitter: Emitter, graph: Graph, node: Node, known: readonly string[]): string {
  const value = constantValue(node);
  if (value !== undefined) {
    return value.shape.length === 0 ? emitter.scalar(value.data[0], value.dtype) : emitter.constant(value);
  }
  const inputs = node.inputs.map((input) => graph.nodes[input]);
  const names = node.inputs.map((input) => known[input]);
  const { op, attributes } = node;
  return (
    op.onnx?.(emitter, { inputs, output: node, attributes, names }) ??
    lowerParts(emitter, node, inputs, names)
  );
}

function lowerParts(
  emitter: Emitter,
  { op, attributes }: Node,
  inputs: readonly Node[],
  names: readonly string[],
): string {
  const builder = new Builder();
  const parts = building(builder, () => {
    const operands = inputs.map((input) => builder.input(input));
    const output = op.decompose?.(operands, attributes);
    if (output === undefined)
      throw new ScreeError(`${op.name}: ONNX Runtime has neither the op nor its parts`);
    return simplify(builder.graph(operands, [output]));
  });
  const inner = lowerNodes(emitter, parts, (node, id) =>
    node.op === inputOp ? names[parts.inputs.indexOf(id)] : undefined,
  );
  return inner[parts.outputs[0]];
}
