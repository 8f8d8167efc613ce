import { ScreeError } from '../../graph/errors.js';
import { constantOp, inputOp, type Graph, type Node } from '../../graph/graph.js';
import type { Kernel, TensorType } from '../../graph/op.js';
import { barrierOp } from '../../ops/barrier.js';
import { deliver, instantiate, type Generated } from '../javascript/generate.js';
import { nodeKernel } from '../javascript/interpret.js';
import { countLines, longestFunction, splitStatements } from '../javascript/parts.js';
import { planGraph } from '../javascript/plan.js';
import { Hoisted, indent } from '../javascript/text.js';
import { writeBody } from '../javascript/write.js';
import { isView } from './fuse.js';
import type { Lowering } from './lowering.js';

/** Part of a graph as a graph of its own: its inputs and outputs as nodes of the whole. */
interface Part {
  readonly graph: Graph;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** The nodes of a cluster with the views and constants between them, and what they read from outside as inputs. */
function partOf(nodes: readonly Node[], members: ReadonlySet<number>, outputs: readonly number[]): Part {
  const part: Node[] = [];
  const places = new Map<number, number>();
  const inputs: number[] = [];
  const add = (id: number, node: Node): number => {
    part.push(node);
    places.set(id, part.length - 1);
    return part.length - 1;
  };
  const visit = (id: number): number => {
    const known = places.get(id);
    if (known !== undefined) return known;
    const node = nodes[id];
    if (node.op === constantOp) return add(id, node);
    if ((node.op as object) === barrierOp) return visit(node.inputs[0]);
    if (members.has(id) || isView(node)) return add(id, { ...node, inputs: node.inputs.map(visit) });
    inputs.push(id);
    const { shape, dtype } = node;
    return add(id, { op: inputOp, inputs: [], attributes: { shape, dtype }, shape, dtype });
  };
  const made = outputs.map(visit);
  return {
    graph: { nodes: part, inputs: inputs.map((id) => places.get(id) ?? 0), outputs: made },
    inputs,
    outputs,
  };
}

/** The text of a function of a graph's arrays, inputs before outputs. */
function scriptOf(graph: Graph): Generated {
  const hoisted = new Hoisted();
  const x = graph.inputs.map((_, index) => `x${index}`);
  const y = graph.outputs.map((_, index) => `y${index}`);
  const body = writeBody(planGraph(graph), hoisted, { inputs: x.map((array) => ({ array })), targets: y });
  const statements = [
    ...body.fixed,
    ...body.lines,
    ...body.outputs.flatMap((output, index) => deliver(output, y[index])),
  ];
  const names = [...x, ...y];
  if (countLines(statements) <= longestFunction) {
    return { source: [`(${names.join(', ')}) => {`, ...indent(statements), '}'].join('\n'), hoisted };
  }
  const { definitions, calls } = splitStatements(statements, names);
  const run = [`(${names.join(', ')}) => {`, ...indent(calls), '}'].join('\n');
  return { source: ['(() => {', ...indent([...definitions, `return ${run};`]), '})()'].join('\n'), hoisted };
}

/**
 * JavaScript for elementwise nodes, reductions and the like, in as few loops as they take.
 * @param outputs those of the members that others read
 */
export function lowerScript(
  lowering: Lowering,
  members: readonly number[],
  outputs: readonly number[],
): void {
  const { nodes } = lowering;
  const part = partOf(nodes, new Set(members), outputs);
  const generated = scriptOf(part.graph);
  const parameters = [
    ...part.inputs.map((id) => lowering.parameter(id)),
    ...part.outputs.map((id) => lowering.parameter(id, true)),
  ];
  const what = members.map((id) => nodes[id].op.name).join(' ');
  const constants = generated.hoisted.values;
  if ([...constants.values()].some((value) => typeof value === 'function')) {
    const run = instantiate(generated) as Kernel;
    lowering.steps.push({ kind: 'host', what, kernel: run, parameters });
    return;
  }
  lowering.steps.push({ kind: 'script', what, source: generated.source, constants, parameters });
}

/** A node by its op's own JavaScript kernel. */
export function lowerHost(lowering: Lowering, id: number): void {
  const { nodes } = lowering;
  const node = nodes[id];
  const inputs = node.inputs.map((input): TensorType => nodes[input]);
  const kernel = nodeKernel(node, inputs);
  const parameters = [...node.inputs.map((input) => lowering.parameter(input)), lowering.parameter(id, true)];
  // Kernels take their output first.
  const run: Kernel = (...arrays) => kernel(arrays[arrays.length - 1], ...arrays.slice(0, -1));
  lowering.steps.push({ kind: 'host', what: node.op.name, kernel: run, parameters });
}

/** A node that a target has neither a primitive nor a kernel for: it must be taken apart. */
export class Undoable extends ScreeError {
  constructor(
    readonly node: number,
    name: string,
  ) {
    super(`native: ${name}: oneDNN refuses it and there is no JavaScript kernel`);
  }
}
