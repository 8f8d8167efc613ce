import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { fixedSizeCoder } from './fixed-size.js';

/** The upper half of a float32, rounded to nearest even: its whole range with three decimal digits less. */
export const bf16 = define('bf16', 'bfloat16, rounded to nearest: 2n bytes', {}, (options): Codec => ({
  name: 'bf16',
  options,
  needsFeedback: false,
  create: ({ workspace: { kernels } }) =>
    fixedSizeCoder('bf16', {
      size: (length) => 2 * length,
      encode: ({ offset, length }, out) => kernels.bf16Encode(offset, length, out),
      decode: (message, { offset, length }, adding) => kernels.bf16Decode(message, length, offset, adding),
    }),
}));
