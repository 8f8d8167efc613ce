import { z } from 'zod';
import { ndarray } from '../../graph/ndarray.js';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { halfOption, ratioOption } from './options.js';
import { SparseMessage } from './sparse.js';

/** Shares sent in the fifths of the warm-up: sparsity 75, 93.75, 98.4375, 99.6 % and then the final one (Lin et al. 2018, §3.4). */
const warmUp = [0.25, 0.0625, 0.015625, 0.004];

/**
 * Deep gradient compression (Lin et al. 2018): momentum is applied before the largest values are chosen (u = m u + g, v = v + u), what
 * is sent is forgotten in both u and v, and gradients are clipped before. Use it with plain sgd: the momentum is in here.
 */
export const dgc = define(
  'dgc',
  'the largest values after momentum: as topk',
  {
    ratio: ratioOption,
    momentum: z.number().min(0).lt(1).default(0.9).describe('share of the last step that goes on'),
    clip: z
      .number()
      .min(0)
      .default(0)
      .describe("largest norm of a bucket's gradient, over √ranks; 0 for any"),
    warmup: z
      .number()
      .int()
      .min(0)
      .default(0)
      .describe('steps over which the share falls to its final value'),
    half: halfOption,
  },
  (options): Codec => ({
    name: 'dgc',
    options,
    needsFeedback: false,
    sparse: true,
    create({ workspace, length, ranks }) {
      const { ratio, momentum, clip, warmup, half } = options;
      const { kernels } = workspace;
      const most = warmup > 0 ? Math.max(ratio, warmUp[0]) : ratio;
      const message = new SparseMessage('dgc', workspace, length, most, half);
      const velocity = workspace.allocateValues(length);
      const sum = workspace.allocateValues(length);
      const ratioAt = (step: number) => {
        const stage = Math.floor((5 * (step - 1)) / Math.max(1, warmup));
        return step > warmup || stage >= warmUp.length ? ratio : Math.max(ratio, warmUp[stage]);
      };
      return {
        kind: 'coder',
        state: { velocity: ndarray(workspace.floats(velocity)), residual: ndarray(workspace.floats(sum)) },
        maxBytes: () => message.maxBytes,
        encode(values, out, step) {
          if (length === 0) return 0;
          const norm = clip > 0 ? Math.sqrt(kernels.squareSum(values.offset, length)) : 0;
          const limit = clip / Math.sqrt(ranks);
          const scale = norm > limit ? limit / norm : 1;
          const moved = { velocity: velocity.offset, momentum, scale };
          return message.encode({ values, residual: sum.offset, moved }, ratioAt(step), out);
        },
        decode(from, bytes, into, adding) {
          if (into.length > 0) message.decode(from, bytes, into, adding);
        },
      };
    },
  }),
);
