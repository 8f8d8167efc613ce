import { zeros, type NDArray } from '../graph/ndarray.js';
import type { CoderState } from './codec/codec.js';

/** How the state of all ranks is named in a checkpoint: `exchange.2.0.residual` is rank 2's. */
const prefix = 'exchange.';
const nothing = 'nothing';

/** States of all ranks as tensors of a checkpoint. */
export function nameStates(states: readonly CoderState[]): Record<string, NDArray> {
  const isEmpty = (state: CoderState) => Object.keys(state).length === 0;
  if (states.every(isEmpty)) return {};
  return Object.fromEntries(
    states.flatMap((state, rank) =>
      // That a rank has nothing to keep is kept, too: so many ranks there were.
      Object.entries(isEmpty(state) ? { [nothing]: zeros([0]) } : state).map(([name, array]) => [
        `${prefix}${rank}.${name}`,
        array,
      ]),
    ),
  );
}

/** Undoes {@link nameStates}; other tensors of the checkpoint are left out. */
export function statesOf(tensors: Readonly<Record<string, NDArray>>): CoderState[] {
  const states: Record<string, NDArray>[] = [];
  for (const [name, array] of Object.entries(tensors)) {
    if (!name.startsWith(prefix)) continue;
    const [rank] = name.slice(prefix.length).split('.', 1);
    const state = (states[Number(rank)] ??= {});
    const own = name.slice(prefix.length + rank.length + 1);
    if (own !== nothing) state[own] = array;
  }
  return states;
}

/** A state's names and how many values each has. */
export type StateLayout = Readonly<Record<string, number>>;

export function layoutOf(state: CoderState): StateLayout {
  return Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, data.length]));
}

/** Of values that a message lacked: the first one's place in the gradient, and whether they are of the mean over the ranks. */
function residual(name: string): { place: number; ofMean: boolean } | undefined {
  const [, mean, place] = /^(?:exchange\.)?(mean\.)?(\d+)\.residual$/.exec(name) ?? [];
  return place === undefined ? undefined : { place: Number(place), ofMean: mean !== undefined };
}

/**
 * A rank's state when another number of ranks goes on. What ranks have yet to tell is kept: the mean gradient lacks the same as
 * before, to float32 rounding. Anything else that they keep becomes its mean over the old ranks where they all kept as
 * much under that name, and begins anew elsewhere.
 * @param layouts of the new ranks' states
 * @returns what of the rank's state is to be written over
 */
export function carryOver(
  old: readonly CoderState[],
  layouts: readonly StateLayout[],
  rank: number,
): CoderState {
  const values = [...old.map(layoutOf), ...layouts].reduce(
    (most, layout) =>
      Object.entries(layout).reduce(
        (end, [name, length]) => Math.max(end, (residual(name)?.place ?? 0) + length),
        most,
      ),
    0,
  );
  // Of two levels the first rank of each host keeps what all of the host have yet to tell.
  const keeping = (layout: object) => Object.keys(layout).length > 0;
  const [oldShare, newShare] = [1 / old.filter(keeping).length, 1 / layouts.filter(keeping).length];
  // What the mean gradient lacks, at each of its values.
  const missing = new Float64Array(values);
  for (const state of old) {
    for (const [name, { data }] of Object.entries(state)) {
      const known = residual(name);
      if (known === undefined) continue;
      const weight = known.ofMean ? 1 : oldShare;
      for (let index = 0; index < data.length; index++) missing[known.place + index] += weight * data[index];
    }
  }
  // The share of the mean that ranks keep as parts of their own gradients: each keeps the same.
  const kept = new Float64Array(values);
  for (const layout of layouts) {
    for (const [name, length] of Object.entries(layout)) {
      const known = residual(name);
      if (known === undefined || known.ofMean) continue;
      for (let index = 0; index < length; index++) kept[known.place + index] += newShare;
    }
  }
  const state: Record<string, NDArray> = {};
  for (const [name, length] of Object.entries(layouts[rank])) {
    const known = residual(name);
    if (known === undefined) {
      const arrays = old.filter(keeping).map((one) => one[name]);
      if (!arrays.every((array) => array?.data.length === length && array.dtype === 'float32')) continue;
      const data = new Float32Array(length);
      for (let index = 0; index < length; index++) {
        data[index] = arrays.reduce((sum, array) => sum + array.data[index], 0) * oldShare;
      }
      state[name] = { data, shape: [length], dtype: 'float32' };
      continue;
    }
    const { place, ofMean } = known;
    const data = Float32Array.from({ length }, (_, index) => {
      const at = place + index;
      return missing[at] * (ofMean ? 1 - kept[at] : 1);
    });
    state[name] = { data, shape: [length], dtype: 'float32' };
  }
  return state;
}
