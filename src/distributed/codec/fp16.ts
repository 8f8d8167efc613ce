import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';

/** Half precision, rounded to nearest even; finite values beyond ±65504 become that. */
export const fp16 = define('fp16', 'float16, rounded to nearest: 2n bytes', {}, (options): Codec => ({
  name: 'fp16',
  options,
  needsFeedback: false,
  create: ({ workspace }) =>
    fixedSizeCoder('fp16', workspace, {
      group: 16,
      size: (length) => 2 * length,
      encode: ({ offset, length }, kept, rest, out) =>
        workspace.kernels.fp16Encode(offset, kept, rest, length, out),
      decode: (message, { offset, length }, adding) =>
        workspace.kernels.fp16Decode(message, length, offset, adding),
    }),
}));
