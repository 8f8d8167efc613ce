import type { Graph } from '../../graph/graph.js';
import type { SyncExecutable } from '../program.js';
import { interpretGraph } from './interpret.js';
import { prepare } from './prepare.js';

/** Makes a graph ready to run in JavaScript. */
export function compileJavascript(graph: Graph): SyncExecutable {
  return interpretGraph(prepare(graph));
}
