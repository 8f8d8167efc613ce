import type { CoderState } from '../codec/codec.js';

/** States of several coders as one: `3.residual` is that of the fourth. */
export function named(states: readonly CoderState[]): CoderState {
  return Object.fromEntries(
    states.flatMap((state, index) =>
      Object.entries(state).map(([name, array]) => [`${index}.${name}`, array]),
    ),
  );
}
