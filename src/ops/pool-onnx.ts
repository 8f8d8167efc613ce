import type { OnnxAttributes, OnnxEmitter, OnnxRequest } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import { onnxTypes } from './define.js';
import type { Window } from './window.js';

export function onnxPoolAttributes({ kernel, strides, low, high, dilation }: Window): OnnxAttributes {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: [...low, ...high] },
    dilations: { ints: dilation },
  };
}

/** Two-dimensional windows that tile the image: each input belongs to one window. */
function tiles({ inputs, attributes }: OnnxRequest<Window>): boolean {
  const { kernel, strides, low, high, dilation } = attributes;
  return (
    kernel.length === 2 &&
    kernel.every((extent, axis) => extent === strides[axis] && inputs[0].shape[axis + 2] % extent === 0) &&
    [...low, ...high].every((pad) => pad === 0) &&
    dilation.every((step) => step === 1)
  );
}

/** For each place in the window, the array of the inputs there, of the output's shape. */
function members(emitter: OnnxEmitter, x: string, { kernel }: Window): string[] {
  const end = 2 ** 31 - 1;
  return Array.from({ length: sizeOf(kernel) }, (_, place) =>
    emitter.emit('Slice', [
      x,
      emitter.ints([Math.floor(place / kernel[1]), place % kernel[1]]),
      emitter.ints([end, end]),
      emitter.ints([2, 3]),
      emitter.ints(kernel),
    ]),
  );
}

/** The running maxima over the window's places, in row-major order. */
function running(emitter: OnnxEmitter, parts: readonly string[]): string[] {
  const best = [parts[0]];
  for (const part of parts.slice(1)) best.push(emitter.emit('Max', [best[best.length - 1], part]));
  return best;
}

/** Windows that tile the image are a maximum of slices, which the gradient shares; others the runtime's own operator. */
export function lowerMaxPool(emitter: OnnxEmitter, request: OnnxRequest<Window>): string {
  const [x] = request.names;
  if (!tiles(request)) return emitter.emit('MaxPool', [x], onnxPoolAttributes(request.attributes));
  const best = running(emitter, members(emitter, x, request.attributes));
  return best[best.length - 1];
}

/**
 * Every cotangent is added at the index of its window's first largest value. The runtime finds no index where all values are −∞,
 * the value it starts from: they are raised.
 */
function scatterToWinners(
  emitter: OnnxEmitter,
  { names: [x, dy], output: { shape, dtype }, attributes }: OnnxRequest<Window>,
): string {
  const least = emitter.scalar(dtype === 'float32' ? -1e38 : -1e308, dtype);
  const raised = emitter.emit('Max', [x, least]);
  const [, indices] = emitter.emitMany('MaxPool', [raised], 2, onnxPoolAttributes(attributes));
  const flat = emitter.ints([-1]);
  const zeros = emitter.emit('Expand', [emitter.scalar(0, dtype), emitter.ints([sizeOf(shape)])]);
  const scattered = emitter.emit(
    'ScatterElements',
    [zeros, emitter.emit('Reshape', [indices, flat]), emitter.emit('Reshape', [dy, flat])],
    { axis: { int: 0 }, reduction: { string: 'add' } },
  );
  return emitter.emit('Reshape', [scattered, emitter.ints(shape)]);
}

/**
 * For windows that tile the image: from the last place to the first, a cotangent goes on to the earlier ones where their maximum
 * is at least as large, and stays here otherwise, so that the first of equals gets it; then the places are interleaved again.
 * (MaxPool's Indices, which the others need, cost seven times as much as the pool itself.)
 */
export function lowerMaxPoolGradient(emitter: OnnxEmitter, request: OnnxRequest<Window>): string | undefined {
  const { names, inputs, output, attributes } = request;
  if (!tiles(request)) return sizeOf(output.shape) === 0 ? undefined : scatterToWinners(emitter, request);
  const parts = members(emitter, names[0], attributes);
  const best = running(emitter, parts);
  let rest = names[1];
  const shares: string[] = [];
  for (let place = parts.length - 1; place > 0; place--) {
    const earlier = emitter.emit('GreaterOrEqual', [best[place - 1], parts[place]]);
    const mask = emitter.emit('Cast', [earlier], { to: { int: onnxTypes[output.dtype] } });
    const passed = emitter.emit('Mul', [rest, mask]);
    shares.unshift(emitter.emit('Sub', [rest, passed]));
    rest = passed;
  }
  shares.unshift(rest);
  return interleave(emitter, shares, inputs[1].shape, attributes.kernel, output.shape);
}

/**
 * For windows that tile the image: of a second image's places, that of the first one's largest value, chosen in pairs as the maxima run.
 * The comparisons are those of the gradient. Undefined for other windows.
 */
export function lowerMaxPoolPick(emitter: OnnxEmitter, request: OnnxRequest<Window>): string | undefined {
  const { names, attributes } = request;
  if (!tiles(request)) return undefined;
  const parts = members(emitter, names[0], attributes);
  const best = running(emitter, parts);
  const values = members(emitter, names[1], attributes);
  return values.reduce((chosen, value, place) =>
    emitter.emit('Where', [emitter.emit('GreaterOrEqual', [best[place - 1], parts[place]]), chosen, value]),
  );
}

/**
 * Arrays [batch, channels, rows, columns], one for each place in a window of [height, width], as one image.
 */
export function interleave(
  emitter: OnnxEmitter,
  parts: readonly string[],
  [batch, channels, rows, columns]: readonly number[],
  [height, width]: readonly number[],
  shape: readonly number[],
): string {
  const count = batch * channels * rows;
  const lines = Array.from({ length: height }, (_, row) => {
    const places = parts.slice(row * width, (row + 1) * width);
    const single = places.map((part) => emitter.emit('Reshape', [part, emitter.ints([count * columns, 1])]));
    const line = emitter.emit('Concat', single, { axis: { int: 1 } });
    return emitter.emit('Reshape', [line, emitter.ints([count, 1, columns * width])]);
  });
  return emitter.emit('Reshape', [emitter.emit('Concat', lines, { axis: { int: 1 } }), emitter.ints(shape)]);
}
