import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { requireBytes } from './message.js';

/**
 * One of the two powers of two around a value, drawn so that the mean is right: sign and 7 bits of exponent (Horváth et al. 2019).
 * Magnitudes from 2^-109 to 2^16; smaller ones become 0, larger ones 2^16.
 */
export const natural = define(
  'natural',
  'a power of two at random, unbiased: n bytes',
  {},
  (options): Codec => ({
    name: 'natural',
    options,
    needsFeedback: false,
    create(request) {
      const { kernels } = request.workspace;
      const seedOf = drawSeed(request);
      return {
        kind: 'coder',
        state: {},
        maxBytes: (length) => length,
        encode({ offset, length }, out, draw) {
          kernels.naturalEncode(offset, length, seedOf(draw), out);
          return length;
        },
        decode(message, bytes, { offset, length }, adding) {
          requireBytes('natural', bytes, length);
          kernels.naturalDecode(message, length, offset, Number(adding));
        },
      };
    },
  }),
);
