/** The losses that the curvature questions are asked of: models as they are evaluated, on random examples. */
import { writeFileSync } from 'node:fs';
import { flattenParameters, type BatchedLoss, type FloatVector } from '../src/curvature/index.js';
import type { NDArray } from '../src/graph/ndarray.js';
import { sizeOf } from '../src/graph/shape.js';
import { flattenTree, treePaths, unflattenTree } from '../src/graph/tree.js';
import { crossEntropy, models } from '../src/nn/index.js';
import { Generator, integers, normal } from '../src/random/index.js';

export interface LossSpec {
  readonly name: string;
  readonly batch: number;
  /** Height and width of the images, where they are not the usual ones. */
  readonly side?: number;
}

/** A model's loss over random examples in parts of at most 128, and its initial weights; always the same ones. */
export function networkLoss({ name, batch, side }: LossSpec): { loss: BatchedLoss; at: FloatVector } {
  const { usual, ...known } = models[name];
  const input = side === undefined ? usual.input : [usual.input[0], side, side];
  const model = known.build(input, usual.classes);
  const generator = new Generator(0);
  const initial = model.init(generator, input);
  const isText = model.takes === 'int32';
  const part = (size: number) => {
    const inputs: NDArray = isText
      ? integers(generator, [size, ...input], 0, usual.classes)
      : normal(generator, [size, ...input]);
    const labels = integers(generator, isText ? [size, ...input] : [size], 0, usual.classes);
    return { examples: [inputs, labels], shared: flattenTree(initial.state), size };
  };
  const count = Math.ceil(batch / 128);
  const loss: BatchedLoss = {
    parameters: flattenTree(initial.parameters).map(({ shape, dtype }) => ({ shape, dtype })),
    names: treePaths(initial.parameters),
    output: (parameters, [examples], state) =>
      model.apply(
        unflattenTree(initial.parameters, parameters),
        unflattenTree(initial.state, state),
        examples,
        { training: false },
      ).output,
    loss: (output, [, labels]) => crossEntropy(output, labels),
    parts: Array.from({ length: count }, () => part(batch / count)),
  };
  return { loss, at: flattenParameters(loss, flattenTree(initial.parameters)) };
}

/** A vector over all parameters as PyTorch has it: the same leaves in the same order, matrices as [outputs, inputs]. */
export function inTorchOrder({ parameters }: BatchedLoss, flat: FloatVector): Float32Array {
  const result = Float32Array.from(flat);
  let start = 0;
  for (const { shape } of parameters) {
    if (shape.length === 2) {
      const [rows, columns] = shape;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          result[start + column * rows + row] = flat[start + row * columns + column];
        }
      }
    }
    start += sizeOf(shape);
  }
  return result;
}

/** Writes weights, examples and labels for a peer, all as float32. */
export function writeForTorch(path: string, spec: LossSpec): void {
  const { loss, at } = networkLoss(spec);
  const arrays = [
    inTorchOrder(loss, at),
    ...loss.parts[0].examples.map(({ data }) => Float32Array.from(data)),
  ];
  writeFileSync(path, Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
}
