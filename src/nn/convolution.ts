import { ScreeError } from '../graph/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { conv as convOp, type ConvOptions } from '../ops/index.js';
import { fanInUniform, type Initializer } from './initializers.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount, showWindow } from './options.js';
import { outputShape } from './output-shape.js';

export interface ConvLayerOptions extends ConvOptions {
  /** Whether each output has a bias; true by default. Before a batch norm it has no effect. */
  readonly bias?: boolean;
  /** Of the weights; uniform in ±1/√fanIn by default. */
  readonly initializer?: Initializer;
}

/**
 * Cross-correlation with `outputs` kernels, plus a bias for each: examples [channels, ...spatial], `weight` [outputs, channels/groups, ...kernel],
 * `bias` [outputs], both uniform in ±1/√fanIn at first with fanIn = channels/groups · kernel (PyTorch's default).
 * @param kernel extent of the window, one number for all spatial axes or one an axis
 * @throws ScreeError when `outputs` is not a positive integer, or the window does not fit the examples
 */
export function conv(
  outputs: number,
  kernel: number | Shape,
  { bias: biased = true, initializer, ...options }: ConvLayerOptions = {},
): Layer<Readonly<Record<string, Tensor>>, Nothing> {
  requireCount('conv', 'outputs', outputs);
  const { groups = 1 } = options;
  return {
    name: `conv ${outputs} of ${showWindow(kernel)}`,
    init(generator, input) {
      const spatial = input.length - 1;
      const window = typeof kernel === 'number' ? new Array<number>(spatial).fill(kernel) : kernel;
      if (spatial < 1 || window.length !== spatial || input[0] % groups !== 0) {
        throw new ScreeError(
          `conv: examples of shape ${showShape(input)} do not fit a window of ${showShape(window)} in ${groups} group(s); they need [channels, ...spatial], channels divisible by the groups`,
        );
      }
      const shape = [outputs, input[0] / groups, ...window];
      const fanIn = sizeOf(shape.slice(1));
      const fanOut = outputs * sizeOf(window);
      const draw = generator.fork('weight');
      return {
        parameters: {
          weight: initializer?.(draw, shape, { fanIn, fanOut }) ?? fanInUniform(draw, shape, fanIn),
          ...(biased && { bias: fanInUniform(generator.fork('bias'), [outputs], fanIn) }),
        },
        state: nothing,
        output: outputShape((x, weight) => convOp(x, weight, options), input, shape),
      };
    },
    apply({ weight, bias }, state, x) {
      if (!biased) return { output: convOp(x, weight, options), state };
      const perChannel = bias.reshape([outputs, ...new Array<number>(weight.rank - 2).fill(1)]);
      return { output: convOp(x, weight, options).add(perChannel), state };
    },
  };
}
