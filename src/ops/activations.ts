import type { Tensor } from '../graph/tensor.js';
import { floating } from './arithmetic.js';
import { toTensor, type TensorLike } from './define.js';

// Activations made of other ops: generated code and ONNX Runtime fuse the parts, and every derivative follows from theirs.

function operand(name: string, x: TensorLike): Tensor {
  return floating(toTensor(name, x));
}

/** x·σ(x), also called swish (Elfwing et al. 2018). */
export function silu(x: TensorLike): Tensor {
  const input = operand('silu', x);
  // ONNX Runtime fuses x·σ(x) into an operator that it has in float32 alone; two signs keep float64 clear of that.
  if (input.dtype === 'float64') return input.neg().mul(input.sigmoid()).neg();
  return input.mul(input.sigmoid());
}

export interface GeluOptions {
  /** By tanh instead of erf, as the first transformers had it (Hendrycks & Gimpel 2016, section 2); false by default. */
  readonly tanh?: boolean;
}

/** x·Φ(x) with the normal distribution function Φ: x/2·(1 + erf(x/√2)), or its form by tanh. */
export function gelu(x: TensorLike, { tanh = false }: GeluOptions = {}): Tensor {
  const input = operand('gelu', x);
  const inner = tanh
    ? input
        .add(input.mul(input).mul(input).mul(0.044715))
        .mul(Math.sqrt(2 / Math.PI))
        .tanh()
    : input.mul(Math.SQRT1_2).erf();
  return input.mul(0.5).mul(inner.add(1));
}

/** x above 0, α·(eˣ − 1) below (Clevert et al. 2016); its derivative at 0 is α, as in PyTorch. */
export function elu(x: TensorLike, alpha = 1): Tensor {
  const input = operand('elu', x);
  const below = input.lessEqual(0);
  // The exponential never sees what lies above: its overflow would spoil the derivative there.
  return below.where(below.where(input, 0).expm1().mul(alpha), input);
}

/** x above 0, slope·x below (Maas et al. 2013); its derivative at 0 is the slope, as in PyTorch. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  const input = operand('leakyRelu', x);
  return input.greater(0).where(input, input.mul(slope));
}

/** x / (1 + |x|). */
export function softsign(x: TensorLike): Tensor {
  const input = operand('softsign', x);
  return input.div(input.abs().add(1));
}
