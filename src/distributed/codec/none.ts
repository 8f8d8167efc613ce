import { define } from '../../optim/index.js';
import type { Codec } from './codec.js';

/** The values as they are. */
export const none = define('none', 'float32, as it is: 4n bytes', {}, (options): Codec => ({
  name: 'none',
  options,
  needsFeedback: false,
  create: ({ workspace, ranks }) => ({
    kind: 'linear',
    state: {},
    async reduce(values, _draw, sum) {
      await sum(values);
      if (ranks > 1) workspace.kernels.scale(values.offset, values.length, 1 / ranks);
    },
  }),
}));
