import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import {
  avgPool as avgPoolOp,
  globalAvgPool as globalAvgPoolOp,
  maxPool as maxPoolOp,
  type WindowOptions,
} from '../ops/index.js';
import { plainLayer, type Layer, type Nothing } from './layer.js';
import { showWindow } from './options.js';
import { outputShape } from './output-shape.js';

function pool(
  title: string,
  op: (x: Tensor, window: number | Shape, options?: WindowOptions) => Tensor,
): (window: number | Shape, options?: WindowOptions) => Layer<Nothing, Nothing> {
  return (window, options) => {
    const apply = (x: Tensor) => op(x, window, options);
    return plainLayer(`${title} ${showWindow(window)}`, (input) => outputShape(apply, input), apply);
  };
}

/** Largest value in each window of examples [channels, ...spatial]; strides default to the window. */
export const maxPool = pool('max pool', maxPoolOp);

/** Mean of each window of examples [channels, ...spatial]; strides default to the window. */
export const avgPool = pool('average pool', avgPoolOp);

/** Mean over all spatial axes: examples [channels, ...spatial] become [channels]. */
export function globalAvgPool(): Layer<Nothing, Nothing> {
  return plainLayer('global average pool', (input) => input.slice(0, 1), globalAvgPoolOp);
}
