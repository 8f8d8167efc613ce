import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import { allocateOutputs } from '../program.js';
import { implementationsOf, type StepProfile } from '../step-profile.js';
import { workOf } from '../work.js';
import { channelBlock } from './compile.js';
import { encodeModel } from './encode.js';
import { feeder } from './feed.js';
import { lower } from './lower.js';
import { profileModel, type ProfileOptions } from './profile-node.js';

/** A node of a profile is named after the graph's node that it was lowered from, whatever the runtime adds around. */
const origin = /(?:^|[^A-Za-z0-9])([A-Za-z][A-Za-z0-9]*)_(\d+)\//;

interface Spent {
  readonly op: string;
  readonly node: number | undefined;
  readonly times: Map<string, number>;
}

/**
 * Runs a graph under ONNX Runtime's profiler.
 * @param inputs of the graph; they stay as they are
 * @throws ScreeError (by rejection) as compiling and running it do
 */
export async function profileGraph(
  source: Graph,
  inputs: readonly NDArray[],
  options: ProfileOptions,
): Promise<StepProfile> {
  const lowered = lower(source, { channelBlock: await channelBlock() });
  const { graph, model } = lowered;
  const feeds = feeder(lowered)(inputs);
  const rows = await profileModel(encodeModel(model), feeds, allocateOutputs(source), options);
  const spent = new Map<string, Spent>();
  for (const { name, op, ms } of rows) {
    const [, made, id] = origin.exec(name) ?? [];
    const node = id === undefined ? undefined : Number(id);
    // What has no node of the graph is told apart by its operator.
    const key = node === undefined ? op : String(node);
    const entry = spent.get(key) ?? { op: made ?? '(runtime)', node, times: new Map<string, number>() };
    entry.times.set(op, (entry.times.get(op) ?? 0) + ms);
    spent.set(key, entry);
  }
  const nodes = [...spent.values()].map(({ op, node, times }) => {
    const { flop, bytes } = node === undefined ? { flop: 0, bytes: 0 } : workOf(graph, node);
    const ms = [...times.values()].reduce((sum, value) => sum + value, 0);
    return { op, node, implementation: implementationsOf(times), count: 1, gflop: flop / 1e9, bytes, ms };
  });
  return {
    target: 'onnx',
    threads: options.threads,
    runs: options.runs ?? 10,
    nodes: nodes.sort((a, b) => b.ms - a.ms),
  };
}
