import type { OnnxEmitter } from '../graph/op.js';
import { sizeOf, type Shape } from '../graph/shape.js';
import { interleave } from './pool-onnx.js';
import type { Window } from './window.js';

// A convolution of one tap is a matrix product over the channels of every pixel: with weights that change it needs neither the
// blocked layout nor its reorderings, which cost as much as the product itself where images are small.

const microsoft = { domain: 'com.microsoft' };

/** Whether a convolution has one tap, no padding and one group. */
export function isPointwise({ kernel, low, high, groups }: Window & { readonly groups: number }): boolean {
  return (
    groups === 1 && kernel.every((extent) => extent === 1) && [...low, ...high].every((pad) => pad === 0)
  );
}

/** The pixels that a stride visits. */
function visited(emitter: OnnxEmitter, x: string, strides: Shape): string {
  if (strides.every((step) => step === 1)) return x;
  const axes = strides.map((_, axis) => axis + 2);
  const starts = emitter.ints(strides.map(() => 0));
  const ends = emitter.ints(strides.map(() => 2 ** 31 - 1));
  return emitter.emit('Slice', [x, starts, ends, emitter.ints(axes), emitter.ints(strides)]);
}

export function pointwiseConv(
  emitter: OnnxEmitter,
  x: string,
  w: string,
  { strides, kernel }: Window,
): string {
  return emitter.emit('Conv', [visited(emitter, x, strides), w], { kernel_shape: { ints: kernel } });
}

/**
 * The transposed weights times the cotangent of each pixel, which goes where the stride had read it.
 * @returns undefined where the stride leaves pixels at the end out
 */
export function pointwiseInputGradient(
  emitter: OnnxEmitter,
  [dy, w]: readonly string[],
  cotangent: Shape,
  channels: number,
  { strides, spatial }: Window & { readonly spatial: Shape },
): string | undefined {
  const [batch, outputs, ...output] = cotangent;
  const spread = strides.some((step) => step > 1);
  const fits =
    output.length === 2 && output.every((extent, axis) => extent * strides[axis] === spatial[axis]);
  if (spread && !fits) return undefined;
  const pixels = emitter.emit('Reshape', [dy, emitter.ints([batch, outputs, sizeOf(output)])]);
  const matrix = emitter.emit('Reshape', [w, emitter.ints([outputs, channels])]);
  const product = emitter.emit('FusedMatMul', [matrix, pixels], { transA: { int: 1 } }, microsoft);
  const shape = [batch, channels, ...output];
  const image = emitter.emit('Reshape', [product, emitter.ints(shape)]);
  if (!spread) return image;
  const zeros = emitter.emit('ConstantOfShape', [emitter.ints(shape)]);
  const parts = Array.from({ length: sizeOf(strides) }, (_, place) => (place === 0 ? image : zeros));
  return interleave(emitter, parts, shape, strides, [batch, channels, ...spatial]);
}

/**
 * The products of cotangents and inputs, summed over pixels and batch: a product for each example and then a sum, or where
 * the weights are larger than the images, one product over the pixels of all examples.
 */
export function pointwiseWeightGradient(
  emitter: OnnxEmitter,
  [x, dy]: readonly string[],
  channels: number,
  cotangent: Shape,
  { strides, kernel }: Window,
): string {
  const [batch, outputs, ...output] = cotangent;
  const pixels = sizeOf(output);
  const image = visited(emitter, x, strides);
  const multiply = (left: string, right: string) =>
    emitter.emit('FusedMatMul', [left, right], { transB: { int: 1 } }, microsoft);
  const each = (value: string, count: number) =>
    emitter.emit('Reshape', [value, emitter.ints([batch, count, pixels])]);
  const together = (value: string, count: number) =>
    emitter.emit('Reshape', [
      emitter.emit('Transpose', [each(value, count)], { perm: { ints: [1, 0, 2] } }),
      emitter.ints([count, batch * pixels]),
    ]);
  const small = outputs * channels < pixels * (outputs + channels);
  const product = small
    ? emitter.emit('ReduceSum', [multiply(each(dy, outputs), each(image, channels)), emitter.ints([0])], {
        keepdims: { int: 0 },
      })
    : multiply(together(dy, outputs), together(image, channels));
  return emitter.emit('Reshape', [product, emitter.ints([outputs, channels, ...kernel])]);
}
