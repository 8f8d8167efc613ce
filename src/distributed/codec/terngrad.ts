import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { requireBytes } from './message.js';
import { groupOption } from './options.js';

/** −s, 0 or s a value, s the largest magnitude of its group, drawn so that the mean is right (TernGrad, Wen et al. 2017). */
export const terngrad = define(
  'terngrad',
  '−s, 0 or s a value at random, unbiased but for clipping: n/4 + 4n/group bytes',
  {
    group: groupOption(4096),
    clip: z
      .number()
      .min(0)
      .default(2.5)
      .describe('values are cut at so many standard deviations; 0 cuts none'),
  },
  (options): Codec => ({
    name: 'terngrad',
    options,
    needsFeedback: false,
    create(request) {
      const { group, clip } = options;
      const { kernels } = request.workspace;
      const seedOf = drawSeed(request);
      const size = (length: number) => 4 * Math.ceil(length / group) + 4 * Math.ceil(length / 16);
      return {
        kind: 'coder',
        state: {},
        maxBytes: size,
        encode({ offset, length }, out, draw) {
          kernels.ternEncode(offset, length, group, clip, seedOf(draw), out);
          return size(length);
        },
        decode(message, bytes, { offset, length }, adding) {
          requireBytes('terngrad', bytes, size(length));
          kernels.ternDecode(message, length, group, offset, Number(adding));
        },
      };
    },
  }),
);
