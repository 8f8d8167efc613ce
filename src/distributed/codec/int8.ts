import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { requireBytes } from './message.js';
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
    create({ workspace: { kernels } }) {
      const { group } = options;
      const size = (length: number) => length + 4 * Math.ceil(length / group);
      return {
        kind: 'coder',
        state: {},
        maxBytes: size,
        encode({ offset, length }, out) {
          kernels.int8Encode(offset, length, group, out);
          return size(length);
        },
        decode(message, bytes, { offset, length }, adding) {
          requireBytes('int8', bytes, size(length));
          kernels.int8Decode(message, length, group, offset, Number(adding));
        },
      };
    },
  }),
);
