import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { requireBytes } from './message.js';

/**
 * Two bits a value: −t, 0 or t, where what has not yet reached the threshold t is kept (MXNet's 2-bit compression, where t = 0.5).
 * A threshold far above the gradient's values delays them, one far below limits them.
 */
export const twobit = define(
  'twobit',
  '−t, 0 or t a value: 4⌈n/16⌉ + 4 bytes',
  { threshold: z.number().positive().default(0.5).describe('t, in units of the gradient') },
  (options): Codec => ({
    name: 'twobit',
    options,
    needsFeedback: true,
    create({ workspace, length: most }) {
      const { threshold } = options;
      const { kernels } = workspace;
      // The kernel leaves what the message lacks in a residual; without feedback nobody wants it.
      const scratch = workspace.allocateValues(most);
      const size = (length: number) => 4 + 4 * Math.ceil(length / 16);
      return {
        kind: 'coder',
        state: {},
        maxBytes: size,
        encode({ offset, length }, out) {
          workspace.floats({ offset: scratch.offset, length }).fill(0);
          kernels.twoBitEncode(offset, scratch.offset, length, threshold, out);
          return size(length);
        },
        encodeWithFeedback({ offset, length }, residual, out) {
          kernels.twoBitEncode(offset, residual, length, threshold, out);
          return size(length);
        },
        decode(message, bytes, { offset, length }, adding) {
          requireBytes('twobit', bytes, size(length));
          kernels.twoBitDecode(message, length, threshold, offset, Number(adding));
        },
      };
    },
  }),
);
