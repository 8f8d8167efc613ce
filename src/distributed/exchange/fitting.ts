import type { Codec } from '../codec/codec.js';
import { Workspace } from '../codec/workspace.js';

/** Whether a codec's messages are summed before they are decoded. */
export function isLinear(codec: Codec): boolean {
  const workspace = new Workspace();
  const coder = codec.create({ workspace, length: 16, shapes: [[16]], seed: 0, rank: 0, ranks: 1 });
  return coder.kind === 'linear';
}

/** The exchange that is made for a codec. */
export function exchangeFor(codec: Codec): string {
  if (isLinear(codec)) return 'allreduce';
  return codec.sparse === true ? 'allgather' : 'two-phase';
}
