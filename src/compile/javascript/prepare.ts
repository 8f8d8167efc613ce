import { ScreeError } from '../../graph/errors.js';
import { constantOp, inputOp, type Graph, type Node } from '../../graph/graph.js';
import { Builder, building, type Tensor } from '../../graph/tensor.js';
import { simplify } from '../../transform/simplify.js';

function runs({ op }: Node): boolean {
  return op === inputOp || op === constantOp || op.elementwise !== undefined || op.kernel !== undefined;
}

/** The simplified graph with every op that JavaScript has no kernel for taken apart. */
export function prepare(graph: Graph): Graph {
  const simple = simplify(graph);
  return simple.nodes.every(runs) ? simple : simplify(decompose(simple));
}

function decompose(graph: Graph): Graph {
  const builder = new Builder();
  return building(builder, () => {
    const tensors = new Map<number, Tensor>();
    const pick = (ids: readonly number[]) => ids.map((id) => tensors.get(id) ?? missing(id));
    const missing = (id: number): never => {
      throw new ScreeError(`compile: node ${id} is used before it is made; verify(graph) says where`);
    };
    // Inputs come first and in their order, whatever uses them.
    for (const id of graph.inputs) tensors.set(id, builder.input(graph.nodes[id]));
    graph.nodes.forEach((node, id) => {
      if (!tensors.has(id)) tensors.set(id, applied(builder, node, pick(node.inputs)));
    });
    return builder.graph(pick(graph.inputs), pick(graph.outputs));
  });
}

function applied(builder: Builder, node: Node, inputs: readonly Tensor[]): Tensor {
  const { op, attributes } = node;
  if (runs(node)) return builder.apply(op, inputs, attributes);
  if (op.decompose === undefined) {
    throw new ScreeError(`compile: ${op.name} has neither a JavaScript kernel nor a decomposition`);
  }
  const start = builder.nodes.length;
  const output = op.decompose(inputs, attributes);
  const rest = builder.nodes.slice(start).find((part) => !runs(part));
  return rest === undefined ? output : redecompose(builder, start, output);
}

/** A decomposition may itself hold composite ops: they are taken apart where they stand. */
function redecompose(builder: Builder, start: number, output: Tensor): Tensor {
  const renamed = new Map<number, Tensor>();
  const end = builder.nodes.length;
  for (let id = start; id < end; id++) {
    const node = builder.nodes[id];
    const inputs = node.inputs.map((input) => renamed.get(input) ?? builder.tensor(input));
    renamed.set(id, applied(builder, node, inputs));
  }
  return renamed.get(output.id) ?? output;
}
