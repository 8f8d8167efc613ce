import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { requireBytes } from './message.js';
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
    create({ workspace, length: most }) {
      const { group } = options;
      const { kernels } = workspace;
      // The kernel leaves what the message lacks in a residual; without feedback nobody wants it.
      const scratch = workspace.allocateValues(most);
      const size = (length: number) => 8 * Math.ceil(length / group) + 2 * Math.ceil(length / 16);
      return {
        kind: 'coder',
        state: {},
        maxBytes: size,
        encode({ offset, length }, out) {
          workspace.floats({ offset: scratch.offset, length }).fill(0);
          kernels.oneBitEncode(offset, scratch.offset, length, group, out);
          return size(length);
        },
        encodeWithFeedback({ offset, length }, residual, out) {
          kernels.oneBitEncode(offset, residual, length, group, out);
          return size(length);
        },
        decode(message, bytes, { offset, length }, adding) {
          requireBytes('onebit', bytes, size(length));
          kernels.oneBitDecode(message, length, group, offset, Number(adding));
        },
      };
    },
  }),
);
