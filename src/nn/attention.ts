import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { scaledDotProductAttention } from '../ops/index.js';
import { dense, type DenseOptions } from './dense.js';
import type { Layer, Nothing } from './layer.js';
import { requireCount } from './options.js';

export interface AttentionOptions extends DenseOptions {
  /** Whether a place sees only itself and those before it; false by default. */
  readonly causal?: boolean;
}

type Projection = Readonly<Record<string, Tensor>>;

/**
 * Self-attention with `heads` heads (Vaswani et al. 2017, section 3.2) over sequences [length, size]: queries, keys and values
 * by one dense layer `project` (columns in that order, each in the order of the heads), softmax(q·kᵀ/√(size/heads))·v, and a
 * dense layer `output` over the heads together.
 * @throws ScreeError when `heads` is not a positive integer, or (from `init`) does not divide the size
 */
export function multiHeadAttention(
  heads: number,
  { causal = false, ...options }: AttentionOptions = {},
): Layer<{ project: Projection; output: Projection }, { project: Nothing; output: Nothing }> {
  requireCount('multiHeadAttention', 'heads', heads);
  return {
    name: `${causal ? 'causal ' : ''}attention of ${heads} heads`,
    init(generator, input) {
      if (input.length !== 2 || input[1] % heads !== 0) {
        throw new ScreeError(
          `multiHeadAttention: examples of shape ${showShape(input)} need [length, size], size divisible by the ${heads} heads`,
        );
      }
      const project = dense(3 * input[1], options).init(generator.fork('project'), input);
      const output = dense(input[1], options).init(generator.fork('output'), input);
      return {
        parameters: { project: project.parameters, output: output.parameters },
        state: { project: project.state, output: output.state },
        output: input,
      };
    },
    apply({ project, output }, state, x, applyOptions) {
      const [batch, length, size] = x.shape;
      const all = dense(3 * size, options).apply(project, state.project, x, applyOptions).output;
      // [3, batch, heads, length, size/heads]
      const parts = all.reshape([batch, length, 3, heads, size / heads]).transpose([2, 0, 3, 1, 4]);
      const part = (index: number) =>
        parts.slice([index, 0, 0, 0, 0], [index + 1, ...parts.shape.slice(1)]).reshape(parts.shape.slice(1));
      const seen = scaledDotProductAttention(part(0), part(1), part(2), { causal });
      const together = seen.transpose([0, 2, 1, 3]).reshape(x.shape);
      return {
        output: dense(size, options).apply(output, state.output, together, applyOptions).output,
        state,
      };
    },
  };
}
