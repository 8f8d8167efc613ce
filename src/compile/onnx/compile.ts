import type { Graph } from '../../graph/graph.js';
import { zeros, type NDArray } from '../../graph/ndarray.js';
import { stagesOf } from '../../transform/index.js';
import type { AsyncExecutable, OutputGroups } from '../program.js';
import { encodeModel } from './encode.js';
import { feeder } from './feed.js';
import { lower } from './lower.js';
import { createSession } from './session.js';

export interface OnnxOptions {
  /** Threads of one run, the calling one included; 1 by default. */
  readonly threads?: number;
  /** Outputs that are wanted before a run ends: the graph runs in stages. By default none. */
  readonly groups?: OutputGroups;
}

let block: Promise<number> | undefined;

/**
 * How many channels the runtime's blocked convolution takes together on this processor, seen from where it puts them: two
 * pixels of 16 channels, the first of which is numbered 0 to 15 and the second 16 to 31. 1 where it has no such kernels.
 */
export function channelBlock(): Promise<number> {
  block ??= probeChannelBlock().catch(() => 1);
  return block;
}

async function probeChannelBlock(): Promise<number> {
  const shape = [1, 16, 1, 2];
  const model = encodeModel({
    graph: {
      name: 'probe',
      inputs: [{ name: 'x', dtype: 'float32', shape }],
      outputs: [{ name: 'y', dtype: 'float32', shape }],
      initializers: [],
      nodes: [{ op: 'ReorderInput', domain: 'com.microsoft.nchwc', inputs: ['x'], outputs: ['y'] }],
    },
  });
  const session = await createSession(model, { threads: 1 });
  const x = Float32Array.from({ length: 32 }, (_, i) => Math.floor(i / 2) + 16 * (i % 2));
  const y = new Float32Array(32);
  await session.run([{ data: x, shape, dtype: 'float32' }], [{ data: y, shape, dtype: 'float32' }]);
  session.close();
  return y.indexOf(16);
}

/**
 * The graph as one session of ONNX Runtime; a run leaves the event loop free where the C API loads.
 * @throws ScreeError (by rejection) for an op that the runtime cannot run.
 */
export async function compileOnnx(
  source: Graph,
  { threads = 1, groups = [] }: OnnxOptions = {},
): Promise<AsyncExecutable> {
  return groups.length > 1 ? compileStages(source, groups, threads) : compileWhole(source, threads);
}

async function compileWhole(source: Graph, threads: number): Promise<AsyncExecutable> {
  const lowered = lower(source, { channelBlock: await channelBlock() });
  const session = await createSession(encodeModel(lowered.model), { threads });
  const feed = feeder(lowered);
  return {
    graph: source,
    async run(inputs, outputs) {
      await session.run(feed(inputs), outputs);
    },
    close: () => session.close(),
  };
}

/** More would cost more than they hide: what a stage takes of an earlier one is written out, row by row. */
const mostStages = 3;

/** The graph as a session for each of a few stages; groups next to one another share a stage where there are many. */
async function compileStages(source: Graph, groups: OutputGroups, threads: number): Promise<AsyncExecutable> {
  const count = Math.min(mostStages, groups.length);
  const members = Array.from({ length: count }, (_, stage) =>
    [...groups.keys()].filter((group) => Math.floor((group * count) / groups.length) === stage),
  );
  const { graph, stages } = stagesOf(
    source,
    members.map((list) => list.flatMap((group) => groups[group])),
  );
  const programs: AsyncExecutable[] = [];
  const close = () => programs.forEach((program) => program.close());
  try {
    for (const stage of stages) programs.push(await compileWhole(stage.graph, threads));
  } catch (error) {
    close();
    throw error;
  }
  const kept = new Map<number, NDArray>();
  for (const id of stages.flatMap(({ keeps }) => keeps)) {
    const { shape, dtype } = graph.nodes[id];
    kept.set(id, zeros(shape, dtype));
  }
  const arraysOf = (ids: readonly number[]) => ids.flatMap((id) => kept.get(id) ?? []);
  return {
    graph: source,
    async run(inputs, outputs, onGroup) {
      for (const [index, { places, takes, keeps }] of stages.entries()) {
        await programs[index].run(
          [...inputs, ...arraysOf(takes)],
          [...places.map((place) => outputs[place]), ...arraysOf(keeps)],
        );
        for (const group of members[index]) onGroup?.(group);
      }
    },
    close,
  };
}
