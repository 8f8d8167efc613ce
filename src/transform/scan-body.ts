import { ScreeError } from '../graph/errors.js';
import { constantOp, inputOp, pruneGraph, type Graph, type Node } from '../graph/graph.js';
import type { Op, TensorType } from '../graph/op.js';
import type { Builder, Tensor } from '../graph/tensor.js';
import { dependents } from './reverse.js';

/** A value that the body of a loop gets at each step, while it is traced. */
const parameterOp: Op = { name: 'parameter', infer: (_inputs, attributes) => inputOp.infer([], attributes) };

/** A function of tensors as a graph of its own, and the outer tensors that it uses: the graph's last inputs. */
export interface Captured {
  readonly body: Graph;
  readonly captured: readonly Tensor[];
}

/**
 * Traces a function as a graph of its own. What it computes from outer tensors alone is left outside, where it is computed once.
 * @param types of the function's arguments, the graph's first inputs
 */
export function captureBody(
  builder: Builder,
  types: readonly TensorType[],
  f: (parameters: readonly Tensor[]) => readonly Tensor[],
): Captured {
  const start = builder.nodes.length;
  const parameters = types.map(({ shape, dtype }) => builder.apply(parameterOp, [], { shape, dtype }));
  const outputs = f(parameters);
  for (const output of outputs) {
    if (output.builder !== builder) {
      throw new ScreeError(`scan: the step gave ${output.toString()}, which belongs to another trace`);
    }
  }
  const depends = dependents(builder, start, parameters);
  const isInside = (id: number) => id >= start && depends[id - start] === 1;
  const needed = neededNodes(builder, start, outputs, isInside);
  const nodes: Node[] = [];
  const places = new Map<number, number>();
  const captured: Tensor[] = [];
  const input = ({ shape, dtype }: TensorType): number =>
    nodes.push({ op: inputOp, inputs: [], attributes: { shape, dtype }, shape, dtype }) - 1;
  const placeOf = (id: number): number => {
    const known = places.get(id);
    if (known !== undefined) return known;
    const node = builder.nodes[id];
    let place: number;
    if (isInside(id)) place = nodes.push({ ...node, inputs: node.inputs.map(placeOf) }) - 1;
    else if (node.op === constantOp) place = nodes.push(node) - 1;
    else {
      place = input(node);
      captured.push(builder.tensor(id));
      inputs.push(place);
    }
    places.set(id, place);
    return place;
  };
  const inputs = parameters.map((parameter) => {
    const place = input(parameter);
    places.set(parameter.id, place);
    return place;
  });
  for (const id of needed) placeOf(id);
  const body = pruneGraph({ nodes, inputs, outputs: outputs.map(({ id }) => placeOf(id)) });
  const discarded: number[] = [];
  for (let id = start; id < builder.nodes.length; id++) if (isInside(id)) discarded.push(id);
  builder.discard(discarded);
  return { body, captured };
}

/** The inside nodes that the outputs need, in order. */
function neededNodes(
  { nodes }: Builder,
  start: number,
  outputs: readonly Tensor[],
  isInside: (id: number) => boolean,
): number[] {
  const needed = new Set(outputs.map(({ id }) => id).filter(isInside));
  for (let id = nodes.length - 1; id >= start; id--) {
    if (needed.has(id)) for (const input of nodes[id].inputs) if (isInside(input)) needed.add(input);
  }
  return [...needed].sort((a, b) => a - b);
}

/** The graph's outputs as tensors of the graph under construction, computed from tensors in place of its inputs. */
export function inline(builder: Builder, graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const images: Tensor[] = [];
  const given = new Map(graph.inputs.map((id, index) => [id, inputs[index]]));
  graph.nodes.forEach(({ op, inputs: operands, attributes }, id) => {
    const image = given.get(id);
    images.push(
      image ??
        builder.apply(
          op,
          operands.map((operand) => images[operand]),
          attributes,
        ),
    );
  });
  return graph.outputs.map((id) => images[id]);
}

/** Which of a graph's outputs depend on the inputs that are marked. */
export function reached({ nodes, inputs, outputs }: Graph, marked: readonly boolean[]): boolean[] {
  const reach = new Array<boolean>(nodes.length).fill(false);
  inputs.forEach((id, index) => (reach[id] = marked[index]));
  nodes.forEach((node, id) => {
    if (node.inputs.some((input) => reach[input])) reach[id] = true;
  });
  return outputs.map((id) => reach[id]);
}
