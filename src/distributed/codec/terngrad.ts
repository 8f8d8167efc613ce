import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { fixedSizeCoder } from './fixed-size.js';
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
      const { workspace } = request;
      const { kernels } = workspace;
      const seedOf = drawSeed(request);
      return fixedSizeCoder('terngrad', workspace, {
        group,
        size: (length) => 4 * Math.ceil(length / group) + 4 * Math.ceil(length / 16),
        encode: ({ offset, length }, kept, rest, out, draw) =>
          kernels.ternEncode(offset, kept, rest, length, group, clip, seedOf(draw), out),
        decode: (message, { offset, length }, adding) =>
          kernels.ternDecode(message, length, group, offset, adding),
      });
    },
  }),
);
