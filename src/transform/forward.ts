import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { Builder, Tensor } from '../graph/tensor.js';

/**
 * Forward mode over the part of the graph between `sources` and `outputs`: appends the nodes that compute the outputs'
 * tangents, undefined where an output's tangent is zero.
 */
export function pushforward(
  sources: readonly Tensor[],
  tangents: readonly (Tensor | undefined)[],
  outputs: readonly Tensor[],
): (Tensor | undefined)[] {
  if (sources.length === 0) return outputs.map(() => undefined);
  const { builder } = sources[0];
  const known = new Map<number, Tensor>();
  sources.forEach((source, index) => {
    const tangent = tangents[index];
    if (tangent !== undefined) known.set(source.id, tangent);
  });
  const start = Math.min(...sources.map((source) => source.id));
  const end = Math.max(start, ...outputs.map((output) => output.id));
  const isSource = new Set(sources.map((source) => source.id));
  const isNeeded = neededNodes(builder, start, outputs);
  for (let id = start; id <= end; id++) {
    const { op, inputs: inputIds, attributes, dtype } = builder.nodes[id];
    if (isSource.has(id) || isNeeded[id - start] === 0 || !inputIds.some((input) => known.has(input)))
      continue;
    // What is counted or compared does not move.
    if (!isFloat(dtype)) continue;
    const inputs = inputIds.map((input) => builder.tensor(input));
    const inputTangents = inputIds.map((input) => known.get(input));
    let tangent: Tensor | undefined;
    if (op.jvp !== undefined) {
      tangent = op.jvp({ inputs, output: builder.tensor(id), attributes }, inputTangents);
    } else if (op.decompose !== undefined) {
      const copies = inputs.map((input) => input.identity());
      [tangent] = pushforward(copies, inputTangents, [op.decompose(copies, attributes)]);
    } else {
      throw new ScreeError(`${op.name}: has no derivative (forward mode)`);
    }
    if (tangent !== undefined) known.set(id, tangent);
  }
  return outputs.map((output) => known.get(output.id));
}

/** Which nodes from `start` on the outputs need, by id − start. */
function neededNodes({ nodes }: Builder, start: number, outputs: readonly Tensor[]): Uint8Array {
  const needed = new Uint8Array(nodes.length - start);
  for (const { id } of outputs) if (id >= start) needed[id - start] = 1;
  for (let id = nodes.length - 1; id >= start; id--) {
    if (needed[id - start] === 0) continue;
    for (const input of nodes[id].inputs) if (input >= start) needed[input - start] = 1;
  }
  return needed;
}
