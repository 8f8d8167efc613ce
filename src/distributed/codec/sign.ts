import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';
import { groupOption } from './options.js';

/**
 * The sign of a value. Scaled, it is decoded as the mean magnitude of its group (EF-signSGD, Karimireddy et al. 2019); unscaled as
 * ±1, so that an exchange in two phases is signSGD's majority vote (Bernstein et al. 2018), in which a tie counts as +1.
 */
export const sign = define(
  'sign',
  'a sign a value: n/8 + 4n/group bytes; unscaled in two phases it is a majority vote',
  {
    group: groupOption(4096),
    scaled: z.boolean().default(true).describe('decode as the mean magnitude of the group, else as ±1'),
  },
  (options): Codec => ({
    name: 'sign',
    options,
    needsFeedback: options.scaled,
    create({ workspace }) {
      const { group, scaled } = options;
      const { kernels } = workspace;
      return fixedSizeCoder('sign', workspace, {
        group,
        size: (length) => 4 * Math.ceil(length / group) + 2 * Math.ceil(length / 16),
        encode: ({ offset, length }, kept, rest, out) =>
          kernels.signEncode(offset, kept, rest, length, group, Number(scaled), out),
        decode: (message, { offset, length }, adding) =>
          kernels.signDecode(message, length, group, offset, adding),
      });
    },
  }),
);
