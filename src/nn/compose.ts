import { ScreeError } from '../graph/errors.js';
import type { NDArray } from '../graph/ndarray.js';
import { sameShape, showShape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import type { Tree } from '../graph/tree.js';
import { plainLayer, type Layer } from './layer.js';

/**
 * One layer after the other; parameters and states are lists in the order of the layers, so leaves are named `0.weight`.
 * @example
 * ```ts
 * import { Generator } from 'scree/random';
 * import { dense, relu, sequential } from 'scree/nn';
 *
 * const model = sequential(dense(16), relu(), dense(3));
 * console.log(model.init(new Generator(0), [4]).output);
 * ```
 * ```text
 * [ 3 ]
 * ```
 */
export function sequential(
  ...layers: readonly Layer[]
): Layer<readonly Tree<Tensor>[], readonly Tree<Tensor>[]> {
  return {
    name: 'sequential',
    layers,
    takes: layers[0]?.takes,
    init(generator, input) {
      const parameters: Tree<NDArray>[] = [];
      const state: Tree<NDArray>[] = [];
      let shape = input;
      layers.forEach((layer, index) => {
        const started = layer.init(generator.fork(index), shape);
        parameters.push(started.parameters);
        state.push(started.state);
        shape = started.output;
      });
      return { parameters, state, output: shape };
    },
    apply(parameters, state, x, options) {
      let output = x;
      const next = layers.map((layer, index) => {
        const applied = layer.apply(parameters[index], state[index], output, options);
        output = applied.output;
        return applied.state;
      });
      return { output, state: next };
    },
  };
}

/**
 * body(x) + shortcut(x) (He et al. 2016, "Deep residual learning").
 * @param shortcut the identity by default; another layer, such as a 1×1 convolution, where the body changes the shape
 * @throws ScreeError (from `init`) when the two do not give the same shape
 */
export function residual(
  body: Layer,
  shortcut: Layer = identity,
): Layer<{ body: Tree<Tensor>; shortcut: Tree<Tensor> }, { body: Tree<Tensor>; shortcut: Tree<Tensor> }> {
  return {
    name: 'residual',
    init(generator, input) {
      const main = body.init(generator.fork('body'), input);
      const side = shortcut.init(generator.fork('shortcut'), input);
      if (!sameShape(main.output, side.output)) {
        throw new ScreeError(
          `residual: the body gives ${showShape(main.output)}, the shortcut ${showShape(side.output)}; they must be equal`,
        );
      }
      return {
        parameters: { body: main.parameters, shortcut: side.parameters },
        state: { body: main.state, shortcut: side.state },
        output: main.output,
      };
    },
    apply(parameters, state, x, options) {
      const main = body.apply(parameters.body, state.body, x, options);
      const side = shortcut.apply(parameters.shortcut, state.shortcut, x, options);
      return { output: main.output.add(side.output), state: { body: main.state, shortcut: side.state } };
    },
  };
}

const identity: Layer = plainLayer(
  'identity',
  (input) => input,
  (x) => x,
);
