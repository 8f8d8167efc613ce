import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { gather } from '../ops/index.js';
import { normalWeights, type Initializer } from './initializers.js';
import { nothing, type Layer, type Nothing } from './layer.js';
import { requireCount } from './options.js';

export interface EmbeddingOptions {
  /** Of the rows; N(0, 1) by default, as in PyTorch. */
  readonly initializer?: Initializer;
}

/**
 * A row of numbers for each of `count` symbols: int32 examples [...s] become [...s, size]; `weight` [count, size].
 * @throws ScreeError when a count is not a positive integer, or the examples are not int32
 */
export function embedding(
  count: number,
  size: number,
  { initializer = normalWeights({ std: 1 }) }: EmbeddingOptions = {},
): Layer<{ weight: Tensor }, Nothing> {
  requireCount('embedding', 'count', count);
  requireCount('embedding', 'size', size);
  return {
    name: `embedding ${count} of ${size}`,
    takes: 'int32',
    init: (generator, input) => ({
      parameters: { weight: initializer(generator, [count, size], { fanIn: count, fanOut: size }) },
      state: nothing,
      output: [...input, size],
    }),
    apply({ weight }, state, x) {
      if (x.dtype !== 'int32') {
        throw new ScreeError(
          `embedding: examples are ${x.dtype}${showShape(x.shape)}; they must be int32 numbers of symbols`,
        );
      }
      return { output: gather(weight, x), state };
    },
  };
}

/**
 * Adds a learned row to each place of a sequence [length, size]: `weight` [length, size], N(0, 0.02²) at first.
 * @throws ScreeError (from `init`) for examples that are no sequences
 */
export function learnedPositions(): Layer<{ weight: Tensor }, Nothing> {
  return {
    name: 'learned positions',
    init(generator, input) {
      if (input.length !== 2) {
        throw new ScreeError(
          `learnedPositions: examples of shape ${showShape(input)} are no sequences [length, size]`,
        );
      }
      const [fanIn, fanOut] = input;
      return {
        parameters: { weight: normalWeights()(generator, input, { fanIn, fanOut }) },
        state: nothing,
        output: input,
      };
    },
    apply: ({ weight }, state, x) => ({ output: x.add(weight), state }),
  };
}
