import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { fanInUniform } from './initializers.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount } from './options.js';

/**
 * x · weight + bias over the last axis: `weight` [inputs, outputs], `bias` [outputs], both uniform in ±1/√inputs at first
 * (PyTorch's default).
 * @throws ScreeError when `outputs` is not a positive integer
 */
export function dense(outputs: number): Layer<{ weight: Tensor; bias: Tensor }, Nothing> {
  requireCount('dense', 'outputs', outputs);
  return {
    name: `dense ${outputs}`,
    init(generator, input) {
      const inputs = input.at(-1);
      if (inputs === undefined || inputs < 1) {
        throw new ScreeError(
          `dense: examples of shape ${showShape(input)} have no features; they need a last axis`,
        );
      }
      return {
        parameters: {
          weight: fanInUniform(generator.fork('weight'), [inputs, outputs], inputs),
          bias: fanInUniform(generator.fork('bias'), [outputs], inputs),
        },
        state: nothing,
        output: [...input.slice(0, -1), outputs],
      };
    },
    apply: ({ weight, bias }, state, x) => ({ output: x.matmul(weight).add(bias), state }),
  };
}
