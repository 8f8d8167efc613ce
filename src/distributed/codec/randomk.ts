import { ndarray } from '../../graph/ndarray.js';
import { define } from '../../optim/index.js';
import { Generator } from '../../random/index.js';
import type { Codec } from './codec.js';
import { ratioOption } from './options.js';

/**
 * Values at random places, the same on all ranks, so that only values are sent and they can be summed. One place in each of k
 * equal stretches. What is not sent waits in a residual of its own.
 */
export const randomk = define(
  'randomk',
  'values at random places that nobody has to send: 4k bytes',
  { ratio: ratioOption },
  (options): Codec => ({
    name: 'randomk',
    options,
    needsFeedback: false,
    create({ workspace, length, seed, ranks }) {
      const { kernels } = workspace;
      const count = length === 0 ? 0 : Math.max(1, Math.round(options.ratio * length));
      const indices = workspace.allocate(4 * count);
      const chosen = workspace.allocateValues(count);
      const residual = workspace.allocateValues(length);
      const places = new Uint32Array(workspace.bytes(0, 0).buffer, indices, count);
      const generator = new Generator(seed).fork('randomk');
      const choose = (draw: number) => {
        const numbers = generator.fork(draw);
        for (let index = 0; index < count; index++) {
          const first = Math.floor((index * length) / count);
          const next = Math.floor(((index + 1) * length) / count);
          places[index] = first + Math.floor(numbers.uniform() * (next - first));
        }
      };
      return {
        kind: 'linear',
        state: { residual: ndarray(workspace.floats(residual)) },
        async reduce(values, draw, sum) {
          if (length === 0) return;
          choose(draw);
          kernels.moveOver(residual.offset, values.offset, length);
          kernels.gatherAt(residual.offset, indices, count, chosen.offset);
          kernels.clearAt(residual.offset, indices, count);
          await sum(chosen);
          kernels.scale(chosen.offset, count, 1 / ranks);
          kernels.scatterAt(values.offset, indices, count, chosen.offset);
        },
      };
    },
  }),
);
