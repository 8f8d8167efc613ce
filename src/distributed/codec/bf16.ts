import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { requireBytes } from './message.js';

/** The upper half of a float32, rounded to nearest even: its whole range with three decimal digits less. */
export const bf16 = define('bf16', 'bfloat16, rounded to nearest: 2n bytes', {}, (options): Codec => ({
  name: 'bf16',
  options,
  needsFeedback: false,
  create: ({ workspace: { kernels } }) => ({
    kind: 'coder',
    state: {},
    maxBytes: (length) => 2 * length,
    encode({ offset, length }, out) {
      kernels.bf16Encode(offset, length, out);
      return 2 * length;
    },
    decode(message, bytes, { offset, length }, adding) {
      requireBytes('bf16', bytes, 2 * length);
      kernels.bf16Decode(message, length, offset, Number(adding));
    },
  }),
}));
