import { compileGraph, type CompileOptions, type Executable } from '../compile/index.js';
import type { Graph } from '../graph/graph.js';
import { zeros, type NDArray } from '../graph/ndarray.js';
import { foldNorms, splitGraph } from '../transform/index.js';

/** A program of weights and of what changes from batch to batch. */
export interface ForwardProgram {
  /** Takes weights over, for the runs that follow. */
  readonly take: (weights: readonly NDArray[]) => void;
  readonly run: (inputs: readonly NDArray[], outputs: readonly NDArray[]) => void | Promise<void>;
  close(): void;
}

/**
 * Compiles a graph whose first inputs are weights. On the native engine they stay in the program, in the layouts that suit it, and
 * what depends on them alone is computed when they are taken: batch norm by running statistics becomes part of the
 * convolutions' weights.
 * @param count how many inputs are weights
 */
export async function compileForward(
  graph: Graph,
  count: number,
  options: CompileOptions,
): Promise<ForwardProgram> {
  if (options.target === 'native') return compileKeeping(graph, count, options);
  const executable = await compileGraph(graph, options);
  let taken: readonly NDArray[] = [];
  return {
    take: (weights) => (taken = weights),
    run: (inputs, outputs) => executable.run([...taken, ...inputs], outputs),
    close: () => executable.close(),
  };
}

async function compileKeeping(
  source: Graph,
  count: number,
  options: CompileOptions & { target: 'native' },
): Promise<ForwardProgram> {
  const changes = source.inputs.map((_, place) => place >= count);
  const { prepare, apply } = splitGraph(foldNorms(source, changes), changes);
  const moving = apply.inputs.slice(0, source.inputs.length - count);
  const used = new Set([...apply.nodes.flatMap(({ inputs }) => inputs), ...apply.outputs]);
  const fixed = apply.inputs.slice(moving.length, source.inputs.length);
  const usedFixed = fixed.flatMap((id, place) => (used.has(id) ? [{ id, place }] : []));
  const kept = [...usedFixed.map(({ id }) => id), ...apply.inputs.slice(source.inputs.length)];
  // What stays as it is, is state whose next value is its last.
  const state = kept.map((_, place) => [moving.length + place, apply.outputs.length + place] as const);
  const whole: Graph = {
    nodes: apply.nodes,
    inputs: [...moving, ...kept],
    outputs: [...apply.outputs, ...kept],
  };
  const executable: Executable = await compileGraph(whole, { ...options, state });
  const preparation = compileGraph(prepare);
  return {
    take(weights) {
      const prepared = prepare.outputs.map((id) => {
        const { shape, dtype } = prepare.nodes[id];
        return zeros(shape, dtype);
      });
      if (prepared.length > 0) preparation.run([...weights], prepared);
      const values = [...usedFixed.map(({ place }) => weights[place]), ...prepared];
      if (executable.state !== undefined) executable.state.write(values);
    },
    run: (inputs, outputs) => executable.run(inputs, outputs),
    close() {
      executable.close();
      preparation.close();
    },
  };
}
