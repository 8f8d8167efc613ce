import { sizeOf } from '../graph/shape.js';
import { plainLayer, type Layer, type Nothing } from './layer.js';

/** Makes one axis of all axes of an example, in row-major order. */
export function flatten(): Layer<Nothing, Nothing> {
  return plainLayer(
    'flatten',
    (input) => [sizeOf(input)],
    (x) => x.reshape([x.shape[0], sizeOf(x.shape.slice(1))]),
  );
}
