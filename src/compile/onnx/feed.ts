import { allocate } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { NDArray } from '../../graph/ndarray.js';
import type { Kernel } from '../../graph/op.js';
import { sizeOf } from '../../graph/shape.js';
import type { Lowered } from './lower.js';

/** A node that the host computes before each run. */
interface HostStep {
  readonly kernel: Kernel;
  readonly output: NDArray;
  /** Places among the graph's inputs. */
  readonly inputs: readonly number[];
}

/**
 * What the lowered model is given, from what the graph is given; the host's steps are taken on the way, into arrays that
 * every call fills anew.
 * @throws ScreeError for a node that must run on the host but has computed operands
 */
export function feeder({ feeds, graph }: Lowered): (inputs: readonly NDArray[]) => NDArray[] {
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
  return (inputs) => {
    for (const { kernel, output, inputs: places } of hostSteps) {
      kernel(output.data, ...places.map((place) => inputs[place].data));
    }
    return sources.map((from) => (typeof from === 'number' ? inputs[from] : from));
  };
}
