import type { Codec } from '../codec/codec.js';
import { withFeedback } from '../codec/feedback.js';
import { codecs } from '../codec/registry.js';

/**
 * How the owner of a sum of sparse messages tells it: as many values as a rank sends, the largest of the sum; what it does not tell
 * waits at the owner. Momentum and clipping had their turn at the ranks.
 */
export function tellingCodec({ name, options }: Codec): Codec {
  const own = 'momentum' in options ? { ...options, momentum: 0, clip: 0 } : options;
  return withFeedback(codecs[name].create(own));
}
