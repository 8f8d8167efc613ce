import { transposeOp } from '../../ops/shape-ops.js';
import type { Layout } from './binding/engine.js';
import type { Lowering } from './lowering.js';
import type { Unit } from './units.js';

/** The layout in which a tensor that is only read transposed is row-major then. */
function layoutFor({ engine, nodes }: Lowering, id: number): Layout {
  const users = nodes.filter(({ inputs }) => inputs.includes(id));
  const [user] = users;
  const plain = engine.plain(nodes[id].shape);
  if (users.length !== 1 || (user.op as object) !== transposeOp) return plain;
  const permutation = user.attributes.permutation as readonly number[];
  return engine.transposed(
    engine.plain(user.shape),
    permutation.map((_, axis) => permutation.indexOf(axis)),
  );
}

/** Tensors side by side: each is brought to its place. */
export function lowerConcat(lowering: Lowering, { node, result }: Unit): boolean {
  const { engine, nodes } = lowering;
  const { inputs, attributes } = nodes[node];
  const axis = attributes.axis as number;
  const to = lowering.place(layoutFor(lowering, node));
  let start = 0;
  for (const input of inputs) {
    const shape = lowering.shape(input);
    const starts = shape.map((_, place) => (place === axis ? start : 0));
    const part = engine.part(to.layout, starts, shape);
    lowering.reorder(lowering.preferred(input), { buffer: to.buffer, layout: part });
    start += shape[axis];
  }
  lowering.define(result, to);
  return true;
}
