import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { halfOption, ratioOption } from './options.js';
import { SparseMessage } from './sparse.js';

/**
 * The values of the largest magnitudes with their places (Aji and Heafield 2017). A cut that is estimated from a sample (Lin et al. 2018)
 * leaves a few values more, of which the largest are taken.
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
      const message = new SparseMessage('topk', workspace, length, ratio, half);
      return {
        kind: 'coder',
        state: {},
        maxBytes: () => message.maxBytes,
        encode: (values, out) => (values.length === 0 ? 0 : message.encode({ values }, ratio, out)),
        encodeWithFeedback: (values, residual, out) =>
          values.length === 0 ? 0 : message.encode({ values, residual }, ratio, out),
        decode(from, bytes, into, adding) {
          if (into.length > 0) message.decode(from, bytes, into, adding);
        },
      };
    },
  }),
);
