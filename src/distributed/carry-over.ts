import type { NDArray } from '../graph/ndarray.js';
import type { CoderState } from './codec/codec.js';

/** How the state of all ranks is named in a checkpoint: `exchange.2.0.residual` is rank 2's. */
const prefix = 'exchange.';

/** States of all ranks as tensors of a checkpoint: copies. */
export function nameStates(states: readonly CoderState[]): Record<string, NDArray> {
  return Object.fromEntries(
    states.flatMap((state, rank) =>
      Object.entries(state).map(([name, array]) => [`${prefix}${rank}.${name}`, array]),
    ),
  );
}

/** Undoes {@link nameStates}; other tensors of the checkpoint are left out. */
export function statesOf(tensors: Readonly<Record<string, NDArray>>): CoderState[] {
  const states: Record<string, NDArray>[] = [];
  for (const [name, array] of Object.entries(tensors)) {
    if (!name.startsWith(prefix)) continue;
    const [rank] = name.slice(prefix.length).split('.', 1);
    (states[Number(rank)] ??= {})[name.slice(prefix.length + rank.length + 1)] = array;
  }
  return states;
}

const coderOf = (name: string): number => Number(name.split('.', 1)[0]);
const isResidual = (name: string): boolean => name.endsWith('.residual');

/** The residuals of a rank, in the order of the coders and so of the gradient's values. */
const residuals = (state: CoderState): [string, NDArray][] =>
  Object.entries(state)
    .filter(([name]) => isResidual(name))
    .sort(([a], [b]) => coderOf(a) - coderOf(b));

/**
 * States for another number of ranks. What ranks have yet to tell is kept: the mean gradient lacks the same as before, to float32
 * rounding. Anything else that they keep becomes its mean over the old ranks where its size is the same, and begins anew elsewhere.
 * @param owned whether a rank's coder of this number is of the part of the gradient that it owns (two-phase), for so many ranks: what it
 * lacks is of the mean, not of a rank's gradient
 * @param fresh a new rank's state, for its names and sizes: the same on every rank
 */
export function carryOver(
  old: readonly CoderState[],
  fresh: CoderState,
  ranks: number,
  owned: (coder: number, rank: number, ranks: number) => boolean,
): CoderState[] {
  const before = old.length;
  const length = residuals(fresh).reduce((sum, [, { data }]) => sum + data.length, 0);
  // What the mean gradient lacks, at each of its values.
  const missing = new Float64Array(length);
  old.forEach((state, rank) => {
    let start = 0;
    for (const [name, { data }] of residuals(state)) {
      const weight = owned(coderOf(name), rank, before) ? 1 : 1 / before;
      for (let index = 0; index < data.length && start + index < length; index++)
        missing[start + index] += weight * data[index];
      start += data.length;
    }
  });
  return Array.from({ length: ranks }, (_, rank) => {
    const state: Record<string, NDArray> = {};
    let start = 0;
    for (const [name, { data, shape, dtype }] of residuals(fresh)) {
      // All ranks keep the same. Of an owned part, its owner keeps as much of the mean as the others' shares leave.
      const share = owned(coderOf(name), rank, ranks) ? 1 / ranks : 1;
      const part = missing.subarray(start, start + data.length);
      state[name] = { data: Float32Array.from(part, (value) => share * value), shape, dtype };
      start += data.length;
    }
    for (const [name, array] of Object.entries(fresh)) {
      if (isResidual(name)) continue;
      const fits = old.every((one) => one[name]?.data.length === array.data.length);
      if (!fits || array.dtype !== 'float32') continue;
      const mean = Float32Array.from(array.data, (_value, index) => {
        const sum = old.reduce((total, one) => total + one[name].data[index], 0);
        return sum / before;
      });
      state[name] = { ...array, data: mean };
    }
    return state;
  });
}
