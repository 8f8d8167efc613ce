import type { Graph } from '../../graph/graph.js';
import { Refused, type Engine } from './binding/engine.js';
import { fuse, isText, rootOf } from './fuse.js';
import type { StateEntry } from './layout.js';
import { bindOutput } from './memory-plan.js';
import { lowerArgmax } from './lower-argmax.js';
import { lowerConcat } from './lower-concat.js';
import { lowerConv, lowerConvInputGradient, lowerConvWeightGradient } from './lower-conv.js';
import { lowerElementwise, lowerGelu, lowerGeluGradient, lowerMask } from './lower-elementwise.js';
import { lowerMatmul, lowerReduce, lowerSoftmax } from './lower-matmul.js';
import { lowerNorm, lowerNormGradient } from './lower-norm.js';
import { lowerMaxPool, lowerMaxPoolGradient, lowerSumPool, lowerSumPoolGradient } from './lower-pool.js';
import { lowerHost, lowerScript, Undoable } from './lower-script.js';
import { Lowering, type Choices } from './lowering.js';
import { schedule } from './schedule.js';
import type { Unit, UnitKind } from './units.js';

/** How each kind of primitive is made; false where the library has none that is worth it. */
const rules: Readonly<
  Record<Exclude<UnitKind, 'script' | 'host'>, (lowering: Lowering, unit: Unit) => boolean>
> = {
  conv: lowerConv,
  convInputGradient: lowerConvInputGradient,
  convWeightGradient: lowerConvWeightGradient,
  matmul: lowerMatmul,
  maxPool: lowerMaxPool,
  maxPoolGradient: lowerMaxPoolGradient,
  sumPool: lowerSumPool,
  sumPoolGradient: lowerSumPoolGradient,
  norm: lowerNorm,
  normGradient: lowerNormGradient,
  softmax: lowerSoftmax,
  concat: lowerConcat,
  argmax: lowerArgmax,
  reduce: lowerReduce,
  elementwise: lowerElementwise,
  mask: lowerMask,
  gelu: lowerGelu,
  geluGradient: lowerGeluGradient,
};

function attempt(lowering: Lowering, unit: Unit): boolean {
  if (unit.kind === 'script' || unit.kind === 'host') return false;
  try {
    return rules[unit.kind](lowering, unit);
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** One node without the library. */
function runNode(lowering: Lowering, id: number): void {
  const { op } = lowering.nodes[id];
  if (op.elementwise === undefined && op.kernel === undefined) throw new Undoable(id, op.name);
  if (isText(lowering.nodes[id])) lowerScript(lowering, [id], [id]);
  else lowerHost(lowering, id);
}

/** An output by its node and its place. */
export interface WantedOutput {
  readonly id: number;
  readonly place: number;
}

/**
 * Writes the program of a graph whose composites are all known to this target.
 * @param groups outputs that are wanted before the program ends
 */
export function lower(
  engine: Engine,
  graph: Graph,
  choices: Choices,
  state: readonly StateEntry[] = [],
  groups: readonly (readonly WantedOutput[])[] = [],
): Lowering {
  const { nodes } = graph;
  const units = fuse(graph);
  const runApart = (ids: readonly number[]) => ids.forEach((id) => runNode(lowering, id));
  const lowering: Lowering = new Lowering(engine, graph, choices, runApart, state);
  const readers = new Map<number, Set<Unit>>();
  for (const unit of units.units) {
    for (const input of unit.inputs) {
      const root = rootOf(nodes, input);
      const known = readers.get(root);
      if (known === undefined) readers.set(root, new Set([unit]));
      else known.add(unit);
    }
  }
  const results = new Set(graph.outputs.map((id) => rootOf(nodes, id)));
  const wanted = groups.flat().map((output) => ({ ...output, root: rootOf(nodes, output.id) }));
  /** Brings outputs to where they are wanted as soon as they are made. */
  const deliver = (unit: Unit) => {
    for (const { id, place, root } of wanted) {
      if (unit.outputs.includes(root)) bindOutput(lowering, id, place);
    }
  };
  const early = groups.map((group) => group.map(({ id }) => id));
  for (const { lane, units: list } of schedule(units, early, state)) {
    if (lane === 'host') {
      for (const unit of list) runNode(lowering, unit.node);
      list.forEach(deliver);
    } else if (lane === 'script') {
      const inside = new Set(list);
      const members = list.map(({ node }) => node);
      const isRead = (id: number) => [...(readers.get(id) ?? [])].some((unit) => !inside.has(unit));
      const outputs = members.filter((id) => results.has(id) || isRead(id));
      if (outputs.length > 0) lowerScript(lowering, members, outputs);
      list.forEach(deliver);
    } else {
      for (const unit of list) {
        if (!attempt(lowering, unit)) {
          if (unit.norm !== undefined) throw new Undoable(unit.node, nodes[unit.node].op.name);
          const { biasGradient } = unit;
          runApart(biasGradient === undefined ? unit.nodes : [...unit.nodes, biasGradient]);
        }
        deliver(unit);
      }
    }
  }
  return lowering;
}
