import { constantOp, inputOp } from '../../graph/graph.js';
import { awaited } from './fuse.js';
import type { Lane, Unit, UnitGraph } from './units.js';

/** Units that run one after the other in one lane. */
export interface Stretch {
  readonly lane: Lane;
  readonly units: readonly Unit[];
}

/**
 * The order in which units run. Primitives come first whenever one is ready; scripts and kernels wait until nothing else can go
 * on, and then run together, for every change of lane costs: a script wants its operands row by row, a kernel another thread.
 */
export function schedule({ graph, units }: UnitGraph): Stretch[] {
  const { nodes } = graph;
  const makers = new Map<number, number>();
  units.forEach(({ outputs }, index) => outputs.forEach((id) => makers.set(id, index)));
  const readers = units.map((): number[] => []);
  const missing = units.map(({ inputs }, index) => {
    const needed = new Set<number>();
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
  const ready: Record<Lane, number[]> = { primitive: [], script: [], host: [] };
  const offer = (index: number) => {
    const list = ready[units[index].lane];
    const place = list.findIndex((other) => other > index);
    list.splice(place < 0 ? list.length : place, 0, index);
  };
  missing.forEach((count, index) => {
    if (count === 0) offer(index);
  });
  const stretches: { lane: Lane; units: Unit[] }[] = [];
  const emit = (lane: Lane) => {
    const index = ready[lane].shift();
    if (index === undefined) return;
    const last = stretches.at(-1);
    if (last?.lane === lane) last.units.push(units[index]);
    else stretches.push({ lane, units: [units[index]] });
    for (const reader of readers[index]) if (--missing[reader] === 0) offer(reader);
  };
  const drain = (lane: Lane) => {
    while (ready[lane].length > 0) emit(lane);
  };
  // What the host can make of the inputs alone, it makes before the worker is called.
  drain('host');
  while (ready.primitive.length + ready.script.length + ready.host.length > 0) {
    if (ready.primitive.length > 0) emit('primitive');
    else if (ready.script.length > 0) drain('script');
    else drain('host');
  }
  return stretches;
}
