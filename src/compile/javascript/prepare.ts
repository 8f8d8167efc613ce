import type { Graph } from '../../graph/graph.js';
import { expandComposites, simplify } from '../../transform/index.js';

/** The simplified graph with every op that JavaScript has no kernel for taken apart. */
export function prepare(graph: Graph): Graph {
  return expandComposites(simplify(graph), (op) => op.elementwise !== undefined || op.kernel !== undefined);
}
