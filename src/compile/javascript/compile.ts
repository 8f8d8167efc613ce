import type { Graph } from '../../graph/graph.js';
import type { SyncExecutable } from '../program.js';
import { prepare } from './prepare.js';
import { compilePrepared } from './prepared.js';

/** Makes a graph ready to run in JavaScript. */
export function compileJavascript(source: Graph): SyncExecutable {
  return compilePrepared(prepare(source));
}
