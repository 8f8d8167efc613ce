import { ScreeError } from '../../graph/errors.js';
import type { Graph, Node } from '../../graph/graph.js';
import { compileJavascript } from '../javascript/compile.js';
import type { AsyncExecutable, OutputGroups } from '../program.js';
import { Engine } from './binding/engine.js';
import { NativeUnavailable, openLibrary, type Library } from './binding/library.js';
import { Crew } from './crew.js';
import { assemble, type NativeExecutable } from './execute.js';
import { findLibrary } from './find.js';
import { lower } from './lower.js';
import type { Choices, Lowering } from './lowering.js';
import { improvedEntries, stateEntries, type StatePairs } from './state.js';
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
  /**
   * State that the program keeps in its own memory, in the layouts that suit the primitives: weights and what the optimiser holds
   * of them. A run is given, and gives, the other arrays alone; the program's `state` carries it in and out. By default none.
   */
  readonly state?: StatePairs;
  /** Outputs, of those that a run gives, that are wanted before it ends. By default none. */
  readonly groups?: OutputGroups;
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

/** Lowers a graph again for as long as its state is wanted in other layouts than it has. */
function lowerWithState(
  engine: Engine,
  graph: Graph,
  choices: Choices,
  pairs: StatePairs,
  groups: OutputGroups,
): Lowering {
  const { outputs } = withoutState(graph, pairs);
  const wanted = groups.map((group) => group.map((place) => ({ id: outputs[place], place })));
  let state = stateEntries(graph, pairs);
  for (;;) {
    const lowering = lower(engine, graph, choices, state, wanted);
    const better = improvedEntries(lowering);
    if (better === undefined) return lowering;
    state = better;
  }
}

/** The graph with what a run is given and gives. */
function withoutState(graph: Graph, pairs: StatePairs): Graph {
  const inputs = new Set(pairs.map(([input]) => input));
  const outputs = new Set(pairs.map(([, output]) => output));
  return {
    nodes: graph.nodes,
    inputs: graph.inputs.filter((_, place) => !inputs.has(place)),
    outputs: graph.outputs.filter((_, place) => !outputs.has(place)),
  };
}

/**
 * As `compileNative`, with what this target has beside the others: state that is kept, and times of the steps.
 * @returns undefined for a graph in which the library has nothing to do, unless it keeps state
 * @throws ScreeError for state that is no pairs of inputs and outputs of one type
 */
export async function compileForLibrary(
  source: Graph,
  options: NativeOptions = {},
): Promise<NativeExecutable | undefined> {
  const { threads = 1, library: path } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new ScreeError(`native: threads must be an integer from 1 to 1024, not ${threads}`);
  }
  const library = libraryOf(path);
  // A large program's thread starts while the program is written; a small one is ready sooner than that.
  const early = source.nodes.length >= largeProgram ? Crew.join(library.path, threads) : undefined;
  try {
    return await writeProgram(library, source, options);
  } finally {
    early?.leave();
  }
}

/** Nodes from which on a program takes longer to write than its thread to start. */
const largeProgram = 300;

async function writeProgram(
  library: Library,
  source: Graph,
  { threads = 1, deterministic = false, onTune, state: pairs = [], groups = [] }: NativeOptions,
): Promise<NativeExecutable | undefined> {
  const refused: Node[] = [];
  for (;;) {
    const graph = prepareNative(source, refused);
    const choices = await tune(library, graph, { threads, deterministic, onTune });
    const engine = new Engine(library);
    const before = library.setThreads(threads);
    try {
      const lowering = lowerWithState(engine, graph, choices, pairs, groups);
      if (pairs.length === 0 && !lowering.steps.some(({ kind }) => kind === 'primitive')) {
        engine.close();
        return undefined;
      }
      const plan = planMemory(lowering, withoutState(graph, pairs));
      const { state } = lowering;
      const types = state.map(({ input }) => graph.nodes[input]);
      return assemble(withoutState(source, pairs), engine, plan, { threads, state, types, groups });
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
