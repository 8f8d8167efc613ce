import { ScreeError } from '../graph/errors.js';
import { showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { convInputGradient, type ConvOptions } from './conv.js';
import { makeWindow, perAxis } from './window.js';

export interface ConvTransposeOptions extends ConvOptions {
  /** Elements added at the end of each axis, fewer than its stride; 0 by default. */
  readonly outputPadding?: number | readonly number[];
}

/**
 * Transposed convolution as PyTorch's conv_transpose1d to 3d: the adjoint of conv, whose input gradient it is.
 * @param x [batch, channels, ...spatial], one to three spatial axes
 * @param weights [channels, outputs/groups, ...kernel]
 * @returns [batch, outputs, ...extents] with (n − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1 along each axis
 * @throws ScreeError when the shapes do not fit, or padding leaves nothing of an axis.
 */
export function convTranspose(
  x: Tensor,
  weights: Tensor,
  { outputPadding = 0, groups = 1, ...options }: ConvTransposeOptions = {},
): Tensor {
  const name = 'convTranspose';
  const kernel = weights.shape.slice(2);
  const rank = kernel.length;
  if (rank < 1 || rank > 3 || x.rank !== rank + 2 || x.dtype !== weights.dtype) {
    throw new ScreeError(
      `${name}: input ${x.dtype}${showShape(x.shape)} and weights ${weights.dtype}${showShape(weights.shape)}; both need two axes before one to three spatial axes, and one element type`,
    );
  }
  const [, channels, ...spatial] = x.shape;
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || weights.shape[0] !== channels) {
    throw new ScreeError(
      `${name}: the ${channels} channels of ${showShape(x.shape)} must be the first extent of the weights ${showShape(weights.shape)} and divide into ${groups} group(s)`,
    );
  }
  const ones = kernel.map(() => 1);
  const window = makeWindow(name, kernel, options, ones);
  const extra = perAxis(name, 'outputPadding', outputPadding, rank, 0);
  const extents = spatial.map((extent, axis) => {
    const reach = (kernel[axis] - 1) * window.dilation[axis] + 1;
    return (extent - 1) * window.strides[axis] - 2 * window.low[axis] + reach + extra[axis];
  });
  if (extra.some((count, axis) => count >= window.strides[axis]) || extents.some((extent) => extent < 1)) {
    throw new ScreeError(
      `${name}: outputPadding ${showShape(extra)} must be less than the strides ${showShape(window.strides)}, and every extent of the result ${showShape(extents)} positive`,
    );
  }
  return convInputGradient(x, weights, { ...window, groups, spatial: extents });
}
