import type { Codec } from '../codec/codec.js';
import { Workspace } from '../codec/workspace.js';
import { allgather } from './allgather.js';
import { allreduce } from './allreduce.js';
import { twoPhase } from './two-phase.js';

/** Exchanges that are made for a kind of codec. */
export const fitting = { allreduce, 'two-phase': twoPhase, allgather };

/** Whether a codec's messages are summed before they are decoded. */
export function isLinear(codec: Codec): boolean {
  const workspace = new Workspace();
  const coder = codec.create({ workspace, length: 16, shapes: [[16]], seed: 0, rank: 0, ranks: 1 });
  return coder.kind === 'linear';
}

/** The exchange that is made for a codec. */
export function exchangeFor(codec: Codec): keyof typeof fitting {
  if (isLinear(codec)) return 'allreduce';
  return codec.sparse === true ? 'allgather' : 'two-phase';
}
