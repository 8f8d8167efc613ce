import { multiHeadAttention } from './attention.js';
import { gelu } from './activations.js';
import { residual, sequential } from './compose.js';
import { dense } from './dense.js';
import { embedding, learnedPositions } from './embedding.js';
import { normalWeights } from './initializers.js';
import type { Layer } from './layer.js';
import { layerNorm } from './layer-norm.js';

export interface TransformerOptions {
  /** Blocks; 4 by default. */
  readonly blocks?: number;
  /** Numbers a place; 256 by default. */
  readonly size?: number;
  /** Heads of each attention; 4 by default. */
  readonly heads?: number;
}

/**
 * A transformer that says what comes next (Vaswani et al. 2017; as GPT-2, Radford et al. 2019): symbols int32 [length] become
 * scores of the symbol that follows each, [length, vocabulary]. Embedding and learned positions, blocks of causal attention and
 * of two dense layers with GELU between, four times as wide, each behind a layer norm and with a shortcut around, then a layer
 * norm and a dense layer. Weights start from N(0, 0.02²).
 * @param vocabulary how many symbols there are
 */
export function transformerModel(
  vocabulary: number,
  { blocks = 4, size = 256, heads = 4 }: TransformerOptions = {},
): Layer {
  const initializer = normalWeights();
  const layers: Layer[] = [embedding(vocabulary, size, { initializer }), learnedPositions()];
  for (let block = 0; block < blocks; block++) {
    const attention = sequential(layerNorm(), multiHeadAttention(heads, { causal: true, initializer }));
    const thought = sequential(
      layerNorm(),
      dense(4 * size, { initializer }),
      gelu(),
      dense(size, { initializer }),
    );
    layers.push(
      { ...residual(attention), name: `causal attention of ${heads} heads` },
      { ...residual(thought), name: `dense ${4 * size} and ${size}` },
    );
  }
  return sequential(...layers, layerNorm(), dense(vocabulary, { initializer }));
}
