import { z } from 'zod';
import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { drawSeed } from './draw-seed.js';
import { fixedSizeCoder } from './fixed-size.js';

/**
 * The sign of each coordinate after a random rotation, which spreads a vector evenly, and one scale a block (DRIVE, Vargaftik et al.
 * 2021). The rotation is a Walsh-Hadamard transform after signs at random, whose seed goes with the message.
 */
export const drive = define(
  'drive',
  'signs after a random rotation: n/8 + 4n/group + 4 bytes',
  {
    group: z
      .number()
      .int()
      .min(16)
      .max(2 ** 14)
      .default(1024)
      .refine((value) => Number.isInteger(Math.log2(value)), 'a power of two')
      .describe('values that are rotated together, a power of two'),
  },
  (options): Codec => ({
    name: 'drive',
    options,
    needsFeedback: true,
    create(request) {
      const { workspace } = request;
      const { kernels } = workspace;
      const { group } = options;
      const scratch = workspace.allocate(8 * group);
      const seedOf = drawSeed(request);
      const size = (length: number) => {
        const rest = length % group;
        const last = rest === 0 ? 0 : Math.max(16, 2 ** Math.ceil(Math.log2(rest)));
        return 4 + Math.floor(length / group) * (4 + group / 8) + (last === 0 ? 0 : 4 + last / 8);
      };
      const seedAt = (message: number) => new Int32Array(workspace.bytes(0, 0).buffer, message, 1);
      return fixedSizeCoder('drive', workspace, {
        group,
        size,
        encode({ offset, length }, kept, rest, out, draw) {
          const seed = seedOf(draw);
          seedAt(out)[0] = seed;
          kernels.driveEncode(offset, kept, rest, length, group, seed, scratch, out + 4);
        },
        decode: (message, { offset, length }, adding) =>
          kernels.driveDecode(message + 4, length, group, seedAt(message)[0], scratch, offset, adding),
      });
    },
  }),
);
