import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';
import { groupOption } from './options.js';

/** A signed byte a value and a scale a group, the largest magnitude / 127 (as CGX and Hivemind do it). */
export const int8 = define(
  'int8',
  'a byte a value, scaled by groups: n + 4n/group bytes',
  { group: groupOption(512) },
  (options): Codec => ({
    name: 'int8',
    options,
    needsFeedback: false,
    create({ workspace }) {
      const { group } = options;
      const { kernels } = workspace;
      return fixedSizeCoder('int8', workspace, {
        group,
        size: (length) => length + 4 * Math.ceil(length / group),
        encode: ({ offset, length }, kept, rest, out) =>
          kernels.int8Encode(offset, kept, rest, length, group, out),
        decode: (message, { offset, length }, adding) =>
          kernels.int8Decode(message, length, group, offset, adding),
      });
    },
  }),
);
