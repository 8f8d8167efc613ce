import { ScreeError } from '../graph/errors.js';
import { showShape, type Shape } from '../graph/shape.js';
import { relu } from './activations.js';
import { sequential } from './compose.js';
import { conv } from './convolution.js';
import { dense } from './dense.js';
import { embedding } from './embedding.js';
import { flatten } from './flatten.js';
import type { Layer } from './layer.js';
import { maxPool } from './pool.js';
import { gru } from './recurrent.js';
import { residualNetwork } from './resnet.js';
import { transformerModel } from './transformer.js';

export interface Model {
  readonly name: string;
  /** One line for a list of models. */
  readonly summary: string;
  /** What it is usually given: the shape of one example, and the classes. */
  readonly usual: { readonly input: Shape; readonly classes: number };
  /**
   * @param input shape of one example
   * @param classes numbers that the model gives for an example
   * @throws ScreeError when the model cannot take such examples
   */
  build(input: Shape, classes: number): Layer;
}

/** Fully connected, 512 and 256 hidden units with ReLU, over examples of any shape. */
const mlp: Model = {
  name: 'mlp',
  summary: 'two hidden layers of 512 and 256 units, for data of any shape',
  usual: { input: [1, 28, 28], classes: 10 },
  build: (_input, classes) => sequential(flatten(), dense(512), relu(), dense(256), relu(), dense(classes)),
};

// ReLU stands behind the pooling: it gives the same values and gradients as before it, on a quarter of the numbers.

/**
 * LeNet-5 with ReLU and max pooling (LeCun et al. 1998, in today's usual form): 5×5 convolutions to 6 and 16 channels, dense
 * 120 and 84. The second convolution has no padding on images from 12×12 (28×28: 16 channels of 5×5 at the end); on smaller
 * ones, such as digits of 8×8, nothing would be left, and it is padded by 2.
 */
const lenet: Model = {
  name: 'lenet',
  summary: 'LeNet-5: two 5×5 convolutions of 6 and 16 channels, dense 120 and 84, for images from 4×4',
  usual: { input: [1, 28, 28], classes: 10 },
  build(input, classes) {
    const smallest = requireImage('lenet', input);
    return sequential(
      conv(6, 5, { padding: 2 }),
      maxPool(2),
      relu(),
      conv(16, 5, { padding: smallest < 12 ? 2 : 0 }),
      maxPool(2),
      relu(),
      flatten(),
      dense(120),
      relu(),
      dense(84),
      relu(),
      dense(classes),
    );
  },
};

/** Two padded 3×3 convolutions to 32 and 64 channels, each with ReLU and 2×2 max pooling, then dense 128. */
const cnn: Model = {
  name: 'cnn',
  summary: 'two 3×3 convolutions of 32 and 64 channels, dense 128, for images from 4×4',
  usual: { input: [1, 28, 28], classes: 10 },
  build(input, classes) {
    requireImage('cnn', input);
    return sequential(
      conv(32, 3, { padding: 1 }),
      maxPool(2),
      relu(),
      conv(64, 3, { padding: 1 }),
      maxPool(2),
      relu(),
      flatten(),
      dense(128),
      relu(),
      dense(classes),
    );
  },
};

const resnet18: Model = {
  name: 'resnet18',
  summary: 'residual network of 18 layers, for images from 4×4',
  usual: { input: [3, 32, 32], classes: 10 },
  build(input, classes) {
    requireImage('resnet18', input);
    return residualNetwork(input, classes, { blocks: [2, 2, 2, 2], bottleneck: false });
  },
};

const resnet50: Model = {
  name: 'resnet50',
  summary: 'residual network of 50 layers with bottlenecks, for images from 4×4',
  usual: { input: [3, 224, 224], classes: 1000 },
  build(input, classes) {
    requireImage('resnet50', input);
    return residualNetwork(input, classes, { blocks: [3, 4, 6, 3], bottleneck: true });
  },
};

const transformer: Model = {
  name: 'transformer',
  summary: 'transformer of 4 blocks, 256 numbers a place and 4 heads, for characters',
  usual: { input: [128], classes: 96 },
  build(input, classes) {
    requireCharacters('transformer', input);
    return transformerModel(classes);
  },
};

/** Each character as 64 numbers, gated recurrent units of 256, and scores of the character that follows. */
const gruModel: Model = {
  name: 'gru',
  summary: 'recurrent network of 256 gated units, for characters',
  usual: { input: [128], classes: 96 },
  build(input, classes) {
    requireCharacters('gru', input);
    return sequential(embedding(classes, 64), gru(256), dense(classes));
  },
};

/** The models by name. To add one, write it above and name it here. */
export const models: Readonly<Record<string, Model>> = {
  mlp,
  lenet,
  cnn,
  resnet18,
  resnet50,
  transformer,
  gru: gruModel,
};

function requireCharacters(model: string, input: Shape): void {
  if (input.length !== 1) {
    throw new ScreeError(
      `${model}: examples of shape ${showShape(input)} are no sequences of characters, [length]`,
    );
  }
}

/** The smaller extent of an image that can be halved twice. */
function requireImage(model: string, input: Shape): number {
  const smallest = Math.min(...input.slice(1));
  if (input.length !== 3 || smallest < 4) {
    throw new ScreeError(
      `${model}: examples of shape ${showShape(input)} are no images of [channels, height, width] from 4×4; use mlp`,
    );
  }
  return smallest;
}
