import { ScreeError } from '../graph/errors.js';
import type { KernelRequest, Op, TensorType } from '../graph/op.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { lowerConv, lowerInputGradient, lowerWeightGradient } from './conv-onnx.js';
import { sumDefined } from './define.js';
import { stack } from './slices.js';
import {
  makeWindow,
  planeWalk,
  tapSlice,
  windowedExtents,
  windowTaps,
  type Window,
  type WindowOptions,
} from './window.js';

export interface ConvOptions extends WindowOptions {
  /** Channels are split into this many groups that do not see each other; 1 by default. */
  readonly groups?: number;
}

export type ConvAttributes = Window & { readonly groups: number };
export type InputGradientAttributes = ConvAttributes & { readonly spatial: readonly number[] };

const convName = 'conv';

/**
 * Cross-correlation as in PyTorch: input [batch, channels, ...spatial], weights [outputs, channels/groups, ...kernel], one to
 * three spatial axes. Composite: a target with its own convolution keeps it whole.
 */
export const convOp: Op<ConvAttributes> = {
  name: convName,
  infer([x, w], attributes) {
    const { groups, kernel } = attributes;
    const rank = kernel.length;
    if (
      rank < 1 ||
      rank > 3 ||
      x.shape.length !== rank + 2 ||
      w.shape.length !== rank + 2 ||
      x.dtype !== w.dtype
    ) {
      throw new ScreeError(
        `conv: input ${x.dtype}${showShape(x.shape)} and weights ${w.dtype}${showShape(w.shape)}; both need a batch or output axis, a channel axis and one to three spatial axes, and one element type`,
      );
    }
    if (x.shape[1] !== w.shape[1] * groups || w.shape[0] % groups !== 0) {
      throw new ScreeError(
        `conv: input ${showShape(x.shape)} has ${x.shape[1]} channels, weights ${showShape(w.shape)} in ${groups} group(s) take ${w.shape[1] * groups}`,
      );
    }
    return {
      shape: [x.shape[0], w.shape[0], ...windowedExtents(convName, x.shape.slice(2), attributes)],
      dtype: x.dtype,
    };
  },
  jvp: ({ inputs: [x, w], attributes }, [dx, dw]) =>
    sumDefined([dx && applyConv(dx, w, attributes), dw && applyConv(x, dw, attributes)]),
  vjp: ({ inputs: [x, w], attributes }, dy, wanted) => [
    wanted[0] ? convInputGradient(dy, w, { ...attributes, spatial: x.shape.slice(2) }) : undefined,
    wanted[1] ? weightGradient(x, dy, attributes) : undefined,
  ],
  batch([x, w], [xBatched, wBatched], attributes) {
    if (!wBatched) return unmergeFirst(applyConv(mergeFirst(x), w, attributes), x.shape[0]);
    const count = w.shape[0];
    const wide = channelsOf(xBatched ? x : repeat(x, count));
    return batchOfChannels(applyConv(wide, mergeFirst(w), manyGroups(attributes, count)), count);
  },
  kernel(request) {
    const { x, w, y, taps } = plan(request, request.inputs[0], request.inputs[1], request.output);
    const [batch, outputs] = y;
    const channels = w[1];
    const perGroup = outputs / request.attributes.groups;
    const planeX = sizeOf(x.slice(2));
    const planeY = sizeOf(y.slice(2));
    const plane = new Float64Array(planeY);
    return (output, image, weights) => {
      for (let n = 0; n < batch; n++) {
        for (let o = 0; o < outputs; o++) {
          plane.fill(0);
          const firstChannel = Math.floor(o / perGroup) * channels;
          for (let c = 0; c < channels; c++) {
            const from = (n * x[1] + firstChannel + c) * planeX;
            for (const { place, walk } of taps) {
              const weight = weights[(o * channels + c) * taps.length + place];
              walk((out, into) => {
                plane[out] += weight * image[from + into];
              });
            }
          }
          output.set(plane, (n * outputs + o) * planeY);
        }
      }
    };
  },
  decompose([x, w], attributes) {
    const output = windowedExtents(convName, x.shape.slice(2), attributes);
    const padded = padSpatial(x, attributes);
    const terms = windowTaps(x.shape.slice(2), output, attributes).map((tap) => {
      const { starts, ends, steps } = tapSlice(output, tap, attributes);
      const seen = sliceSpatial(padded, starts, ends, steps);
      return grouped(tapWeights(w, tap.index), attributes.groups).matmul(
        groupedPixels(seen, attributes.groups),
      );
    });
    return terms.reduce((total, term) => total.add(term)).reshape([x.shape[0], w.shape[0], ...output]);
  },
  onnx: lowerConv,
};

/** The cotangent of a convolution's input from that of its output [batch, outputs, ...] and the weights. */
export const convInputGradientOp: Op<InputGradientAttributes> = {
  name: 'convInputGradient',
  infer: ([dy, w], { groups, spatial }) => ({
    shape: [dy.shape[0], w.shape[1] * groups, ...spatial],
    dtype: dy.dtype,
  }),
  jvp: ({ inputs: [dy, w], attributes }, [tangentDy, tangentW]) =>
    sumDefined([
      tangentDy && convInputGradient(tangentDy, w, attributes),
      tangentW && convInputGradient(dy, tangentW, attributes),
    ]),
  vjp: ({ inputs: [dy, w], attributes }, cotangent, wanted) => [
    wanted[0] ? applyConv(cotangent, w, attributes) : undefined,
    wanted[1] ? weightGradient(cotangent, dy, attributes) : undefined,
  ],
  batch([dy, w], [dyBatched, wBatched], attributes) {
    if (!wBatched) return unmergeFirst(convInputGradient(mergeFirst(dy), w, attributes), dy.shape[0]);
    const count = w.shape[0];
    const wide = channelsOf(dyBatched ? dy : repeat(dy, count));
    return batchOfChannels(convInputGradient(wide, mergeFirst(w), manyGroups(attributes, count)), count);
  },
  kernel(request) {
    const { x, w, y, taps } = plan(request, request.output, request.inputs[1], request.inputs[0]);
    const [batch, outputs] = y;
    const channels = w[1];
    const perGroup = outputs / request.attributes.groups;
    const planeX = sizeOf(x.slice(2));
    const planeY = sizeOf(y.slice(2));
    const plane = new Float64Array(planeX);
    return (output, gradient, weights) => {
      for (let n = 0; n < batch; n++) {
        for (let channel = 0; channel < x[1]; channel++) {
          plane.fill(0);
          const group = Math.floor(channel / channels);
          for (let o = group * perGroup; o < (group + 1) * perGroup; o++) {
            const from = (n * outputs + o) * planeY;
            for (const { place, walk } of taps) {
              const weight = weights[(o * channels + (channel % channels)) * taps.length + place];
              walk((out, into) => {
                plane[into] += weight * gradient[from + out];
              });
            }
          }
          output.set(plane, (n * x[1] + channel) * planeX);
        }
      }
    };
  },
  decompose([dy, w], attributes) {
    const { groups, spatial, strides, low, high } = attributes;
    const output = dy.shape.slice(2);
    const pixels = groupedPixels(dy, groups);
    const padded = spatial.map((extent, axis) => extent + low[axis] + high[axis]);
    const terms = windowTaps(spatial, output, attributes).map((tap) => {
      const { starts, ends } = tapSlice(output, tap, attributes);
      return grouped(tapWeights(w, tap.index), groups)
        .swapLast()
        .matmul(pixels)
        .reshape([dy.shape[0], w.shape[1] * groups, ...output])
        .pad({
          low: [0, 0, ...starts],
          high: [0, 0, ...padded.map((extent, axis) => extent - ends[axis])],
          interior: [0, 0, ...strides.map((stride) => stride - 1)],
        });
    });
    const total = terms.reduce((sum, term) => sum.add(term));
    return sliceSpatial(
      total,
      low,
      low.map((start, axis) => start + spatial[axis]),
    );
  },
  onnx: lowerInputGradient,
};

/** The cotangent of a convolution's weights from its input and the cotangent of its output. */
export const convWeightGradientOp: Op<ConvAttributes> = {
  name: 'convWeightGradient',
  infer: ([x, dy], { kernel, groups }) => ({
    shape: [dy.shape[1], x.shape[1] / groups, ...kernel],
    dtype: x.dtype,
  }),
  jvp: ({ inputs: [x, dy], attributes }, [tangentX, tangentDy]) =>
    sumDefined([
      tangentX && weightGradient(tangentX, dy, attributes),
      tangentDy && weightGradient(x, tangentDy, attributes),
    ]),
  vjp: ({ inputs: [x, dy], attributes }, cotangent, wanted) => [
    wanted[0] ? convInputGradient(dy, cotangent, { ...attributes, spatial: x.shape.slice(2) }) : undefined,
    wanted[1] ? applyConv(x, cotangent, attributes) : undefined,
  ],
  batch([x, dy], [xBatched, dyBatched], attributes) {
    const count = (xBatched ? x : dy).shape[0];
    const wideX = channelsOf(xBatched ? x : repeat(x, count));
    const wideDy = channelsOf(dyBatched ? dy : repeat(dy, count));
    return unmergeFirst(weightGradient(wideX, wideDy, manyGroups(attributes, count)), count);
  },
  kernel(request) {
    const { x, w, y, taps } = plan(request, request.inputs[0], request.output, request.inputs[1]);
    const [batch, outputs] = y;
    const channels = w[1];
    const perGroup = outputs / request.attributes.groups;
    const planeX = sizeOf(x.slice(2));
    const planeY = sizeOf(y.slice(2));
    return (output, image, gradient) => {
      for (let o = 0; o < outputs; o++) {
        const firstChannel = Math.floor(o / perGroup) * channels;
        for (let c = 0; c < channels; c++) {
          for (const { place, walk } of taps) {
            let total = 0;
            for (let n = 0; n < batch; n++) {
              const fromX = (n * x[1] + firstChannel + c) * planeX;
              const fromY = (n * outputs + o) * planeY;
              walk((out, into) => {
                total += image[fromX + into] * gradient[fromY + out];
              });
            }
            output[(o * channels + c) * taps.length + place] = total;
          }
        }
      }
    };
  },
  decompose([x, dy], attributes) {
    const { groups, kernel } = attributes;
    const output = dy.shape.slice(2);
    const padded = padSpatial(x, attributes);
    const pixels = groupedPixels(dy, groups);
    const terms = windowTaps(x.shape.slice(2), output, attributes).map((tap) => {
      const { starts, ends, steps } = tapSlice(output, tap, attributes);
      const seen = groupedPixels(sliceSpatial(padded, starts, ends, steps), groups);
      return pixels.matmul(seen.swapLast()).sum({ axes: 0 });
    });
    return stack(terms, 3).reshape([dy.shape[1], x.shape[1] / groups, ...kernel]);
  },
  onnx: lowerWeightGradient,
};

/** Shapes and tap walks that the three kernels share. */
function plan({ attributes }: KernelRequest<ConvAttributes>, x: TensorType, w: TensorType, y: TensorType) {
  const spatial = x.shape.slice(2);
  const output = y.shape.slice(2);
  const taps = windowTaps(spatial, output, attributes).map((tap) => ({
    place: tap.place,
    walk: planeWalk(spatial, output, tap, attributes.strides),
  }));
  return { x: x.shape, w: w.shape, y: y.shape, taps };
}

function padSpatial(x: Tensor, { low, high }: Window): Tensor {
  return x.pad({ low: [0, 0, ...low], high: [0, 0, ...high] });
}

function sliceSpatial(x: Tensor, starts: Shape, ends: Shape, steps: Shape = starts.map(() => 1)): Tensor {
  return x.slice([0, 0, ...starts], [x.shape[0], x.shape[1], ...ends], [1, 1, ...steps]);
}

/** The matrix [outputs, channels/groups] of one tap. */
function tapWeights(w: Tensor, index: readonly number[]): Tensor {
  return sliceSpatial(
    w,
    index,
    index.map((k) => k + 1),
  ).reshape(w.shape.slice(0, 2));
}

/** [outputs, channels/groups] as [groups, outputs/groups, channels/groups]. */
function grouped(w: Tensor, groups: number): Tensor {
  return w.reshape([groups, w.shape[0] / groups, w.shape[1]]);
}

/** [batch, channels, ...spatial] as [batch, groups, channels/groups, pixels]. */
function groupedPixels(x: Tensor, groups: number): Tensor {
  return x.reshape([x.shape[0], groups, x.shape[1] / groups, sizeOf(x.shape.slice(2))]);
}

function mergeFirst(x: Tensor): Tensor {
  return x.reshape([x.shape[0] * x.shape[1], ...x.shape.slice(2)]);
}

function unmergeFirst(x: Tensor, count: number): Tensor {
  return x.reshape([count, x.shape[0] / count, ...x.shape.slice(1)]);
}

function repeat(x: Tensor, count: number): Tensor {
  return x.broadcastTo([count, ...x.shape]);
}

/** [count, batch, channels, …] as [batch, count · channels, …]: each example of vmap becomes a group of channels. */
function channelsOf(x: Tensor): Tensor {
  const [count, batch, channels, ...spatial] = x.shape;
  const order = x.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis));
  return x.transpose(order).reshape([batch, count * channels, ...spatial]);
}

function batchOfChannels(x: Tensor, count: number): Tensor {
  const [batch, channels, ...spatial] = x.shape;
  const split = x.reshape([batch, count, channels / count, ...spatial]);
  return split.transpose(split.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis)));
}

function manyGroups<A extends ConvAttributes>(attributes: A, count: number): A {
  return { ...attributes, groups: attributes.groups * count };
}

function applyConv(
  x: Tensor,
  w: Tensor,
  { kernel, strides, low, high, dilation, groups }: ConvAttributes,
): Tensor {
  return x.builder.apply(convOp, [x, w], { kernel, strides, low, high, dilation, groups });
}

/** The op itself: the cotangent [batch, outputs, …] of conv's output with its weights gives that of its input. */
export function convInputGradient(dy: Tensor, w: Tensor, attributes: InputGradientAttributes): Tensor {
  return dy.builder.apply(convInputGradientOp, [dy, w], attributes);
}

function weightGradient(x: Tensor, dy: Tensor, attributes: ConvAttributes): Tensor {
  const { kernel, strides, low, high, dilation, groups } = attributes;
  return x.builder.apply(convWeightGradientOp, [x, dy], { kernel, strides, low, high, dilation, groups });
}

/**
 * Cross-correlation as PyTorch's conv1d, conv2d and conv3d.
 * @param x [batch, channels, ...spatial]
 * @param weights [outputs, channels/groups, ...kernel]
 * @returns [batch, outputs, ...spatial after the window]
 */
export function conv(x: Tensor, weights: Tensor, options: ConvOptions = {}): Tensor {
  const kernel = weights.shape.slice(2);
  const { groups = 1 } = options;
  if (!Number.isInteger(groups) || groups < 1)
    throw new ScreeError(`conv: groups ${groups} must be a positive integer`);
  return applyConv(x, weights, {
    ...makeWindow(
      convName,
      kernel,
      options,
      kernel.map(() => 1),
    ),
    groups,
  });
}
