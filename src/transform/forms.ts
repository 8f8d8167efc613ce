import type { Tensor } from '../graph/tensor.js';
import type { Traceable } from '../ops/trace.js';
import { grad, jvp } from './derivatives.js';

type Scalar = Traceable<[Tensor], Tensor>;

/** ∇³f(x)[u, v, w], a number, without the tensor of third derivatives: forward mode twice over the gradient. */
export function thirdDerivative(f: Scalar): (x: Tensor) => (u: Tensor, v: Tensor, w: Tensor) => Tensor {
  return (x) => (u, v, w) =>
    along(
      along(grad<[Tensor]>(f), v),
      w,
    )(x)
      .mul(u)
      .sum();
}

/** ∇⁴f(x)[u, v, w, z], a number. */
export function fourthDerivative(
  f: Scalar,
): (x: Tensor) => (u: Tensor, v: Tensor, w: Tensor, z: Tensor) => Tensor {
  return (x) => (u, v, w, z) =>
    along(
      along(along(grad<[Tensor]>(f), v), w),
      z,
    )(x)
      .mul(u)
      .sum();
}

/** The derivative of a vector function along v. */
function along(f: (x: Tensor) => Tensor, v: Tensor): (x: Tensor) => Tensor {
  return (x) => jvp<[Tensor], Tensor>(f, [x], [v]).tangent;
}
