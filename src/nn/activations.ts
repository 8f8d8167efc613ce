import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { plainLayer, type Layer, type Nothing } from './layer.js';

function activation(name: string, apply: (x: Tensor) => Tensor): () => Layer<Nothing, Nothing> {
  return () => plainLayer(name, (input) => input, apply);
}

/** max(x, 0); its derivative at 0 is 0, as in PyTorch. */
export const relu = activation('relu', ops.relu);
export const tanh = activation('tanh', ops.tanh);
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = activation('sigmoid', ops.sigmoid);
/** log(1 + eˣ). */
export const softplus = activation('softplus', ops.softplus);
/** x · Φ(x), with Φ the normal distribution function (Hendrycks & Gimpel 2016), exact as PyTorch's default. */
export const gelu = activation('gelu', (x) => ops.gelu(x));
/** x · sigmoid(x). */
export const silu = activation('silu', ops.silu);
