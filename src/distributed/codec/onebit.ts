import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';
import { groupOption } from './options.js';

/**
 * The sign of a value, decoded as the mean of the values of that sign in its group (Seide et al. 2014, with groups of a fixed
 * size in place of a matrix's columns).
 */
export const onebit = define(
  'onebit',
  'a sign a value and two means a group: n/8 + 8n/group bytes',
  { group: groupOption(4096) },
  (options): Codec => ({
    name: 'onebit',
    options,
    needsFeedback: true,
    create({ workspace }) {
      const { group } = options;
      const { kernels } = workspace;
      return fixedSizeCoder('onebit', workspace, {
        group,
        size: (length) => 8 * Math.ceil(length / group) + 2 * Math.ceil(length / 16),
        encode: ({ offset, length }, kept, rest, out) =>
          kernels.oneBitEncode(offset, kept, rest, length, group, out),
        decode: (message, { offset, length }, adding) =>
          kernels.oneBitDecode(message, length, group, offset, adding),
      });
    },
  }),
);
