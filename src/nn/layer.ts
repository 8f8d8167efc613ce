import type { DType } from '../graph/dtype.js';
import type { NDArray } from '../graph/ndarray.js';
import type { Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { uniform } from '../ops/index.js';
import type { Generator } from '../random/index.js';

/** What a layer starts with. All arrays are float32. */
export interface Initialised {
  /** What the optimiser moves. */
  readonly parameters: Tree<NDArray>;
  /** What the layer itself keeps from batch to batch, such as running statistics. */
  readonly state: Tree<NDArray>;
  /** Shape of one example after the layer. */
  readonly output: Shape;
}

/** How a layer is applied. */
export interface ApplyOptions {
  /** Statistics of the batch and dropout are for training alone. */
  readonly training: boolean;
  /** Where a layer that draws random numbers in training takes them from. */
  readonly key?: RandomKey;
}

/**
 * A layer or a whole model: what it starts with, and a pure function that is traced. `P` and `S` are the layer's own trees;
 * whoever holds a layer by its face alone passes on the trees that `init` gave.
 */
export interface Layer<P extends Tree<Tensor> = Tree<Tensor>, S extends Tree<Tensor> = Tree<Tensor>> {
  /** What it is, for people: `dense 128`. */
  readonly name: string;
  /** The layers of a chain, for a summary. */
  readonly layers?: readonly Layer[];
  /** Element type of the examples that it takes; float32 where it does not say. */
  readonly takes?: DType;
  /**
   * @param input shape of one example, without the batch axis
   * @throws ScreeError when the layer cannot take such examples
   */
  init(generator: Generator, input: Shape): Initialised;
  /** @param x [batch, ...example] */
  apply(
    parameters: P,
    state: S,
    x: Tensor,
    options: ApplyOptions,
  ): { readonly output: Tensor; readonly state: Tree<Tensor> };
}

/** No parameters, or no state. */
export type Nothing = readonly [];
export const nothing: Nothing = [];

/** A layer without parameters and state. */
export function plainLayer(
  name: string,
  output: (input: Shape) => Shape,
  apply: (x: Tensor, options: ApplyOptions) => Tensor,
): Layer<Nothing, Nothing> {
  return {
    name,
    init: (_generator, input) => ({ parameters: nothing, state: nothing, output: output(input) }),
    apply: (_parameters, state, x, options) => ({ output: apply(x, options), state }),
  };
}

/**
 * The random numbers of one application of a model. Each draw has a stream of its own, in the order in which the layers are
 * traced, so that two dropout layers never share a mask.
 */
export class RandomKey {
  #draws = 0;

  /** @param key int32 [2]; another one for each training step */
  constructor(readonly key: Tensor) {}

  /** Uniform float32 numbers in [0, 1). */
  uniform(shape: Shape): Tensor {
    return uniform(this.key, shape, this.#draws++);
  }
}
