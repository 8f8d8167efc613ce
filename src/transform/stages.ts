import { constantOp, inputOp, pruneGraph, type Graph, type Node } from '../graph/graph.js';
import { broadcastToOp, reshapeOp, transposeOp } from '../ops/shape-ops.js';
import { simplify } from './simplify.js';

/** A part of a graph that runs after those before it. */
export interface Stage {
  /** Its inputs are those of the whole graph, then `takes`; its outputs those at `places` of the whole, then `keeps`. */
  readonly graph: Graph;
  readonly places: readonly number[];
  /** Nodes of the whole graph that earlier stages keep. */
  readonly takes: readonly number[];
  /** Nodes that later stages take. */
  readonly keeps: readonly number[];
}

/** A graph in stages: `keeps` and `takes` are nodes of `graph`, which is the simplified one. */
export interface StagedGraph {
  readonly graph: Graph;
  readonly stages: readonly Stage[];
}

/** Ops that move or repeat numbers: quicker to do again than to keep their results. */
const movers: ReadonlySet<object> = new Set([reshapeOp, transposeOp, broadcastToOp]);

/**
 * Cuts a graph into programs that run one after the other, so that some outputs are there before the others: each stage computes what the
 * outputs of its group take and no earlier one has computed, and the last one the rest. Running all is running the graph.
 * @param groups places of outputs, those wanted first in the first group
 */
export function stagesOf(source: Graph, groups: readonly (readonly number[])[]): StagedGraph {
  const graph = simplify(source);
  const { nodes, inputs, outputs } = graph;
  const grouped = new Set(groups.flat());
  const rest = outputs.flatMap((_, place) => (grouped.has(place) ? [] : [place]));
  const places = groups.map((group, index) =>
    index === groups.length - 1 ? [...group, ...rest] : [...group],
  );
  // What each stage is the first to need.
  const stageOf = new Array<number>(nodes.length).fill(groups.length);
  places.forEach((list, stage) => {
    const open = list.map((place) => outputs[place]);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (stageOf[id] <= stage) continue;
      stageOf[id] = stage;
      open.push(...nodes[id].inputs);
    }
  });
  const isFree = ({ op }: Node) => op === inputOp || op === constantOp || op.host === true;
  const wantedBy = places.map((list, stage) => {
    const kept = new Set<number>();
    const seen = new Set<number>();
    const visit = (id: number): void => {
      if (seen.has(id)) return;
      seen.add(id);
      const node = nodes[id];
      if (isFree(node)) return;
      if (stageOf[id] < stage && !movers.has(node.op)) kept.add(id);
      else node.inputs.forEach(visit);
    };
    for (const place of list) visit(outputs[place]);
    return kept;
  });
  const asInput = ({ shape, dtype }: Node): Node => {
    return { op: inputOp, inputs: [], attributes: { shape, dtype }, shape, dtype };
  };
  const stages = places.map((own, stage): Stage => {
    const taken = wantedBy[stage];
    const later = new Set(wantedBy.slice(stage + 1).flatMap((kept) => [...kept]));
    const keeps = [...later].filter((id) => stageOf[id] === stage);
    return {
      graph: pruneGraph({
        nodes: nodes.map((node, id) => (taken.has(id) ? asInput(node) : node)),
        inputs: [...inputs, ...taken],
        outputs: [...own.map((place) => outputs[place]), ...keeps],
      }),
      places: own,
      takes: [...taken],
      keeps,
    };
  });
  return { graph, stages };
}
