import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import { uniform, type Generator } from '../random/index.js';

/**
 * PyTorch's default for the weights and biases of dense and convolution layers: uniform in ±1/√fanIn. For weights that is
 * `kaiming_uniform_` with a = √5 (He et al. 2015, "Delving deep into rectifiers", with the gain √(2 / (1 + a²)) = √⅓).
 * @param fanIn numbers that one output is computed from
 * @returns a float32 array of `shape`
 */
export function fanInUniform(generator: Generator, shape: Shape, fanIn: number): NDArray {
  if (!(fanIn >= 1) || sizeOf(shape) === 0) {
    throw new ScreeError(`fanInUniform: ${showShape(shape)} with fan-in ${fanIn} has nothing to initialise`);
  }
  const bound = 1 / Math.sqrt(fanIn);
  return uniform(generator, shape, { low: -bound, high: bound });
}
