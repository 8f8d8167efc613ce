import { sizeOf, type Shape } from '../graph/shape.js';
import { flattenTree } from '../graph/tree.js';
import { Generator } from '../random/index.js';
import type { Layer } from './layer.js';

export interface SummaryRow {
  readonly layer: string;
  /** Shape of one example after the layer. */
  readonly output: Shape;
  /** Numbers that the optimiser moves. */
  readonly parameters: number;
}

/**
 * The layers of a model in order, with the shape after each and the count of its parameters; chains in chains are opened.
 * @param input shape of one example
 * @throws ScreeError when the model cannot take such examples
 */
export function summary(model: Layer, input: Shape): SummaryRow[] {
  if (model.layers === undefined) {
    const { parameters, output } = model.init(new Generator(0), input);
    const count = flattenTree(parameters).reduce((total, { shape }) => total + sizeOf(shape), 0);
    return [{ layer: model.name, output, parameters: count }];
  }
  let shape = input;
  return model.layers.flatMap((layer) => {
    const rows = summary(layer, shape);
    shape = rows.at(-1)?.output ?? shape;
    return rows;
  });
}
