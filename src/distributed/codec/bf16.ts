import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';

/** The upper half of a float32, rounded to nearest even: its whole range with three decimal digits less. */
export const bf16 = define('bf16', 'bfloat16, rounded to nearest: 2n bytes', {}, (options): Codec => ({
  name: 'bf16',
  options,
  needsFeedback: false,
  create: ({ workspace }) =>
    fixedSizeCoder('bf16', workspace, {
      group: 16,
      size: (length) => 2 * length,
      encode: ({ offset, length }, kept, rest, out) =>
        workspace.kernels.bf16Encode(offset, kept, rest, length, out),
      decode: (message, { offset, length }, adding) =>
        workspace.kernels.bf16Decode(message, length, offset, adding),
    }),
}));
