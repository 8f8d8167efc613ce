import { allocate, type TypedArray } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import { constantValue, type Graph, type Node } from '../../graph/graph.js';
import type { Kernel, TensorType } from '../../graph/op.js';
import { broadcastOffsets, sizeOf, type Shape } from '../../graph/shape.js';
import { checkArrays, type SyncExecutable } from '../program.js';

type Read = (data: TypedArray, index: number) => number;

function reader(operand: TensorType, shape: Shape): Read {
  if (sizeOf(operand.shape) === 1) return (data) => data[0];
  const offsets = broadcastOffsets(operand.shape, shape);
  if (offsets === undefined) return (data, index) => data[index];
  return (data, index) => data[offsets[index]];
}

/** A kernel from an elementwise op's function. Stores round each result to the output's element type. */
function elementwiseKernel(
  evaluate: (...values: number[]) => number,
  inputs: readonly TensorType[],
  shape: Shape,
): Kernel {
  const [x, y, z] = inputs.map((input) => reader(input, shape));
  switch (inputs.length) {
    case 1:
      return (output, a) => {
        for (let i = 0; i < output.length; i++) output[i] = evaluate(x(a, i));
      };
    case 2:
      return (output, a, b) => {
        for (let i = 0; i < output.length; i++) output[i] = evaluate(x(a, i), y(b, i));
      };
    case 3:
      return (output, a, b, c) => {
        for (let i = 0; i < output.length; i++) output[i] = evaluate(x(a, i), y(b, i), z(c, i));
      };
    default:
      throw new ScreeError(`compile: an elementwise op of ${inputs.length} operands; 1 to 3 are supported`);
  }
}

/** The kernel that runs one node, made once for its shapes. */
export function nodeKernel(node: Node, inputs: readonly TensorType[]): Kernel {
  const { op, attributes, shape, dtype } = node;
  if (op.elementwise !== undefined) return elementwiseKernel(op.elementwise.evaluate, inputs, shape);
  if (op.kernel === undefined) throw new ScreeError(`compile: ${op.name} has no JavaScript kernel`);
  return op.kernel({ inputs, output: { shape, dtype }, attributes });
}

interface Step {
  readonly id: number;
  readonly inputs: readonly number[];
  readonly kernel: Kernel;
}

function call(
  kernel: Kernel,
  arrays: readonly TypedArray[],
  output: TypedArray,
  inputs: readonly number[],
): void {
  // Spelt out for the common counts: a spread would allocate at every call.
  switch (inputs.length) {
    case 1:
      return kernel(output, arrays[inputs[0]]);
    case 2:
      return kernel(output, arrays[inputs[0]], arrays[inputs[1]]);
    case 3:
      return kernel(output, arrays[inputs[0]], arrays[inputs[1]], arrays[inputs[2]]);
    default:
      return kernel(output, ...inputs.map((input) => arrays[input]));
  }
}

/**
 * Runs a prepared graph node by node, each into a buffer of its own made beforehand: for places where code generation is
 * forbidden, and as the reference for it.
 */
export function interpretGraph(graph: Graph): SyncExecutable {
  const arrays: TypedArray[] = [];
  const steps: Step[] = [];
  graph.nodes.forEach((node, id) => {
    arrays.push(constantValue(node)?.data ?? allocate(node.dtype, sizeOf(node.shape)));
    if (constantValue(node) !== undefined || graph.inputs.includes(id)) return;
    const types = node.inputs.map((input) => graph.nodes[input]);
    steps.push({ id, inputs: node.inputs, kernel: nodeKernel(node, types) });
  });
  return {
    graph,
    run(inputs, outputs) {
      checkArrays(graph, inputs, outputs);
      graph.inputs.forEach((id, index) => (arrays[id] = inputs[index].data));
      for (const { id, inputs: from, kernel } of steps) call(kernel, arrays, arrays[id], from);
      graph.outputs.forEach((id, index) => outputs[index].data.set(arrays[id]));
    },
    close: () => undefined,
  };
}
