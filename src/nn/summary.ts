import type { NDArray } from '../graph/ndarray.js';
import type { TensorType } from '../graph/op.js';
import type { Shape } from '../graph/shape.js';
import type { Tree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import { costsOf, type Costs } from './costs.js';
import type { Initialised, Layer } from './layer.js';

export interface SummaryRow extends Costs {
  readonly layer: string;
  /** Shape of one example after the layer. */
  readonly output: Shape;
}

/**
 * The layers of a model in order, with the shape after each and what it costs; chains in chains are opened.
 * @param input shape of one example
 * @param initial what `model.init` gave, where it is known already
 * @throws ScreeError when the model cannot take such examples
 * @example
 * ```ts
 * import { dense, relu, sequential, summary } from 'scree/nn';
 *
 * for (const { layer, output, parameters } of summary(sequential(dense(16), relu(), dense(3)), [4])) {
 *   console.log(layer, output, parameters);
 * }
 * ```
 * ```text
 * dense 16 [ 16 ] 80
 * relu [ 16 ] 0
 * dense 3 [ 3 ] 51
 * ```
 */
export function summary(
  model: Layer,
  input: Shape,
  initial: Pick<Initialised, 'parameters' | 'state'> = model.init(new Generator(0), input),
): SummaryRow[] {
  return rowsOf(model, initial, { shape: input, dtype: model.takes ?? 'float32' }).rows;
}

function rowsOf(
  layer: Layer,
  initial: Pick<Initialised, 'parameters' | 'state'>,
  input: TensorType,
): { readonly rows: SummaryRow[]; readonly output: TensorType } {
  const { layers } = layer;
  const parameters = partsOf(initial.parameters, layers);
  const state = partsOf(initial.state, layers);
  if (layers === undefined || parameters === undefined || state === undefined) {
    const { output, ...own } = costsOf(layer, initial, input);
    return { rows: [{ layer: layer.name, output: output.shape, ...own }], output };
  }
  let output = input;
  const rows = layers.flatMap((part, index) => {
    const opened = rowsOf(part, { parameters: parameters[index], state: state[index] }, output);
    output = opened.output;
    return opened.rows;
  });
  return { rows, output };
}

/** The trees of a chain's layers; undefined where a layer of the user's own keeps them otherwise. */
function partsOf(
  tree: Tree<NDArray>,
  layers: readonly Layer[] | undefined,
): readonly Tree<NDArray>[] | undefined {
  return Array.isArray(tree) && tree.length === layers?.length
    ? (tree as readonly Tree<NDArray>[])
    : undefined;
}
