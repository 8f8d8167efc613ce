import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { fanInUniform, type Initializer } from './initializers.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount } from './options.js';

export interface DenseOptions {
  /** Whether each output has a bias; true by default. */
  readonly bias?: boolean;
  /** Of the weights; uniform in ±1/√inputs by default. */
  readonly initializer?: Initializer;
}

/**
 * x · weight + bias over the last axis: `weight` [inputs, outputs], `bias` [outputs], both uniform in ±1/√inputs at first
 * (PyTorch's default).
 * @throws ScreeError when `outputs` is not a positive integer
 */
export function dense(
  outputs: number,
  { bias: biased = true, initializer }: DenseOptions = {},
): Layer<Readonly<Record<string, Tensor>>, Nothing> {
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
      const shape = [inputs, outputs];
      const draw = generator.fork('weight');
      return {
        parameters: {
          weight:
            initializer?.(draw, shape, { fanIn: inputs, fanOut: outputs }) ??
            fanInUniform(draw, shape, inputs),
          ...(biased && { bias: fanInUniform(generator.fork('bias'), [outputs], inputs) }),
        },
        state: nothing,
        output: [...input.slice(0, -1), outputs],
      };
    },
    apply({ weight, bias }, state, x) {
      const product = x.matmul(weight);
      return { output: biased ? product.add(bias) : product, state };
    },
  };
}
