import { constantValue, inputOp, isGraph, type Graph, type Node } from './graph.js';
import type { NDArray } from './ndarray.js';
import type { AttributeValue } from './op.js';
import { showShape } from './shape.js';

function isArrayValue(value: AttributeValue): value is NDArray {
  return typeof value === 'object' && !Array.isArray(value) && 'data' in value;
}

function showAttribute(value: AttributeValue): string {
  if (isArrayValue(value)) return `${value.dtype}${showShape(value.shape)}`;
  return JSON.stringify(value) ?? 'undefined';
}

function showAttributes(node: Node): string {
  const entries = Object.entries(node.attributes).filter(
    ([, value]) => value !== undefined && !isGraph(value),
  );
  if (entries.length === 0) return '';
  return ` {${entries.map(([key, value]) => `${key}=${showAttribute(value)}`).join(' ')}}`;
}

/**
 * A short, stable text of the graph: one line a node, scalar constants inline, bodies of loops indented.
 * @example
 * ```ts
 * import { float64, print, trace, type Tensor } from 'scree';
 *
 * console.log(print(trace((x: Tensor) => x.sin().mul(2), [float64(3)])));
 * ```
 * ```text
 * (%0: float64[3]) → %2
 *   %1: float64[3] = sin %0
 *   %2: float64[3] = mul %1 2
 * ```
 */
export function print(graph: Graph): string {
  const names = new Map<number, string>();
  const lines: string[] = [];
  let count = 0;
  graph.inputs.forEach((id) => names.set(id, `%${count++}`));
  graph.nodes.forEach((node, id) => {
    if (names.has(id)) return;
    const value = constantValue(node);
    if (value !== undefined && value.shape.length === 0) {
      names.set(id, String(value.data[0]));
      return;
    }
    const name = `%${count++}`;
    names.set(id, name);
    const inputs = node.inputs.map((input) => ` ${names.get(input)}`).join('');
    const text = node.op === inputOp ? 'placeholder' : `${node.op.name}${inputs}${showAttributes(node)}`;
    lines.push(`  ${name}: ${node.dtype}${showShape(node.shape)} = ${text}`);
    for (const value of Object.values(node.attributes)) {
      if (isGraph(value)) lines.push(print(value).replace(/^/gm, '    '));
    }
  });
  const inputs = graph.inputs.map((id) => {
    const { dtype, shape } = graph.nodes[id];
    return `${names.get(id)}: ${dtype}${showShape(shape)}`;
  });
  const outputs = graph.outputs.map((id) => names.get(id));
  return [`(${inputs.join(', ')}) → ${outputs.join(', ')}`, ...lines].join('\n');
}
