import type { Bounds } from '../interval/tape.js';
import { hull, meets } from './bounds.js';

/** Boxes that hang together. */
export interface Cluster<T extends { readonly bounds: Bounds }> {
  /** The smallest box around all of them. */
  readonly bounds: Bounds;
  readonly parts: readonly T[];
}

/** Puts boxes together that touch, directly or through others. */
export function clusters<T extends { readonly bounds: Bounds }>(boxes: readonly T[]): Cluster<T>[] {
  const order = [...boxes].sort((a, b) => a.bounds.lo[0] - b.bounds.lo[0]);
  const leader = order.map((_, index) => index);
  const find = (index: number): number => {
    let at = index;
    while (leader[at] !== at) at = leader[at] = leader[leader[at]];
    return at;
  };
  // Along the first axis only those that have not ended yet can touch the next one.
  let active: number[] = [];
  order.forEach(({ bounds }, index) => {
    active = active.filter((other) => order[other].bounds.hi[0] >= bounds.lo[0]);
    for (const other of active) if (meets(order[other].bounds, bounds)) leader[find(other)] = find(index);
    active.push(index);
  });
  const groups = new Map<number, T[]>();
  order.forEach((box, index) => {
    const first = find(index);
    const group = groups.get(first);
    if (group === undefined) groups.set(first, [box]);
    else group.push(box);
  });
  return [...groups.values()].map((parts) => ({
    bounds: parts.map(({ bounds }) => bounds).reduce(hull),
    parts,
  }));
}
