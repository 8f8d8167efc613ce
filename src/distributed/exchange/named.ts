import type { CoderState } from '../codec/codec.js';
import type { Bucket } from './exchange.js';

/** A coder's state, and of which values. */
export interface Kept {
  /** The first of its values in the gradient, buckets one behind the other. */
  readonly place: number;
  /** Whether it codes the mean over the ranks, not a rank's own gradient. */
  readonly ofMean?: boolean;
  readonly length: number;
  readonly state: CoderState;
}

/** What is kept of the mean begins so. */
const meanPrefix = 'mean.';

/** The first value of each bucket in the gradient. */
export function placesOf(buckets: readonly Bucket[]): number[] {
  let place = 0;
  return buckets.map(({ values: { length } }) => (place += length) - length);
}

/**
 * States of several coders as one: `4096.residual` is what is to be sent of this rank's gradient from value 4096 on,
 * `mean.4096.residual` what is to be told of the mean. What is of no value has no state.
 */
export function named(kept: readonly Kept[]): CoderState {
  return Object.fromEntries(
    kept
      .filter(({ length }) => length > 0)
      .flatMap(({ place, ofMean = false, state }) =>
        Object.entries(state).map(([name, array]) => [`${ofMean ? meanPrefix : ''}${place}.${name}`, array]),
      ),
  );
}
