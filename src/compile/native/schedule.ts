import { constantOp, inputOp } from '../../graph/graph.js';
import { awaited, rootOf } from './fuse.js';
import type { StateEntry } from './layout.js';
import type { Lane, Unit, UnitGraph } from './units.js';

/** Units that run one after the other in one lane. */
export interface Stretch {
  readonly lane: Lane;
  readonly units: readonly Unit[];
}

/**
 * The order in which units run. Primitives come first whenever one is ready; scripts and kernels wait until nothing else can go
 * on, and then run together, for every change of lane costs: a script wants its operands row by row, a kernel another thread.
 * @param groups nodes that are wanted early: all that those of a group take runs before anything that only later ones do
 * @param state is moved as soon as it can be, once all that reads the old value has run: what it is moved by is still in the
 * processor's cache then, and needs no memory afterwards
 */
export function schedule(
  { graph, units }: UnitGraph,
  groups: readonly (readonly number[])[] = [],
  state: readonly Pick<StateEntry, 'input' | 'output'>[] = [],
): Stretch[] {
  const { nodes } = graph;
  const makers = new Map<number, number>();
  units.forEach(({ outputs }, index) => outputs.forEach((id) => makers.set(id, index)));
  const readers = units.map((): number[] => []);
  const moves = new Map(state.map(({ input, output }) => [makers.get(rootOf(nodes, output)), input]));
  const old = readersOf({ graph, units }, new Set(moves.values()));
  const missing = units.map(({ inputs }, index) => {
    const moved = moves.get(index);
    const earlier = moved === undefined ? [] : (old.get(moved) ?? []);
    const needed = new Set<number>(earlier.filter((reader) => reader < index));
    for (const root of inputs.flatMap((input) => awaited(nodes, input))) {
      const maker = makers.get(root);
      if (maker !== undefined && maker !== index) needed.add(maker);
      if (maker === undefined && nodes[root].op !== inputOp && nodes[root].op !== constantOp) {
        throw new Error(`native: nothing makes node ${root}, ${nodes[root].op.name}`);
      }
    }
    for (const maker of needed) readers[maker].push(index);
    return needed.size;
  });
  // Moves, and elementwise steps that only moves wait for.
  const isEager = units.map(() => false);
  for (let index = units.length - 1; index >= 0; index--) {
    const isStep = units[index].kind === 'elementwise' && readers[index].length > 0;
    isEager[index] = moves.has(index) || (isStep && readers[index].every((reader) => isEager[reader]));
  }
  const rank = (index: number) => (isEager[index] ? index - units.length : index);
  const phaseOf = phasesOf({ graph, units }, makers, groups);
  const phases = Array.from({ length: groups.length + 1 }, (): Record<Lane, number[]> => {
    return { primitive: [], script: [], host: [] };
  });
  const offer = (index: number) => {
    const list = phases[phaseOf[index]][units[index].lane];
    const place = list.findIndex((other) => rank(other) > rank(index));
    list.splice(place < 0 ? list.length : place, 0, index);
  };
  missing.forEach((count, index) => {
    if (count === 0) offer(index);
  });
  const stretches: { lane: Lane; units: Unit[] }[] = [];
  const emit = (ready: Record<Lane, number[]>, lane: Lane) => {
    const index = ready[lane].shift();
    if (index === undefined) return;
    const last = stretches.at(-1);
    if (last?.lane === lane) last.units.push(units[index]);
    else stretches.push({ lane, units: [units[index]] });
    for (const reader of readers[index]) if (--missing[reader] === 0) offer(reader);
  };
  const drain = (ready: Record<Lane, number[]>, lane: Lane) => {
    while (ready[lane].length > 0) emit(ready, lane);
  };
  // What the host can make of the inputs alone, it makes before the worker is called.
  for (const ready of phases) drain(ready, 'host');
  for (const ready of phases) {
    while (ready.primitive.length + ready.script.length + ready.host.length > 0) {
      if (ready.primitive.length > 0) emit(ready, 'primitive');
      else if (ready.script.length > 0) drain(ready, 'script');
      else drain(ready, 'host');
    }
  }
  return stretches;
}

/** The units that read each of some nodes. */
function readersOf({ graph: { nodes }, units }: UnitGraph, ids: ReadonlySet<number>): Map<number, number[]> {
  const readers = new Map<number, number[]>();
  units.forEach(({ inputs }, index) => {
    for (const root of new Set(inputs.map((input) => rootOf(nodes, input)))) {
      if (ids.has(root)) readers.set(root, [...(readers.get(root) ?? []), index]);
    }
  });
  return readers;
}

/** For each unit the first group that takes it; what no group takes comes after all of them. */
function phasesOf(
  { graph: { nodes }, units }: UnitGraph,
  makers: ReadonlyMap<number, number>,
  groups: readonly (readonly number[])[],
): number[] {
  const phases = new Array<number>(units.length).fill(groups.length);
  groups.forEach((group, phase) => {
    const open = [...group];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const root of awaited(nodes, id)) {
        const maker = makers.get(root);
        if (maker === undefined || phases[maker] <= phase) continue;
        phases[maker] = phase;
        open.push(...units[maker].inputs);
      }
    }
  });
  return phases;
}
