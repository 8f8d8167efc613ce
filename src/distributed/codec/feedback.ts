import { ndarray } from '../../graph/ndarray.js';
import type { Codec } from './codec.js';

/**
 * Error feedback around a codec: what a message lacks is kept and joins the values of the next step (Seide et al. 2014; Karimireddy
 * et al. 2019), so that sent + kept = values + kept before, to float32 rounding. A coder that keeps what it loses
 * itself, or loses nothing, stays as it is.
 */
export function withFeedback(codec: Codec): Codec {
  return {
    ...codec,
    needsFeedback: false,
    create(request) {
      const inner = codec.create(request);
      if (inner.kind === 'linear' || 'residual' in inner.state) return inner;
      const { workspace } = request;
      const { kernels } = workspace;
      const residual = workspace.allocateValues(request.length);
      const sent = workspace.allocateValues(inner.encodeWithFeedback === undefined ? request.length : 0);
      return {
        ...inner,
        state: { ...inner.state, residual: ndarray(workspace.floats(residual)) },
        encode(values, out, draw) {
          if (inner.encodeWithFeedback !== undefined) {
            return inner.encodeWithFeedback(values, residual.offset, out, draw);
          }
          const { length } = values;
          kernels.add(residual.offset, values.offset, length);
          const bytes = inner.encode({ offset: residual.offset, length }, out, draw);
          inner.decode(out, bytes, { offset: sent.offset, length }, false);
          kernels.subtract(residual.offset, sent.offset, length);
          return bytes;
        },
      };
    },
  };
}
