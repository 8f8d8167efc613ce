import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import { ScreeError } from '../../graph/errors.js';
import { allocateOutputs } from '../program.js';
import type { StepProfile } from '../step-profile.js';
import { isReference } from './binding/engine.js';
import { compileForLibrary, type NativeOptions } from './compile.js';
import type { Step } from './program.js';

export interface NativeProfileOptions extends NativeOptions {
  readonly threads: number;
  /** Runs to average over; 10 by default. */
  readonly runs?: number;
  /** Runs before those, left out. */
  readonly warmup?: number;
}

/** The ops of a JavaScript step, each told once: a loop over many has a long list. */
function opsOf(what: string): string {
  const names = [...new Set(what.split(' ').filter((name) => name !== ''))];
  return names.length <= 3 ? names.join(' ') : `${names.slice(0, 3).join(' ')} …`;
}

function describe(step: Step): { op: string; implementation: string; gflop: number; bytes: number } {
  if (step.kind === 'primitive') {
    const { name, implementation, flops, args } = step;
    const bytes = args.reduce((sum, { place }) => sum + place.layout.bytes, 0);
    return { op: name === 'reorder' ? '(runtime)' : name, implementation, gflop: flops / 1e9, bytes };
  }
  const bytes = step.parameters.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  const implementation = step.kind === 'script' ? 'JavaScript' : 'JavaScript on the main thread';
  return { op: opsOf(step.what), implementation, gflop: 0, bytes };
}

/** Reference implementations are ten to sixty times slower than others: each that was taken, with its shapes. */
function warningsOf(steps: readonly Step[]): string[] {
  const lines = steps.flatMap((step) =>
    step.kind === 'primitive' && step.name !== 'reorder' && isReference(step.implementation)
      ? [`${step.name} ${step.what} runs by oneDNN's slow reference, ${step.implementation}`]
      : [],
  );
  return [...new Set(lines)];
}

/**
 * Runs a graph step by step with a clock. A row stands for a step of the program: a primitive with all that is fused into it, or a
 * JavaScript loop over several nodes. Floating-point operations are those that the primitives count.
 * @param inputs of the graph; they stay as they are
 * @throws ScreeError (by rejection) as compiling and running do, and for a graph in which the library has nothing to do
 */
export async function profileNative(
  graph: Graph,
  inputs: readonly NDArray[],
  { runs = 10, warmup = 3, ...options }: NativeProfileOptions,
): Promise<StepProfile> {
  const executable = await compileForLibrary(graph, options);
  if (executable === undefined) {
    throw new ScreeError('explain: oneDNN has nothing to do in this model; take the engine onnx');
  }
  try {
    const outputs = allocateOutputs(graph);
    for (let run = 0; run < warmup; run++) await executable.run(inputs, outputs);
    const spent = new Map<Step, number>();
    for (let run = 0; run < runs; run++) {
      for (const { step, ms } of await executable.profile(inputs, outputs)) {
        spent.set(step, (spent.get(step) ?? 0) + ms / runs);
      }
    }
    const nodes = executable.steps.map((step, index) => {
      const about = describe(step);
      const node = about.op === '(runtime)' ? undefined : index;
      return { ...about, node, count: 1, ms: spent.get(step) ?? 0 };
    });
    return {
      target: 'native',
      threads: options.threads,
      runs,
      memoryBytes: executable.bytes,
      warnings: warningsOf(executable.steps),
      nodes: nodes.sort((a, b) => b.ms - a.ms),
    };
  } finally {
    executable.close();
  }
}
