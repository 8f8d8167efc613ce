import type { Tensor } from '../graph/tensor.js';
import { sub, type TensorLike } from '../ops/index.js';

/** m + weight·(g − m), as PyTorch's lerp: the moving average that forgets by 1 − weight. */
export function lerp(m: Tensor, g: TensorLike, weight: TensorLike): Tensor {
  return m.add(sub(g, m).mul(weight));
}

/** βv + (1 − β)·g·g, in PyTorch's order. */
export function meanSquare(v: Tensor, g: Tensor, beta2: number | Tensor): Tensor {
  const weight = typeof beta2 === 'number' ? 1 - beta2 : sub(1, beta2);
  return v.mul(beta2).add(g.mul(weight).mul(g));
}

/**
 * The moving average of the constant 1 from 0: βc + (1 − β), which is 1 − βᵗ after t steps. A moment divided by it is free of
 * the bias towards 0. Unlike 1 − βᵗ it loses no digits in float32, costs no power, and stays right when β changes on the way.
 */
export function averageOfOne(c: Tensor, beta: TensorLike): Tensor {
  return c.mul(beta).add(typeof beta === 'number' ? 1 - beta : sub(1, beta));
}

/** The gradient with an L2 penalty's. */
export function penalised(gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
}

/** The parameter after decoupled weight decay, p·(1 − lr·decay). */
export function decayed(parameter: Tensor, lr: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? parameter : parameter.mul(sub(1, lr.mul(weightDecay)));
}

/** −1, 0 or 1 by the sign, and NaN for NaN, which `sign` takes for 0: a broken gradient must not pass for a zero one. */
export function signOrNaN(x: Tensor): Tensor {
  return x.equal(x).where(x.sign(), x);
}
