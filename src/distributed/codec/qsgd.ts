import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { fixedSizeCoder } from './fixed-size.js';
import { groupOption } from './options.js';

/**
 * Four bits a value: its sign and one of 8 levels between 0 and the group's norm, rounded at random so that the mean is right (QSGD,
 * Alistarh et al. 2017, with s = 7). A group's norm must stay below 1.8e19, or it is decoded as NaN.
 */
export const qsgd = define(
  'qsgd',
  'sign and level at random, unbiased: n/2 + 4n/group bytes',
  { group: groupOption(512) },
  (options): Codec => ({
    name: 'qsgd',
    options,
    needsFeedback: false,
    create(request) {
      const { group } = options;
      const { workspace } = request;
      const { kernels } = workspace;
      const seedOf = drawSeed(request);
      // Two values a byte, but a byte for each of the last ones that fill no vector.
      const codes = (length: number) => Math.floor(length / 16) * 8 + (length % 16);
      return fixedSizeCoder('qsgd', workspace, {
        group,
        size: (length) => 4 * Math.ceil(length / group) + codes(length),
        encode: ({ offset, length }, kept, rest, out, draw) =>
          kernels.qsgdEncode(offset, kept, rest, length, group, seedOf(draw), out),
        decode: (message, { offset, length }, adding) =>
          kernels.qsgdDecode(message, length, group, offset, adding),
      });
    },
  }),
);
