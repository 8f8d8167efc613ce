import type { OnnxAttributes, OnnxEmitter, OnnxRequest } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import {
  isPointwise,
  pointwiseConv,
  pointwiseInputGradient,
  pointwiseWeightGradient,
} from './pointwise-onnx.js';
import type { Window } from './window.js';

// ONNX Runtime has no gradients of convolutions: they are written with the operators that it has. Which expression is quickest
// was measured on two cores with AVX-512; docs/benchmarks.md has the numbers.

type Conv = Window & { readonly groups: number };

function onnxConvAttributes({ kernel, strides, low, high, dilation, groups }: Conv): OnnxAttributes {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: [...low, ...high] },
    dilations: { ints: dilation },
    group: { int: groups },
  };
}

const blocked = { domain: 'com.microsoft.nchwc' };

/** Channels that the runtime's blocked kernels take together, where they serve this many inputs and outputs. */
function blockFor(
  emitter: OnnxEmitter,
  { groups, kernel }: Conv,
  inputs: number,
  outputs: number,
): number | undefined {
  const block = emitter.channelBlock;
  const fits = block > 1 && groups === 1 && kernel.length === 2 && outputs % block === 0;
  return fits && (inputs % block === 0 || inputs < block) ? block : undefined;
}

/**
 * Weights [outputs, inputs, kernel] in the order that the blocked kernels read. Where whole blocks go in, the runtime's own
 * reordering makes the outputs of a block neighbours, and then whole runs are moved: four times as quick as one transposition
 * of single numbers.
 */
function blockWeights(emitter: OnnxEmitter, w: string, shape: Shape, block: number): string {
  const [outputs, inputs, ...kernel] = shape;
  const taps = sizeOf(kernel);
  const blocks = outputs / block;
  if (inputs < block) {
    return reorder(emitter, w, [blocks, block, inputs, taps], [0, 2, 3, 1], shape);
  }
  const runs = blockSecond(emitter, w, [blocks, block, 1, inputs * taps]);
  return reorder(emitter, runs, [blocks, inputs / block, block, taps, block], [0, 1, 3, 2, 4], shape);
}

/** The same for the input's gradient: channel axes exchanged, taps in reverse. */
function blockFlippedWeights(emitter: OnnxEmitter, w: string, shape: Shape, block: number): string {
  const [outputs, inputs, ...kernel] = shape;
  const taps = sizeOf(kernel);
  const runs = blockSecond(emitter, w, [(outputs * inputs) / block, block, 1, taps]);
  const split = emitter.emit('Reshape', [
    runs,
    emitter.ints([outputs / block, block, inputs / block, taps, block]),
  ]);
  const exchanged = emitter.emit('Transpose', [split], { perm: { ints: [2, 0, 3, 1, 4] } });
  const order = emitter.ints(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  const flipped = emitter.emit('Gather', [exchanged, order], { axis: { int: 2 } });
  return emitter.emit('Reshape', [flipped, emitter.ints([inputs, outputs, ...kernel])]);
}

/** [count, block, 1, rest] as [count, rest, block]. */
function blockSecond(emitter: OnnxEmitter, x: string, shape: Shape): string {
  return emitter.emit('ReorderInput', [emitter.emit('Reshape', [x, emitter.ints(shape)])], {}, blocked);
}

function reorder(emitter: OnnxEmitter, x: string, split: Shape, perm: Shape, shape: Shape): string {
  const parts = emitter.emit('Reshape', [x, emitter.ints(split)]);
  return emitter.emit('Reshape', [
    emitter.emit('Transpose', [parts], { perm: { ints: perm } }),
    emitter.ints(shape),
  ]);
}

function blockedConv(
  emitter: OnnxEmitter,
  x: string,
  w: string,
  inputs: number,
  outputs: number,
  attributes: Conv,
) {
  const image = inputs < emitter.channelBlock ? x : emitter.emit('ReorderInput', [x], {}, blocked);
  const result = emitter.emit('Conv', [image, w], onnxConvAttributes(attributes), blocked);
  return emitter.emit('ReorderOutput', [result], { channels: { int: outputs } }, blocked);
}

/**
 * The runtime's own Conv, or its blocked kernels, 1.4 times as quick on weights that change, between two reorderings. It has
 * neither in float64.
 */
export function lowerConv(
  emitter: OnnxEmitter,
  { names, inputs, attributes }: OnnxRequest<Conv>,
): string | undefined {
  if (inputs[0].dtype !== 'float32') return undefined;
  const [x, w] = names;
  if (isPointwise(attributes)) return pointwiseConv(emitter, x, w, attributes);
  const [outputs, channels] = inputs[1].shape;
  const block = blockFor(emitter, attributes, channels, outputs);
  if (block === undefined) return emitter.emit('Conv', [x, w], onnxConvAttributes(attributes));
  return blockedConv(
    emitter,
    x,
    blockWeights(emitter, w, inputs[1].shape, block),
    channels,
    outputs,
    attributes,
  );
}

/**
 * At stride 1 a convolution of the cotangent with the weights flipped and their channel axes exchanged, by the blocked kernels;
 * otherwise ConvTranspose.
 */
export function lowerInputGradient(
  emitter: OnnxEmitter,
  { names: [dy, w], inputs, attributes }: OnnxRequest<Conv & { readonly spatial: readonly number[] }>,
): string | undefined {
  if (inputs[0].dtype !== 'float32') return undefined;
  const { kernel, strides, low, high, dilation, spatial } = attributes;
  const [outputs, channels] = inputs[1].shape;
  if (isPointwise(attributes)) {
    const gradient = pointwiseInputGradient(emitter, [dy, w], inputs[0].shape, channels, attributes);
    if (gradient !== undefined) return gradient;
  }
  const block = blockFor(emitter, attributes, outputs, channels);
  const plain = [...strides, ...dilation].every((step) => step === 1);
  const padsFit = kernel.every((extent, axis) => Math.max(low[axis], high[axis]) < extent);
  if (block !== undefined && outputs % block === 0 && plain && padsFit) {
    const weights = blockFlippedWeights(emitter, w, inputs[1].shape, block);
    return blockedConv(emitter, dy, weights, outputs, channels, {
      ...attributes,
      low: kernel.map((extent, axis) => extent - 1 - low[axis]),
      high: kernel.map((extent, axis) => extent - 1 - high[axis]),
    });
  }
  const output = inputs[0].shape.slice(2);
  const unread = spatial.map(
    (extent, axis) =>
      extent +
      low[axis] +
      high[axis] -
      ((output[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilation[axis] + 1),
  );
  return emitter.emit('ConvTranspose', [dy, w], {
    ...onnxConvAttributes(attributes),
    output_padding: { ints: unread },
  });
}

/**
 * Conv with the roles exchanged: the batch becomes the channels, the cotangent the filter. The width of the image is laid out as
 * (column, channel) and the filter dilated by the channels, so that the runtime's im2col copies long runs and its matrix
 * product has all taps and channels as columns: two to three times as quick as one product for each tap.
 */
export function lowerWeightGradient(
  emitter: OnnxEmitter,
  { names: [x, dy], inputs, attributes }: OnnxRequest<Conv>,
): string | undefined {
  const { kernel, strides, low, dilation, groups } = attributes;
  if (isPointwise(attributes) && inputs[0].dtype === 'float32') {
    return pointwiseWeightGradient(emitter, [x, dy], inputs[0].shape[1], inputs[1].shape, attributes);
  }
  if (kernel.length !== 2 || groups !== 1 || dilation[1] !== 1 || inputs[0].dtype !== 'float32')
    return undefined;
  const [batch, channels, height, width] = inputs[0].shape;
  const [, outputs, ...output] = inputs[1].shape;
  // What the taps never read is left out: then the result has exactly the kernel's extents.
  const high = kernel.map(
    (extent, axis) =>
      (extent - 1) * dilation[axis] +
      (output[axis] - 1) * strides[axis] +
      1 -
      inputs[0].shape[axis + 2] -
      low[axis],
  );
  const kept = [height, width].map((extent, axis) => extent + Math.min(0, high[axis]));
  const cut = high.some((pad) => pad < 0)
    ? emitter.emit('Slice', [x, emitter.ints([0, 0]), emitter.ints(kept), emitter.ints([2, 3])])
    : x;
  const image = reorderImage(emitter, cut, [batch, channels, ...kept]);
  const filter = emitter.emit('Transpose', [dy], { perm: { ints: [1, 0, 2, 3] } });
  const result = emitter.emit('Conv', [image, filter], {
    kernel_shape: { ints: output },
    dilations: { ints: [strides[0], strides[1] * channels] },
    strides: { ints: [dilation[0], 1] },
    pads: {
      ints: [low[0], low[1] * channels, Math.max(0, high[0]), Math.max(0, high[1]) * channels],
    },
  });
  return emitter.emit(
    'Transpose',
    [emitter.emit('Reshape', [result, emitter.ints([outputs, ...kernel, channels])])],
    {
      perm: { ints: [0, 3, 1, 2] },
    },
  );
}

/** [batch, channels, height, width] as [1, batch, height, width · channels]. */
function reorderImage(emitter: OnnxEmitter, x: string, [batch, channels, height, width]: Shape): string {
  const rows = emitter.emit('Transpose', [x], { perm: { ints: [0, 2, 3, 1] } });
  return emitter.emit('Reshape', [rows, emitter.ints([1, batch, height, width * channels])]);
}
