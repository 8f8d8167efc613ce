import type { Graph } from '../../graph/graph.js';
import type { SyncExecutable } from '../program.js';
import { generateGraph } from './generate.js';
import { interpretGraph } from './interpret.js';

/** What `generate` makes, or, where a content security policy forbids generated code, what `interpret` makes. */
export function generated<T>(generate: () => T, interpret: () => T): T {
  try {
    return generate();
  } catch (error) {
    if (error instanceof EvalError) return interpret();
    throw error;
  }
}

/** A prepared graph ready to run. Both ways give the same bits. */
export function compilePrepared(graph: Graph): SyncExecutable {
  return generated(
    () => generateGraph(graph),
    () => interpretGraph(graph),
  );
}
