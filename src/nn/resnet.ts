import type { Shape } from '../graph/shape.js';
import { relu } from './activations.js';
import { batchNorm } from './batch-norm.js';
import { residual, sequential } from './compose.js';
import { conv } from './convolution.js';
import { dense } from './dense.js';
import { heNormal } from './initializers.js';
import type { Layer } from './layer.js';
import { globalAvgPool, maxPool } from './pool.js';

export interface ResidualNetworkOptions {
  /** Blocks of each stage; a stage after the first halves the image and doubles the width. */
  readonly blocks: readonly number[];
  /** 1×1, 3×3 and 1×1 convolutions a block with four times the width behind it, in place of two 3×3. */
  readonly bottleneck: boolean;
  /** Channels of the first stage; 64 by default. */
  readonly width?: number;
}

/** Images up to this extent keep their size in the stem. */
const largestSmallImage = 64;

/**
 * A residual network (He et al. 2016, "Deep residual learning for image recognition", table 1) as torchvision builds it: batch
 * norm behind every convolution, the stride in a bottleneck's 3×3 convolution, a 1×1 convolution as shortcut where the
 * shape changes. Images up to 64×64 get the stem that is usual for CIFAR, a 3×3 convolution; larger ones 7×7 with stride 2 and
 * a 3×3 max pool with stride 2.
 * @param input [channels, height, width]
 * @param classes numbers that it gives for an example
 */
export function residualNetwork(
  input: Shape,
  classes: number,
  { blocks, bottleneck, width = 64 }: ResidualNetworkOptions,
): Layer {
  const small = Math.max(...input.slice(1)) <= largestSmallImage;
  const stem = small ? convNorm(width, 3) : convNorm(width, 7, 2);
  const layers: Layer[] = [...stem, relu(), ...(small ? [] : [maxPool(3, { strides: 2, padding: 1 })])];
  let channels = width;
  blocks.forEach((count, stage) => {
    for (let place = 0; place < count; place++) {
      const strides = stage > 0 && place === 0 ? 2 : 1;
      layers.push(block(channels, width << stage, strides, bottleneck), relu());
      channels = (width << stage) * expansion(bottleneck);
    }
  });
  return sequential(...layers, globalAvgPool(), dense(classes));
}

const expansion = (bottleneck: boolean) => (bottleneck ? 4 : 1);

/** body(x) + shortcut(x), before the ReLU. */
function block(inputs: number, width: number, strides: number, bottleneck: boolean): Layer {
  const outputs = width * expansion(bottleneck);
  const body = bottleneck
    ? [...convNorm(width, 1), relu(), ...convNorm(width, 3, strides), relu(), ...convNorm(outputs, 1)]
    : [...convNorm(width, 3, strides), relu(), ...convNorm(outputs, 3)];
  const changes = strides !== 1 || inputs !== outputs;
  const shortcut = changes ? sequential(...convNorm(outputs, 1, strides)) : undefined;
  return {
    ...residual(sequential(...body), shortcut),
    name: `${bottleneck ? 'bottleneck' : 'residual'} ${outputs}${strides > 1 ? `, stride ${strides}` : ''}`,
  };
}

/** A convolution that keeps the extents but for its stride, and batch norm, which makes a bias useless. */
function convNorm(outputs: number, kernel: number, strides = 1): Layer[] {
  const padding = (kernel - 1) / 2;
  const initializer = heNormal({ fan: 'out' });
  return [conv(outputs, kernel, { strides, padding, bias: false, initializer }), batchNorm()];
}
