import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';
import { requireBytes } from './message.js';

/** Half precision, rounded to nearest even; finite values beyond ±65504 become that. */
export const fp16 = define('fp16', 'float16, rounded to nearest: 2n bytes', {}, (options): Codec => ({
  name: 'fp16',
  options,
  needsFeedback: false,
  create: ({ workspace: { kernels } }) => ({
    kind: 'coder',
    state: {},
    maxBytes: (length) => 2 * length,
    encode({ offset, length }, out) {
      kernels.fp16Encode(offset, length, out);
      return 2 * length;
    },
    decode(message, bytes, { offset, length }, adding) {
      requireBytes('fp16', bytes, 2 * length);
      kernels.fp16Decode(message, length, offset, Number(adding));
    },
  }),
}));
