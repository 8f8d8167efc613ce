import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { flattenTree, unflattenTree, type Tree } from '../graph/tree.js';
import { trace } from '../ops/index.js';
import { checkpoint, simplify } from '../transform/index.js';
import type { ApplyOptions, Initialised, Layer } from './layer.js';

/** Into how many segments the layers of a model are cut: a number, or the square root of their count. */
export type Segments = number | 'sqrt';

type Trees = readonly Tree<Tensor>[];
type Leaves = readonly Tensor[];

/**
 * The model, a chain of layers, cut into segments whose insides training computes again in the backward pass in place of keeping them (Chen
 * et al. 2016, arXiv 1604.06174): only what lies between segments is kept, and the inside of one at a time. The last segment, which would be
 * computed again at once, is kept. Segments are cut so that the largest inside is as small as may be. Gradients, statistics of batch norm and
 * masks of dropout are those of the model itself.
 * @param initial what `model.init` gave
 * @param input shape of one example
 * @throws ScreeError for a model that is no chain of layers, and for fewer than 2 segments or more than there are layers
 */
export function checkpointLayers(
  model: Layer,
  initial: Initialised,
  input: Shape,
  segments: Segments = 'sqrt',
): Layer {
  const { layers } = model;
  const { parameters, state } = initial;
  if (layers === undefined || layers.length < 2 || !Array.isArray(parameters) || !Array.isArray(state)) {
    throw new ScreeError(
      `checkpointed activations: ${model.name} is no chain of layers, between which it could be cut; write it with sequential(…)`,
    );
  }
  const count = segments === 'sqrt' ? Math.max(2, Math.round(Math.sqrt(layers.length))) : segments;
  if (!Number.isInteger(count) || count < 2 || count > layers.length) {
    throw new ScreeError(
      `checkpointed activations: segments must be sqrt or an integer from 2 to ${layers.length}, the layers of the model, not ${count}`,
    );
  }
  const sizes = insides(layers, { parameters, state }, { shape: input, dtype: model.takes ?? 'float32' });
  // Symbols are looked up before the first segment: their places in a table are checked before a run.
  const first = sizes.indexOf(undefined) < 0 ? 0 : sizes.lastIndexOf(undefined) + 1;
  const cut = cutEvenly(sizes.slice(first).map(Number), count).map((place) => first + place);
  return {
    ...model,
    apply(parameters, state, x, options) {
      const trees = { parameters: parameters as Trees, state: state as Trees };
      const lead = applySegment(layers.slice(0, first), 0, trees, x, options);
      let { output } = lead;
      const states = cut.flatMap((from, index) => {
        const to = cut[index + 1] ?? layers.length;
        const run = (y: Tensor) => applySegment(layers.slice(from, to), from, trees, y, options);
        const isKept = !options.training || to === layers.length;
        const applied = isKept ? run(output) : checkpoint(run)(output);
        output = applied.output;
        return applied.state;
      });
      return { output, state: [...lead.state, ...states] };
    },
  };
}

interface Chain<T> {
  readonly parameters: readonly Tree<T>[];
  readonly state: readonly Tree<T>[];
}

/** @param from the place of the first of these layers in the chain */
function applySegment(
  layers: readonly Layer[],
  from: number,
  { parameters, state }: Chain<Tensor>,
  x: Tensor,
  options: ApplyOptions,
): { output: Tensor; state: Trees } {
  let output = x;
  const states = layers.map((layer, k) => {
    const applied = layer.apply(parameters[from + k], state[from + k], output, options);
    output = applied.output;
    return applied.state;
  });
  return { output, state: states };
}

/** How many numbers lie in each layer for one example; undefined for those that take symbols. */
function insides(
  layers: readonly Layer[],
  { parameters, state }: Chain<NDArray>,
  input: TensorType,
): (number | undefined)[] {
  let type = input;
  return layers.map((layer, index) => {
    const graph = trace<[Leaves, Leaves, Tensor], Tensor>(
      (leaves, own, x) => {
        const trees = [unflattenTree(parameters[index], leaves), unflattenTree(state[index], own)] as const;
        return layer.apply(...trees, x, { training: false }).output;
      },
      [flattenTree(parameters[index]), flattenTree(state[index]), { ...type, shape: [1, ...type.shape] }],
    );
    const { dtype } = type;
    const { nodes, outputs } = simplify(graph);
    const { shape } = nodes[outputs[0]];
    type = { shape: shape.slice(1), dtype: nodes[outputs[0]].dtype };
    if (!isFloat(dtype)) return undefined;
    return nodes.reduce((sum, node) => (node.inputs.length > 0 ? sum + sizeOf(node.shape) : sum), 0);
  });
}

/** Where to begin each of `count` runs of a list of sizes, so that the largest sum of a run is as small as may be. */
function cutEvenly(sizes: readonly number[], count: number): number[] {
  // A limit is enough where runs that are filled up to it one after the other are no more than allowed.
  const startsWithin = (limit: number): number[] => {
    const starts: number[] = [];
    let sum = Infinity;
    sizes.forEach((size, place) => {
      const mustCut = sizes.length - place <= count - starts.length;
      if (sum + size > limit || mustCut) {
        starts.push(place);
        sum = 0;
      }
      sum += size;
    });
    return starts;
  };
  let low = Math.max(...sizes);
  let high = sizes.reduce((sum, size) => sum + size, 0);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (startsWithin(middle).length <= count) high = middle;
    else low = middle + 1;
  }
  return startsWithin(low);
}
