import { ScreeError } from '../graph/errors.js';
import { plainLayer, type Layer, type Nothing } from './layer.js';

/**
 * Sets each number to zero with probability `rate` in training and divides the others by 1 − rate; does nothing in
 * evaluation (Srivastava et al. 2014).
 * @param rate from 0 to below 1
 * @throws ScreeError when the rate is out of range, or training gives no key
 */
export function dropout(rate: number): Layer<Nothing, Nothing> {
  if (!(rate >= 0 && rate < 1)) throw new ScreeError(`dropout: rate ${rate} must be from 0 to below 1`);
  return plainLayer(
    `dropout ${rate}`,
    (input) => input,
    (x, { training, key }) => {
      if (!training || rate === 0) return x;
      if (key === undefined) {
        throw new ScreeError('dropout: training needs the key option, from which the mask is drawn');
      }
      const kept = key.uniform(x.shape).greaterEqual(rate);
      return x.mul(kept.cast(x.dtype).mul(1 / (1 - rate)));
    },
  );
}
