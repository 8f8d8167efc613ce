import { pruneGraph, type Graph, type Node } from '../graph/graph.js';
import { memberOp, tupleType } from '../ops/tuple.js';
import { scanOp, scanResults, tupleAttributes, type ScanAttributes } from './scan-op.js';

/** Which of a loop's results and inputs remain, and the loop that has only those. */
interface Remains {
  readonly results: readonly number[];
  readonly inputs: readonly number[];
  readonly attributes: ScanAttributes;
}

type SimplifyBody = (body: Graph) => Graph;

/**
 * The graph with loops that carry, keep and take only what is needed for the results that somebody reads, and simplified bodies.
 */
export function pruneScans(graph: Graph, simplifyBody: SimplifyBody): Graph {
  const { nodes } = graph;
  if (nodes.every(({ op }) => op !== scanOp)) return graph;
  const live = new Uint8Array(nodes.length);
  const read = new Map<number, Set<number>>();
  const remains = new Map<number, Remains>();
  // Whoever reads the tuple as a whole needs all of it.
  const readWhole = (id: number) => {
    const { body } = nodes[id].attributes as Partial<ScanAttributes>;
    if (nodes[id].op === scanOp && body) read.set(id, new Set(body.outputs.keys()));
  };
  for (const id of [...graph.inputs, ...graph.outputs]) live[id] = 1;
  graph.outputs.forEach(readWhole);
  for (let id = nodes.length - 1; id >= 0; id--) {
    const { op, inputs, attributes } = nodes[id];
    if (live[id] === 0) continue;
    let needed = inputs;
    if (op === memberOp && nodes[inputs[0]].op === scanOp) {
      const results = read.get(inputs[0]) ?? new Set();
      read.set(inputs[0], results.add(attributes.index as number));
    } else if (op === scanOp) {
      const rest = remainsOf(attributes as ScanAttributes, read.get(id), simplifyBody);
      remains.set(id, rest);
      needed = rest.inputs.map((place) => inputs[place]);
    } else {
      inputs.forEach(readWhole);
    }
    for (const input of needed) live[input] = 1;
  }
  return rebuild(graph, live, remains);
}

function rebuild(graph: Graph, live: Uint8Array, remains: ReadonlyMap<number, Remains>): Graph {
  const renamed = new Int32Array(graph.nodes.length).fill(-1);
  const nodes: Node[] = [];
  graph.nodes.forEach((node, id) => {
    if (live[id] === 0) return;
    renamed[id] = nodes.length;
    nodes.push(renamedNode(node, id));
  });
  function renamedNode(node: Node, id: number): Node {
    const own = remains.get(id);
    const loop = remains.get(node.inputs[0]);
    if (own !== undefined) {
      const inputs = own.inputs.map((place) => renamed[node.inputs[place]]);
      return { op: node.op, inputs, attributes: own.attributes, ...tupleType(scanResults(own.attributes)) };
    }
    const inputs = node.inputs.map((input) => renamed[input]);
    if (node.op !== memberOp || loop === undefined) return { ...node, inputs };
    const index = loop.results.indexOf(node.attributes.index as number);
    return { ...node, inputs, attributes: { ...tupleAttributes(loop.attributes), index } };
  }
  return pruneGraph({
    nodes,
    inputs: graph.inputs.map((id) => renamed[id]),
    outputs: graph.outputs.map((id) => renamed[id]),
  });
}

function remainsOf(
  attributes: ScanAttributes,
  read: ReadonlySet<number> = new Set(),
  simplifyBody: SimplifyBody,
): Remains {
  const { body, carries, sequences, saved } = attributes;
  const results = new Set(read);
  let needed = neededBy(body, results);
  // A carry that is read in a step is a result of the step before.
  for (;;) {
    const missing = body.inputs.findIndex((id, k) => k < carries && needed[id] === 1 && !results.has(k));
    if (missing < 0) break;
    results.add(missing);
    needed = neededBy(body, results);
  }
  const keptResults = [...body.outputs.keys()].filter((k) => results.has(k));
  const keptInputs = [...body.inputs.keys()].filter((k) =>
    k < carries ? results.has(k) : needed[body.inputs[k]] === 1,
  );
  const keptCarries = keptResults.filter((k) => k < carries);
  const allSaved = saved >= 0 && keptCarries.every((k) => results.has(saved + k));
  const whole = keptResults.length === body.outputs.length && keptInputs.length === body.inputs.length;
  const rest = whole
    ? body
    : pruneGraph({
        nodes: body.nodes,
        inputs: keptInputs.map((k) => body.inputs[k]),
        outputs: keptResults.map((k) => body.outputs[k]),
      });
  return {
    results: keptResults,
    inputs: keptInputs,
    attributes: {
      ...attributes,
      body: simplifyBody(rest),
      carries: keptCarries.length,
      sequences: keptInputs.filter((k) => k >= carries && k < carries + sequences).length,
      saved: allSaved ? keptResults.indexOf(saved + (keptCarries[0] ?? 0)) : -1,
    },
  };
}

/** The nodes of a body that some of its outputs need. */
function neededBy({ nodes, outputs }: Graph, results: ReadonlySet<number>): Uint8Array {
  const needed = new Uint8Array(nodes.length);
  outputs.forEach((id, k) => {
    if (results.has(k)) needed[id] = 1;
  });
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (needed[id] === 1) for (const input of nodes[id].inputs) needed[input] = 1;
  }
  return needed;
}
