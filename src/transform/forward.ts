import { ScreeError } from '../graph/errors.js';
import type { Tensor } from '../graph/tensor.js';

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
  for (let id = start; id <= end; id++) {
    const { op, inputs: inputIds, attributes } = builder.nodes[id];
    if (isSource.has(id) || !inputIds.some((input) => known.has(input))) continue;
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
