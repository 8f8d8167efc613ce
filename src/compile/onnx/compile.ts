import { allocate } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { NDArray } from '../../graph/ndarray.js';
import type { Kernel } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import type { AsyncExecutable } from '../program.js';
import { encodeModel } from './encode.js';
import { lower } from './lower.js';
import { createSession } from './session.js';

export interface OnnxOptions {
  /** Threads of one run, the calling one included; 1 by default. */
  readonly threads?: number;
}

/** A node that the host computes before each run. */
interface HostStep {
  readonly kernel: Kernel;
  readonly output: NDArray;
  /** Places among the graph's inputs. */
  readonly inputs: readonly number[];
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
  { threads = 1 }: OnnxOptions = {},
): Promise<AsyncExecutable> {
  const { model, feeds, graph } = lower(source, { channelBlock: await channelBlock() });
  const session = await createSession(encodeModel(model), { threads });
  const hostSteps: HostStep[] = [];
  /** For each feed: its place among the inputs, or the host's array. */
  const sources = feeds.map((id): number | NDArray => {
    const place = graph.inputs.indexOf(id);
    if (place >= 0) return place;
    const { op, inputs, attributes, shape, dtype } = graph.nodes[id];
    const places = inputs.map((input) => graph.inputs.indexOf(input));
    if (op.kernel === undefined || places.includes(-1)) {
      throw new ScreeError(`${op.name}: runs on the host, so its operands must be inputs of the graph`);
    }
    const types = inputs.map((input) => graph.nodes[input]);
    const kernel = op.kernel({ inputs: types, output: { shape, dtype }, attributes });
    const output = { data: allocate(dtype, sizeOf(shape)), shape, dtype };
    hostSteps.push({ kernel, output, inputs: places });
    return output;
  });
  return {
    graph: source,
    async run(inputs, outputs) {
      for (const { kernel, output, inputs: places } of hostSteps) {
        kernel(output.data, ...places.map((place) => inputs[place].data));
      }
      await session.run(
        sources.map((from) => (typeof from === 'number' ? inputs[from] : from)),
        outputs,
      );
    },
    close: () => session.close(),
  };
}
