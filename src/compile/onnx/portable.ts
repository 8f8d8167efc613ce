import { ScreeError } from '../../graph/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import type {
  Attribute,
  Initializer,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  TensorValue,
  ValueInfo,
} from './encode.js';
import { lower } from './lower.js';

export interface PortableRequest {
  /**
   * What is computed for so many examples. Its inputs are the examples, then the weights; every output has the examples as its
   * first axis.
   */
  readonly graph: (batch: number) => Graph;
  /** Name of the examples among the model's inputs. */
  readonly input: string;
  readonly outputs: readonly string[];
  /** They become constants of the model under their names. */
  readonly weights: readonly { readonly name: string; readonly array: NDArray }[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Two counts of examples that hardly stand for anything else in a model. */
const [few, more] = [89, 97];

/** The name of the first extent. */
const batchName = 'batch';

/**
 * A graph as a model for other runtimes: operators of the ONNX standard alone, the weights inside, and any number of examples.
 * Our graphs have fixed shapes, so it is lowered for two counts of examples: where the two differ in an integer (a shape, an end
 * of a slice), the model computes it from the count that it is given.
 * @throws ScreeError where more than that depends on the count, or an op has no standard operators
 */
export function portableModel({ graph, input, outputs, weights, metadata }: PortableRequest): OnnxModel {
  const names = [input, ...weights.map(({ name }) => name)];
  const [first, second] = [few, more].map((batch) => standardGraph(graph(batch), names, outputs));
  const any = new AnyBatch(first, second, input).graph();
  const constants = new Map(weights.map(({ name, array }) => [name, array]));
  const info = ({ shape, ...rest }: ValueInfo): ValueInfo => ({
    ...rest,
    shape: [batchName, ...shape.slice(1)],
  });
  return {
    metadata,
    graph: {
      name: 'scree',
      inputs: any.inputs.filter(({ name }) => name === input).map(info),
      outputs: any.outputs.map(info),
      initializers: [
        ...any.inputs.flatMap(({ name }) => {
          const array = constants.get(name);
          return array === undefined ? [] : [{ name, array }];
        }),
        ...any.initializers,
      ],
      nodes: any.nodes,
    },
  };
}

/** A lowered graph whose inputs and outputs have the names that they are to have. */
function standardGraph(source: Graph, names: readonly string[], outputs: readonly string[]): OnnxGraph {
  const { model, feeds, graph } = lower(source, { channelBlock: 1 });
  const foreign = model.graph.nodes.find(({ domain = '' }) => domain !== '');
  if (foreign !== undefined) {
    throw new ScreeError(`export: ${foreign.op} is no operator of the ONNX standard; other runtimes lack it`);
  }
  const renamed = new Map<string, string>();
  feeds.forEach((id, index) => {
    const { op, inputs } = graph.nodes[id];
    // What the host would check before a run, other runtimes check themselves: the operand takes its place.
    const place = graph.inputs.indexOf(op.host === true ? inputs[0] : id);
    if (place < 0) throw new ScreeError(`export: ${op.name} of a computed value runs on the host alone`);
    renamed.set(model.graph.inputs[index].name, names[place]);
  });
  model.graph.outputs.forEach(({ name }, index) => renamed.set(name, outputs[index]));
  const rename = (name: string) => renamed.get(name) ?? name;
  const seen = new Set<string>();
  return {
    ...model.graph,
    inputs: model.graph.inputs
      .map((value) => ({ ...value, name: rename(value.name) }))
      .filter(({ name }) => !seen.has(name) && seen.add(name)),
    outputs: model.graph.outputs.map((value) => ({ ...value, name: rename(value.name) })),
    nodes: model.graph.nodes.map((node) => withNames(node, rename)),
  };
}

/** A node with other names, also where the body of a loop uses them. */
function withNames(node: OnnxNode, rename: (name: string) => string): OnnxNode {
  const inside = ({ nodes, outputs, ...rest }: OnnxGraph): OnnxGraph => ({
    ...rest,
    nodes: nodes.map((inner) => withNames(inner, rename)),
    outputs: outputs.map((value) => ({ ...value, name: rename(value.name) })),
  });
  return {
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: withBodies(node, inside),
  };
}

/** A node's attributes with something done to the bodies of loops. */
function withBodies(
  { attributes = {} }: OnnxNode,
  change: (body: OnnxGraph, name: string) => OnnxGraph,
): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]): [string, Attribute] => [
      name,
      'graph' in value ? { graph: change(value.graph, name) } : value,
    ]),
  );
}

/** The names that nodes read, also in the bodies of loops. */
function namesRead(nodes: readonly OnnxNode[]): string[] {
  return nodes.flatMap(({ inputs, attributes = {} }) => [
    ...inputs,
    ...Object.values(attributes).flatMap((value) => ('graph' in value ? namesRead(value.graph.nodes) : [])),
  ]);
}

/** Two lowerings of a model for `few` and for `more` examples made into one for any number. */
class AnyBatch {
  readonly #constants: readonly ReadonlyMap<string, TensorValue>[];
  /** Nodes that compute what depends on the count; they come before the others. */
  readonly #computed: OnnxNode[] = [];
  readonly #added = new Map<string, Initializer>();
  readonly #vectors = new Map<string, string>();

  constructor(
    private readonly first: OnnxGraph,
    private readonly second: OnnxGraph,
    private readonly input: string,
  ) {
    this.#constants = [first, second].map(
      ({ initializers }) => new Map(initializers.map(({ name, array }) => [name, array])),
    );
  }

  graph(): OnnxGraph {
    const { first, second } = this;
    const nodes = this.#nodes(first, second);
    const all = [...this.#computed, ...nodes];
    const used = new Set(namesRead(all));
    const initializers = [...first.initializers, ...this.#added.values()];
    return { ...first, nodes: all, initializers: initializers.filter(({ name }) => used.has(name)) };
  }

  #nodes(first: OnnxGraph, second: OnnxGraph): OnnxNode[] {
    if (first.nodes.length !== second.nodes.length) this.#refuse('its number of operators');
    return first.nodes.map((node, index) => this.#node(node, second.nodes[index]));
  }

  /** The body of a loop: what it computes from the count of examples is computed outside. */
  #body(first: OnnxGraph, second: OnnxGraph): OnnxGraph {
    const values = (some: readonly ValueInfo[], others: readonly ValueInfo[]) =>
      some.map((value, index) => ({
        ...value,
        shape: value.shape.map((extent, axis) =>
          extent === others[index].shape[axis] ? extent : `${value.name}_${axis}`,
        ),
      }));
    return {
      ...first,
      nodes: this.#nodes(first, second),
      inputs: values(first.inputs, second.inputs),
      outputs: values(first.outputs, second.outputs),
    };
  }

  #refuse(what: string): never {
    throw new ScreeError(
      `export: ${what} depends on how many examples the model is given together; only a model that takes each by itself can be exported`,
    );
  }

  #node(node: OnnxNode, other: OnnxNode): OnnxNode {
    const same =
      node.op === other.op &&
      node.outputs.join() === other.outputs.join() &&
      attributesText(node) === attributesText(other);
    if (!same) this.#refuse(`an attribute of ${node.op}`);
    const inputs = node.inputs.map((name, place) => this.#operand(node, name, other.inputs[place]));
    const attributes = withBodies(node, (body, name) => {
      const counterpart = other.attributes?.[name];
      return counterpart && 'graph' in counterpart ? this.#body(body, counterpart.graph) : body;
    });
    return { ...node, inputs, attributes };
  }

  #operand({ op }: OnnxNode, name: string, other: string): string {
    const [value, counterpart] = [this.#constants[0].get(name), this.#constants[1].get(other)];
    if (value === undefined || counterpart === undefined) {
      if (name !== other) this.#refuse(`an operand of ${op}`);
      return name;
    }
    if ('int64' in value && 'int64' in counterpart) {
      return value.int64.join() === counterpart.int64.join()
        ? name
        : this.#vector(op, value.int64, counterpart.int64);
    }
    if ('int64' in value || 'int64' in counterpart || !sameData(value, counterpart)) {
      this.#refuse(`a constant of ${op}`);
    }
    return name;
  }

  /** Integers that are linear in the count of examples: constants plus a multiple of it. */
  #vector(op: string, values: readonly number[], others: readonly number[]): string {
    if (values.length !== others.length) this.#refuse(`the rank of ${op}`);
    const factors = values.map((value, index) => (others[index] - value) / (more - few));
    const rests = values.map((value, index) => value - factors[index] * few);
    if (!factors.every(Number.isInteger)) this.#refuse(`an extent of ${op}`);
    // The runtime finds the one extent that is missing itself.
    const single = factors.filter((factor) => factor !== 0).length === 1;
    if (op === 'Reshape' && single && factors.every((factor, index) => (factor === 0) === rests[index] > 0)) {
      return this.#ints(factors.map((factor, index) => (factor === 0 ? rests[index] : -1)));
    }
    const key = `${factors.join()}+${rests.join()}`;
    const known = this.#vectors.get(key);
    if (known !== undefined) return known;
    const count = this.#count();
    const product = this.#compute('Mul', [count, this.#ints(factors)]);
    const vector = this.#compute('Add', [product, this.#ints(rests)]);
    this.#vectors.set(key, vector);
    return vector;
  }

  /** How many examples the model is given. */
  #count(): string {
    const known = this.#vectors.get('');
    if (known !== undefined) return known;
    const count = this.#compute('Shape', [this.input], { start: { int: 0 }, end: { int: 1 } });
    this.#vectors.set('', count);
    return count;
  }

  #compute(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string {
    const output = `${batchName}_${this.#computed.length}`;
    this.#computed.push({ op, name: `${batchName}/${op}_${output}`, inputs, outputs: [output], attributes });
    return output;
  }

  #ints(values: readonly number[]): string {
    const name = `ints_${values.join('_')}`;
    this.#added.set(name, { name, array: { int64: values, shape: [values.length] } });
    return name;
  }
}

/** Attributes as text; those that hold a tensor never depend on the count but by its extents, which show. Bodies are left out. */
function attributesText({ attributes = {} }: OnnxNode): string {
  return JSON.stringify(attributes, (key, value: unknown) => (key === 'graph' ? null : value));
}

function sameData(a: NDArray, b: NDArray): boolean {
  return (
    a.dtype === b.dtype &&
    a.shape.join() === b.shape.join() &&
    a.data.length === b.data.length &&
    a.data.every((value, index) => Object.is(value, b.data[index]))
  );
}
