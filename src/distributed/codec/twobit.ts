import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';

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
    create({ workspace }) {
      const { threshold } = options;
      const { kernels } = workspace;
      return fixedSizeCoder('twobit', workspace, {
        group: 16,
        size: (length) => 4 + 4 * Math.ceil(length / 16),
        encode: ({ offset, length }, kept, rest, out) =>
          kernels.twoBitEncode(offset, kept, rest, length, threshold, out),
        decode: (message, { offset, length }, adding) =>
          kernels.twoBitDecode(message, length, threshold, offset, adding),
      });
    },
  }),
);
