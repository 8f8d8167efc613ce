import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { halfOption, ratioOption } from './options.js';
import { SparseMessage } from './sparse.js';

/**
 * The values of the largest magnitudes with their places. The cut is estimated from a sample, so that between 0.8 and 1.3 times the
 * share that was asked for is sent, never more (Aji and Heafield 2017; Lin et al. 2018).
 */
export const topk = define(
  'topk',
  'the largest values and their places: about k (4 + (log2(n/k) + 2)/8) bytes',
  { ratio: ratioOption, half: halfOption },
  (options): Codec => ({
    name: 'topk',
    options,
    needsFeedback: true,
    sparse: true,
    create({ workspace, length }) {
      const { ratio, half } = options;
      const { kernels } = workspace;
      const message = new SparseMessage('topk', workspace, length, ratio, half);
      return {
        kind: 'coder',
        state: {},
        maxBytes: () => message.maxBytes,
        encode: (values, out) =>
          values.length === 0 ? 0 : message.encode(values, message.cut(values, ratio), out),
        encodeWithFeedback(values, offset, out) {
          if (values.length === 0) return 0;
          const residual = { offset, length: values.length };
          kernels.add(offset, values.offset, values.length);
          return message.encode(residual, message.cut(residual, ratio), out, { residual });
        },
        decode(from, bytes, into, adding) {
          if (into.length > 0) message.decode(from, bytes, into, adding);
        },
      };
    },
  }),
);
