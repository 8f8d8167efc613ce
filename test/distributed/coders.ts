import type { Coder } from '../../src/distributed/codec/codec.js';
import { withFeedback } from '../../src/distributed/codec/feedback.js';
import { parseCodec } from '../../src/distributed/codec/registry.js';
import type { Workspace } from '../../src/distributed/codec/workspace.js';

/** One bucket of the first of two ranks. */
export const request = (workspace: Workspace, length: number) => ({
  workspace,
  length,
  shapes: [[length]],
  seed: 1,
  rank: 0,
  ranks: 2,
});

/** A codec's coder, where its messages are decoded one by one. */
export function coderOf(
  name: string,
  workspace: Workspace,
  length: number,
  feedback = false,
): Coder | undefined {
  const codec = parseCodec(name);
  const coder = (feedback ? withFeedback(codec) : codec).create(request(workspace, length));
  return coder.kind === 'coder' ? coder : undefined;
}

/** Numbers of many magnitudes and both signs. */
export const gradient = (length: number, seed: number): Float32Array =>
  Float32Array.from(
    { length },
    (_, index) => Math.sin(seed + index * 0.7) * Math.exp(Math.cos(index * 0.3 + seed) * 4) * 1e-3,
  );
