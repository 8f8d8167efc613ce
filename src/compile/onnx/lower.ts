import type { DType } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import { constantValue, inputOp, type Graph, type Node } from '../../graph/graph.js';
import { ndarray, type NDArray } from '../../graph/ndarray.js';
import type { OnnxAttributes, OnnxEmitter } from '../../graph/op.js';
import { Builder, building } from '../../graph/tensor.js';
import { simplify } from '../../transform/index.js';
import type { Attribute, Initializer, OnnxGraph, OnnxModel, OnnxNode, ValueInfo } from './encode.js';

/** A graph as an ONNX model, and how its inputs are fed. */
export interface Lowered {
  readonly model: OnnxModel;
  /** For each input of the model, the node of `graph` that it carries. */
  readonly feeds: readonly number[];
  /** The lowered graph; `feeds` that are not among its inputs are computed on the host by their kernels. */
  readonly graph: Graph;
}

/** What the emitters of a model and of the bodies of its loops share. */
class Shared {
  readonly initializers: Initializer[] = [];
  /** Names of constants: the bodies of loops see them too. */
  readonly constants = new Map<string, string[]>();
  readonly arrays = new Map<NDArray['data'], string>();
  readonly bodies = new Map<string, OnnxGraph>();
  readonly tuples = new Map<string, readonly string[]>();
  private count = 0;

  constructor(readonly channelBlock: number) {}

  fresh(): string {
    return `n${this.count++}`;
  }
}

class Emitter implements OnnxEmitter {
  readonly nodes: OnnxNode[] = [];
  private readonly known = new Map<string, string[]>();
  /** The node of the graph that is being written, as the beginning of a name. */
  private origin = '';

  constructor(
    readonly shared: Shared,
    private readonly prefix = '',
  ) {}

  get channelBlock(): number {
    return this.shared.channelBlock;
  }

  /** From now on nodes are named after this node of the graph. */
  enter(node: Node, id: number): void {
    this.origin = `${this.prefix}${node.op.name}_${id}/`;
  }

  private fresh(): string {
    return this.shared.fresh();
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
    return once(this.known, key, () => {
      const names = Array.from({ length: outputs }, () => this.fresh());
      const name = `${this.origin}${op}_${this.nodes.length}`;
      this.nodes.push({ op, domain, name, inputs, outputs: names, attributes: this.resolved(attributes) });
      return names;
    });
  }

  /** Another value equal to one: unlike `emit`, never shared. */
  copy(value: string): string {
    const copied = this.fresh();
    this.nodes.push({
      op: 'Identity',
      name: `${this.prefix}copy/Identity_${this.nodes.length}`,
      inputs: [value],
      outputs: [copied],
    });
    return copied;
  }

  /** With the bodies of loops in place of their names. */
  private resolved(attributes: OnnxAttributes): Record<string, Attribute> {
    return Object.fromEntries(
      Object.entries(attributes).map(([name, value]): [string, Attribute] => {
        if (!('body' in value)) return [name, value];
        const graph = this.shared.bodies.get(value.body);
        if (graph === undefined) throw new ScreeError(`compile: there is no body ${value.body}`);
        return [name, { graph }];
      }),
    );
  }

  body(graph: Graph, captured: readonly string[]): string {
    const name = this.fresh();
    const inner = new Emitter(this.shared, `${this.origin}body/`);
    const own = graph.inputs.length - captured.length;
    const given = new Map(graph.inputs.map((id, k) => [id, captured[k - own] ?? this.fresh()]));
    const names = lowerNodes(inner, graph, (node, id) => {
      inner.enter(node, id);
      return given.get(id);
    });
    const outputs = outputValues(inner, graph, names);
    const inputs = graph.inputs.slice(0, own).map((id) => valueInfo(names[id], graph.nodes[id]));
    this.shared.bodies.set(name, { name, inputs, outputs, initializers: [], nodes: inner.nodes });
    return name;
  }

  tuple(values: readonly string[]): string {
    const name = this.fresh();
    this.shared.tuples.set(name, values);
    return name;
  }

  member(tuple: string, index: number): string | undefined {
    return this.shared.tuples.get(tuple)?.[index];
  }

  ints(values: readonly number[]): string {
    const { initializers, constants } = this.shared;
    const [name] = once(constants, `ints ${values.join()}`, () => {
      const fresh = this.fresh();
      initializers.push({ name: fresh, array: { int64: [...values], shape: [values.length] } });
      return [fresh];
    });
    return name;
  }

  constant(array: NDArray): string {
    const { initializers, arrays } = this.shared;
    const known = arrays.get(array.data);
    if (known !== undefined) return known;
    const name = this.fresh();
    initializers.push({ name, array });
    arrays.set(array.data, name);
    return name;
  }

  scalar(value: number, dtype: DType): string {
    const [name] = once(this.shared.constants, `${dtype} ${Object.is(value, -0) ? '-0' : value}`, () => [
      this.constant(ndarray(value, [], dtype)),
    ]);
    return name;
  }
}

function once(names: Map<string, string[]>, key: string, make: () => string[]): string[] {
  const known = names.get(key);
  if (known !== undefined) return known;
  const made = make();
  names.set(key, made);
  return made;
}

function valueInfo(name: string, { dtype, shape }: Node): ValueInfo {
  return { name, dtype, shape };
}

/** A value that a node makes is an output as it is; an input, a constant or a repeated output needs a copy. */
function outputValues(emitter: Emitter, graph: Graph, names: readonly string[]): ValueInfo[] {
  const produced = new Set(emitter.nodes.flatMap((node) => node.outputs));
  return graph.outputs.map((id) => {
    const name = produced.delete(names[id]) ? names[id] : emitter.copy(names[id]);
    return valueInfo(name, graph.nodes[id]);
  });
}

/** What ONNX Runtime gets: each node by its op's `onnx` rule, or by its decomposition where it has none. */
export function lower(source: Graph, { channelBlock }: { channelBlock: number }): Lowered {
  const graph = simplify(source);
  const emitter = new Emitter(new Shared(channelBlock));
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
  const outputs = outputValues(emitter, graph, names);
  const model: OnnxModel = {
    graph: {
      name: 'scree',
      inputs: feeds.map((id) => valueInfo(names[id], graph.nodes[id])),
      outputs,
      initializers: emitter.shared.initializers,
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
