import { ScreeError } from '../../graph/errors.js';
import type { Graph, Node } from '../../graph/graph.js';
import { compileJavascript } from '../javascript/compile.js';
import type { AsyncExecutable } from '../program.js';
import { Engine } from './binding/engine.js';
import { NativeUnavailable, openLibrary, type Library } from './binding/library.js';
import { assemble, type NativeExecutable } from './execute.js';
import { findLibrary } from './find.js';
import { lower } from './lower.js';
import { Undoable } from './lower-script.js';
import { planMemory } from './memory-plan.js';
import { prepareNative } from './prepare.js';
import { tune } from './tune.js';

export interface NativeOptions {
  /** Threads of one run; 1 by default. */
  readonly threads?: number;
  /**
   * Takes the same algorithms on every machine; by default each convolution takes the one that is quicker on this machine,
   * which is measured once and kept in the user's cache. False by default.
   */
  readonly deterministic?: boolean;
  /** Called while convolutions are measured: how many are done, of how many. */
  readonly onTune?: (done: number, total: number) => void;
  /** The library's path; the one that `findLibrary` finds by default. */
  readonly library?: string;
}

function libraryOf(path: string | undefined): Library {
  if (path !== undefined) return openLibrary(path);
  const search = findLibrary();
  if ('reason' in search) throw new NativeUnavailable(`native: ${search.reason}`);
  return search.found.library;
}

/** A graph in which oneDNN has nothing to do runs in JavaScript. */
function inJavascript(source: Graph): AsyncExecutable {
  const executable = compileJavascript(source);
  return {
    graph: source,
    run: (inputs, outputs) => Promise.resolve().then(() => executable.run(inputs, outputs)),
    close: () => executable.close(),
  };
}

/**
 * The graph as a list of oneDNN's primitives, and JavaScript for the rest, run by a worker thread.
 * @throws NativeUnavailable where no library can be used
 */
export async function compileNative(source: Graph, options: NativeOptions = {}): Promise<AsyncExecutable> {
  return (await compileForLibrary(source, options)) ?? inJavascript(source);
}

/** As `compileNative`; undefined for a graph in which the library has nothing to do. */
export async function compileForLibrary(
  source: Graph,
  { threads = 1, deterministic = false, onTune, library: path }: NativeOptions = {},
): Promise<NativeExecutable | undefined> {
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new ScreeError(`native: threads must be an integer from 1 to 1024, not ${threads}`);
  }
  const library = libraryOf(path);
  const refused: Node[] = [];
  for (;;) {
    const graph = prepareNative(source, refused);
    const choices = await tune(library, graph, { threads, deterministic, onTune });
    const engine = new Engine(library);
    const before = library.setThreads(threads);
    try {
      const lowering = lower(engine, graph, choices);
      if (!lowering.steps.some(({ kind }) => kind === 'primitive')) {
        engine.close();
        return undefined;
      }
      return assemble(source, engine, planMemory(lowering, graph), { threads });
    } catch (error) {
      engine.close();
      if (!(error instanceof Undoable)) throw error;
      const node = graph.nodes[error.node];
      if (refused.includes(node) || node.op.decompose === undefined) throw error;
      refused.push(node);
    } finally {
      library.setThreads(before);
    }
  }
}
