import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import { showShape, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { philoxUniform } from '../random/index.js';

type UniformAttributes = { readonly shape: Shape; readonly stream: number };

/** Numbers of one stream lie this far apart from those of the next; a block of Philox gives four words. */
const streamLength = 2 ** 32;

/**
 * Uniform numbers in [0, 1) from a key, int32 [2]: the same key, stream and shape give the same numbers on every target. Made
 * on the host, by the same generator as everything else that is random. No derivative passes.
 */
const uniformOp: Op<UniformAttributes> = {
  name: 'uniform',
  host: true,
  infer([key], { shape }) {
    if (key.dtype !== 'int32' || key.shape.length !== 1 || key.shape[0] !== 2) {
      throw new ScreeError(`uniform: the key must be int32 [2], got ${key.dtype}${showShape(key.shape)}`);
    }
    return { shape, dtype: 'float32' };
  },
  jvp: () => undefined,
  vjp: () => [undefined],
  kernel({ attributes: { stream } }) {
    return (output, key) => {
      if (output instanceof Float32Array) philoxUniform(output, [key[0], key[1]], stream * streamLength);
    };
  },
};

/**
 * Uniform float32 numbers in [0, 1).
 * @param key int32 [2]; a training loop gives another one for each step.
 * @param stream tells draws with the same key apart.
 */
export function uniform(key: Tensor, shape: Shape, stream = 0): Tensor {
  return key.builder.apply(uniformOp, [key], { shape, stream });
}
