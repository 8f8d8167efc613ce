import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { fixedSizeCoder } from './fixed-size.js';

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
      const { workspace } = request;
      const { kernels } = workspace;
      const seedOf = drawSeed(request);
      return fixedSizeCoder('natural', workspace, {
        group: 16,
        size: (length) => length,
        encode: ({ offset, length }, kept, rest, out, draw) =>
          kernels.naturalEncode(offset, kept, rest, length, seedOf(draw), out),
        decode: (message, { offset, length }, adding) =>
          kernels.naturalDecode(message, length, offset, adding),
      });
    },
  }),
);
