import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Node } from '../graph/graph.js';
import type { Builder, Tensor } from '../graph/tensor.js';

/** Which nodes from `start` on depend on the given tensors, by id − start. */
export function dependents(builder: Builder, start: number, sources: readonly Tensor[]): Uint8Array {
  const depends = new Uint8Array(builder.nodes.length - start);
  for (const source of sources) depends[source.id - start] = 1;
  for (let id = start; id < builder.nodes.length; id++) {
    if (builder.nodes[id].inputs.some((input) => input >= start && depends[input - start]))
      depends[id - start] = 1;
  }
  return depends;
}

/**
 * Reverse mode over the part of the graph between `sources` and `outputs`: appends the nodes that compute the cotangents of
 * `sources` and returns them, undefined where the outputs do not depend on a source. Since the nodes it appends are ordinary
 * ones, it can be applied to them again.
 */
export function pullback(
  sources: readonly Tensor[],
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
): (Tensor | undefined)[] {
  if (sources.length === 0) return [];
  const { builder } = sources[0];
  const start = Math.min(...sources.map((source) => source.id));
  const depends = dependents(builder, start, sources);
  const collected = new Map<number, Tensor>();
  const collect = (id: number, cotangent: Tensor) => {
    const before = collected.get(id);
    collected.set(id, before === undefined ? cotangent : before.add(cotangent));
  };
  outputs.forEach((output, index) => {
    if (output.id >= start && depends[output.id - start]) collect(output.id, cotangents[index]);
  });
  const isSource = new Set(sources.map((source) => source.id));
  for (let id = Math.max(start, ...collected.keys()); id > start; id--) {
    const cotangent = collected.get(id);
    if (cotangent === undefined || isSource.has(id)) continue;
    const node = builder.nodes[id];
    const wanted = node.inputs.map(
      (input) => input >= start && depends[input - start] === 1 && isFloat(builder.nodes[input].dtype),
    );
    if (!wanted.includes(true)) continue;
    nodeCotangents(builder, id, node, cotangent, wanted).forEach((input, index) => {
      if (wanted[index] && input !== undefined) collect(node.inputs[index], input);
    });
    collected.delete(id);
  }
  return sources.map((source) => collected.get(source.id));
}

function nodeCotangents(
  builder: Builder,
  id: number,
  node: Node,
  cotangent: Tensor,
  wanted: readonly boolean[],
): readonly (Tensor | undefined)[] {
  const { op, attributes } = node;
  const inputs = node.inputs.map((input) => builder.tensor(input));
  if (op.vjp !== undefined) {
    return op.vjp({ inputs, output: builder.tensor(id), attributes }, cotangent, wanted);
  }
  if (op.decompose === undefined) throw new ScreeError(`${op.name}: has no derivative (reverse mode)`);
  const copies = inputs.map((input) => input.identity());
  const output = op.decompose(copies, attributes);
  return pullback(copies, [output], [cotangent]);
}
