import type { Graph, Node } from '../../graph/graph.js';
import { sameShape, sizeOf, stridesOf, type Shape } from '../../graph/shape.js';
import { padOp } from '../../ops/slices.js';
import { identityAccess, isIdentity, isView, linearize, loopShape, type Affine } from './access.js';
import { Blocked, Resolver, type Value } from './resolve.js';
import { assignRoles, elementLimit, rootOf, type Role } from './roles.js';

/** Where a number is written: into the memory of a node. */
export interface Store {
  readonly node: number;
  readonly at: Affine;
}

/** What a nest does at each place: computes a node, accumulates a reduction, or copies a node into another one's memory. */
export interface Work {
  readonly node: number;
  readonly kind: 'member' | 'reduce' | 'copy';
  readonly stores: Store[];
}

/** A nest of loops over one shape. */
export interface Nest {
  readonly loops: Shape;
  readonly work: Work[];
}

/** Scalar code, in order. */
export type Action =
  | { readonly kind: 'elements'; readonly node: number }
  /** Fills a padded array with zeros. */
  | { readonly kind: 'clear'; readonly node: number }
  /** Writes a small array into another one's memory. */
  | { readonly kind: 'place'; readonly node: number; readonly store: Store };

/** Scalar code, then one nest or one kernel. */
export interface Slot {
  readonly actions: Action[];
  nest?: Nest;
  kernel?: number;
}

export interface Plan {
  readonly graph: Graph;
  /** The largest size of array that is spelt out element by element. */
  readonly limit: number;
  readonly roles: readonly Role[];
  readonly slots: readonly Slot[];
  /** First and last slot in which the memory of a node is used, for nodes that have some. */
  readonly lifetimes: ReadonlyMap<number, readonly [number, number]>;
}

/**
 * Arranges a graph as a sequence of slots. Nodes go, in topological order, into the first slot whose predecessors have made what
 * they need and, for work in loops, whose loops run over the same shape; so neighbours share a nest and what only they read is
 * never stored.
 */
class Planner {
  readonly slots: Slot[] = [];
  readonly lifetimes = new Map<number, [number, number]>();
  readonly resolver: Resolver;
  /** The first slot whose code can read the node. */
  private readonly ready: Int32Array;
  private readonly homes = new Map<number, { slot: number; work: Work }>();

  constructor(
    readonly graph: Graph,
    readonly roles: readonly Role[],
    limit: number,
  ) {
    this.resolver = new Resolver(graph.nodes, roles, limit);
    this.ready = new Int32Array(graph.nodes.length);
    graph.nodes.forEach((_, id) => this.place(id));
    for (const id of graph.outputs) {
      const root = rootOf(graph.nodes, id);
      // Outputs are handed over after the last slot.
      if (this.hasMemory(root)) this.touch(root, this.slots.length);
    }
  }

  private slot(index: number): Slot {
    while (this.slots.length <= index) this.slots.push({ actions: [] });
    return this.slots[index];
  }

  /** Whether the node is made in memory; others get some when loops or kernels read it as an array. */
  private hasMemory(id: number): boolean {
    const role = this.roles[id];
    if (role === 'reduce') return sizeOf(this.graph.nodes[id].shape) !== 1;
    return role === 'placed' || role === 'kernel' || role === 'member';
  }

  /** The node's memory is used in the slot. A member's first use decides that it is stored at all. */
  private touch(node: number, slot: number): void {
    const root = rootOf(this.graph.nodes, node);
    const known = this.lifetimes.get(root);
    if (known !== undefined) {
      known[0] = Math.min(known[0], slot);
      known[1] = Math.max(known[1], slot);
      return;
    }
    const home = this.homes.get(root);
    this.lifetimes.set(root, [home === undefined ? Math.min(slot, this.ready[root]) : home.slot, slot]);
    if (home?.work.kind === 'member') {
      const { shape } = this.graph.nodes[root];
      home.work.stores.push({ node: root, at: linearize(identityAccess(shape), shape) });
    }
  }

  /** The first slot in which a value can be had; `loops` tells which elements of members are at hand in their own slot. */
  private earliest(value: Value, loops?: Shape): number {
    switch (value.kind) {
      case 'element':
      case 'load':
        return this.ready[value.node];
      case 'current':
        return this.ready[value.node] - (this.isAtHand(value, loops) ? 1 : 0);
      case 'compute':
        return Math.max(0, ...value.operands.map((operand) => this.earliest(operand, loops)));
    }
  }

  private isAtHand({ node, at }: { node: number; at: Affine }, loops: Shape | undefined): boolean {
    return (
      loops !== undefined &&
      sameShape(loops, loopShape(this.graph.nodes[node].shape)) &&
      isIdentity(at, loops)
    );
  }

  /** Notes what a value reads from memory. */
  private use(value: Value, slot: number, loops?: Shape): void {
    if (value.kind === 'compute') {
      for (const operand of value.operands) this.use(operand, slot, loops);
    } else if (value.kind === 'element') {
      if (this.hasMemory(value.node)) this.touch(value.node, slot);
    } else if (
      value.kind === 'load' ||
      this.homes.get(value.node)?.slot !== slot ||
      !this.isAtHand(value, loops)
    ) {
      this.touch(value.node, slot);
    }
  }

  private place(id: number): void {
    const { nodes } = this.graph;
    const { inputs } = nodes[id];
    switch (this.roles[id]) {
      case 'input':
      case 'constant':
      case 'inline':
        return;
      case 'elements':
        return this.placeElements(id);
      case 'member':
        this.ready[id] = this.addWork({ node: id, kind: 'member', stores: [] }) + 1;
        return;
      case 'reduce':
        this.ready[id] = this.addWork({ node: id, kind: 'reduce', stores: [] }) + 1;
        if (this.hasMemory(id)) this.touch(id, this.ready[id] - 1);
        return;
      case 'placed':
        return this.placeParts(id);
      case 'kernel': {
        const last = this.slots.at(-1);
        const index = last === undefined || isTaken(last) ? this.slots.length : this.slots.length - 1;
        this.slot(index).kernel = id;
        for (const input of inputs) this.touch(input, index);
        this.ready[id] = index + 1;
        this.touch(id, index);
      }
    }
  }

  private placeElements(id: number): void {
    const node = this.graph.nodes[id];
    let slot = 0;
    const values = isView(node)
      ? Array.from({ length: sizeOf(node.shape) }, (_, place) => this.resolver.constant(id, place))
      : [];
    for (const value of values) slot = Math.max(slot, this.earliest(value));
    if (!isView(node)) for (const input of node.inputs) slot = Math.max(slot, this.ready[input]);
    this.slot(slot).actions.push({ kind: 'elements', node: id });
    for (const value of values) this.use(value, slot);
    if (!isView(node)) {
      for (const input of node.inputs) if (this.hasMemory(input)) this.touch(input, slot);
    }
    this.ready[id] = slot;
  }

  private addWork(work: Work): number {
    const { nodes } = this.graph;
    const { node, kind } = work;
    const loops = loopShape(nodes[kind === 'reduce' ? nodes[node].inputs[0] : node].shape);
    const value = this.resolver.work(work);
    let slot = this.earliest(value, loops);
    while (!this.accepts(slot, loops)) slot++;
    const target = this.slot(slot);
    target.nest ??= { loops, work: [] };
    target.nest.work.push(work);
    if (kind !== 'copy') this.homes.set(node, { slot, work });
    this.use(value, slot, loops);
    return slot;
  }

  private accepts(index: number, loops: Shape): boolean {
    const slot = this.slots[index];
    if (slot === undefined || !isTaken(slot)) return true;
    return slot.nest !== undefined && sameShape(slot.nest.loops, loops);
  }

  /** Everything that a padded or concatenated array is made of is written where it belongs as it is computed. */
  private placeParts(id: number): void {
    const { nodes } = this.graph;
    const node = nodes[id];
    let first = Infinity;
    let ready = 0;
    partPlaces(node, nodes).forEach((offset, index) => {
      const part = node.inputs[index];
      const { shape } = nodes[part];
      const store = { node: id, at: offset(shape) };
      const home = this.roles[part] === 'member' ? this.homes.get(part) : undefined;
      let slot: number;
      if (home !== undefined) {
        home.work.stores.push(store);
        slot = home.slot;
      } else if (sizeOf(shape) <= this.resolver.limit) {
        slot = this.ready[part];
        this.slot(slot).actions.push({ kind: 'place', node: part, store });
        if (this.hasMemory(part)) this.touch(part, slot);
      } else {
        slot = this.addWork({ node: part, kind: 'copy', stores: [store] });
      }
      first = Math.min(first, slot);
      ready = Math.max(ready, home === undefined && sizeOf(shape) <= this.resolver.limit ? slot : slot + 1);
    });
    this.ready[id] = ready;
    this.lifetimes.set(id, [first, ready]);
    if (node.op === padOp) this.slot(first).actions.unshift({ kind: 'clear', node: id });
  }
}

/** Only the last slot may be free: every other one has been filled before the next was opened. */
function isTaken({ nest, kernel }: Slot): boolean {
  return nest !== undefined || kernel !== undefined;
}

/** For each operand of a pad or concat: the place in the result's memory of the element that loops over the operand are at. */
function partPlaces(
  { op, inputs, attributes, shape }: Node,
  nodes: readonly Node[],
): ((part: Shape) => Affine)[] {
  const strides = stridesOf(shape);
  const along = (name: string) => attributes[name] as readonly number[];
  const shifted =
    (start: readonly number[], step: readonly number[]) =>
    (part: Shape): Affine => {
      const axes = identityAccess(part).axes.map(({ base, factors }, axis) => ({
        base: start[axis] + base * step[axis],
        factors: factors.map((factor) => factor * step[axis]),
      }));
      return linearize({ axes }, shape);
    };
  if (op === padOp)
    return [
      shifted(
        along('low'),
        along('interior').map((count) => count + 1),
      ),
    ];
  const axis = attributes.axis as number;
  let start = 0;
  return inputs.map((input) => {
    const from = strides.map((_, a) => (a === axis ? start : 0));
    start += nodes[input].shape[axis];
    return shifted(
      from,
      strides.map(() => 1),
    );
  });
}

/** @param limit the largest size of array that is spelt out element by element. */
export function planGraph(graph: Graph, limit = elementLimit(graph)): Plan {
  const forced = new Set<number>();
  for (;;) {
    try {
      const roles = assignRoles(graph, limit, forced);
      const { slots, lifetimes } = new Planner(graph, roles, limit);
      return { graph, limit, roles, slots, lifetimes };
    } catch (error) {
      if (!(error instanceof Blocked)) throw error;
      forced.add(error.node);
    }
  }
}
