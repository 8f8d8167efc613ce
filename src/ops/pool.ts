import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { KernelRequest, Op, TensorType } from '../graph/op.js';
import { showShape, sizeOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { lowerMaxPool, lowerMaxPoolGradient, lowerMaxPoolPick, onnxPoolAttributes } from './pool-onnx.js';
import {
  makeWindow,
  planeWalk,
  tapSlice,
  windowedExtents,
  windowTaps,
  type Window,
  type WindowOptions,
} from './window.js';

function inferPool(name: string, x: TensorType, window: Window): TensorType {
  if (x.shape.length !== window.kernel.length + 2) {
    throw new ScreeError(
      `${name}: input ${showShape(x.shape)} and window ${showShape(window.kernel)}; the input needs a batch and a channel axis before the window's axes`,
    );
  }
  return {
    shape: [...x.shape.slice(0, 2), ...windowedExtents(name, x.shape.slice(2), window)],
    dtype: x.dtype,
  };
}

/** Merges vmap's batch axis into the batch axis of each tensor, applies, and takes it out again. */
function batchByMerging(apply: (tensors: readonly Tensor[]) => Tensor) {
  return (inputs: readonly Tensor[], batched: readonly boolean[]): Tensor => {
    const count = inputs[batched.indexOf(true)].shape[0];
    const merged = inputs.map((input, index) => {
      const full = batched[index] ? input : input.broadcastTo([count, ...input.shape]);
      return full.reshape([full.shape[0] * full.shape[1], ...full.shape.slice(2)]);
    });
    const result = apply(merged);
    return result.reshape([count, result.shape[0] / count, ...result.shape.slice(1)]);
  };
}

function planes({ shape }: TensorType): { count: number; size: number } {
  return { count: shape[0] * shape[1], size: sizeOf(shape.slice(2)) };
}

function tapWalks(x: TensorType, y: TensorType, window: Window) {
  const spatial = x.shape.slice(2);
  const output = y.shape.slice(2);
  return windowTaps(spatial, output, window).map((tap) => planeWalk(spatial, output, tap, window.strides));
}

/**
 * For each output the offset (within its plane) of the first largest input, in row-major order of the window; the first NaN if
 * there is one. −1 where a window sees padding only.
 */
function winnersOf(x: TensorType, y: TensorType, window: Window) {
  const walks = tapWalks(x, y, window);
  const winners = new Int32Array(planes(y).size);
  return (image: ArrayLike<number>, from: number): Int32Array => {
    winners.fill(-1);
    for (const walk of walks) {
      walk((out, into) => {
        const value = image[from + into];
        const best = winners[out];
        if (
          best < 0 ||
          value > image[from + best] ||
          (value !== value && image[from + best] === image[from + best])
        ) {
          winners[out] = into;
        }
      });
    }
    return winners;
  };
}

/**
 * Largest value in each window: [batch, channels, ...spatial]. The derivative goes to the first largest one in row-major order,
 * as in PyTorch. Composite.
 */
export const maxPoolOp: Op<Window> = {
  name: 'maxPool',
  infer: ([x], window) => inferPool('maxPool', x, window),
  jvp: ({ inputs: [x], attributes }, [tangent]) => tangent && maxPoolPick(x, tangent, attributes),
  vjp: ({ inputs: [x], attributes }, cotangent) => [maxPoolGradient(x, cotangent, attributes)],
  batch: (inputs, batched, window) =>
    batchByMerging(([x]) => x.builder.apply(maxPoolOp, [x], window))(inputs, batched),
  kernel({ inputs: [x], output: y, attributes }) {
    const winners = winnersOf(x, y, attributes);
    const { count, size } = planes(y);
    const inputSize = planes(x).size;
    return (output, image) => {
      for (let p = 0; p < count; p++) {
        const chosen = winners(image, p * inputSize);
        for (let o = 0; o < size; o++) {
          output[p * size + o] = chosen[o] < 0 ? -Infinity : image[p * inputSize + chosen[o]];
        }
      }
    };
  },
  decompose: ([x], window) =>
    tapViewsForMaximum(x, window)
      .map(({ seen }) => seen)
      .reduce((best, seen) => best.maximum(seen)),
  onnx: lowerMaxPool,
};

/** The cotangent of maxPool's input: each output's cotangent at its winner. Inputs: x and the output's cotangent. */
export const maxPoolGradientOp: Op<Window> = {
  name: 'maxPoolGradient',
  infer: ([x]) => x,
  jvp: ({ inputs: [x], attributes }, [, tangent]) => tangent && maxPoolGradient(x, tangent, attributes),
  vjp: ({ inputs: [x], attributes }, cotangent, wanted) => [
    undefined,
    wanted[1] ? maxPoolPick(x, cotangent, attributes) : undefined,
  ],
  batch: (inputs, batched, window) =>
    batchByMerging(([x, dy]) => maxPoolGradient(x, dy, window))(inputs, batched),
  kernel({ inputs: [x, y], attributes }) {
    const winners = winnersOf(x, y, attributes);
    const { count, size } = planes(y);
    const inputSize = planes(x).size;
    return (output, image, gradient) => {
      output.fill(0);
      for (let p = 0; p < count; p++) {
        const chosen = winners(image, p * inputSize);
        for (let o = 0; o < size; o++) {
          if (chosen[o] >= 0) output[p * inputSize + chosen[o]] += gradient[p * size + o];
        }
      }
    };
  },
  decompose([x, dy], window) {
    const spatial = x.shape.slice(2);
    const padded = spatial.map((extent, axis) => extent + window.low[axis] + window.high[axis]);
    const terms = firstWinners(x, window).map(({ wins, starts, ends }) =>
      dy.mul(wins.cast(dy.dtype)).pad({
        low: [0, 0, ...starts],
        high: [0, 0, ...padded.map((extent, axis) => extent - ends[axis])],
        interior: [0, 0, ...window.strides.map((stride) => stride - 1)],
      }),
    );
    const total = terms.reduce((sum, term) => sum.add(term));
    return total.slice(
      [0, 0, ...window.low],
      [x.shape[0], x.shape[1], ...spatial.map((extent, axis) => extent + window.low[axis])],
    );
  },
  onnx: lowerMaxPoolGradient,
};

/** The values of a second tensor at the winners of the first: maxPool's derivative along it. */
const maxPoolPickOp: Op<Window> = {
  name: 'maxPoolPick',
  infer: ([x], window) => inferPool('maxPoolPick', x, window),
  jvp: ({ inputs: [x], attributes }, [, tangent]) => tangent && maxPoolPick(x, tangent, attributes),
  vjp: ({ inputs: [x], attributes }, cotangent, wanted) => [
    undefined,
    wanted[1] ? maxPoolGradient(x, cotangent, attributes) : undefined,
  ],
  batch: (inputs, batched, window) => batchByMerging(([x, t]) => maxPoolPick(x, t, window))(inputs, batched),
  kernel({ inputs: [x], output: y, attributes }) {
    const winners = winnersOf(x, y, attributes);
    const { count, size } = planes(y);
    const inputSize = planes(x).size;
    return (output, image, values) => {
      for (let p = 0; p < count; p++) {
        const chosen = winners(image, p * inputSize);
        for (let o = 0; o < size; o++) {
          output[p * size + o] = chosen[o] < 0 ? 0 : values[p * inputSize + chosen[o]];
        }
      }
    };
  },
  decompose([x, values], window) {
    const views = tapViews(values, window);
    const terms = firstWinners(x, window).map(({ wins }, index) =>
      views[index].seen.mul(wins.cast(values.dtype)),
    );
    return terms.reduce((sum, term) => sum.add(term));
  },
  onnx: lowerMaxPoolPick,
};

export type SumPoolGradientAttributes = Window & { readonly spatial: readonly number[] };

/** Sum over each window, padding counting as 0. Composite. */
export const sumPoolOp: Op<Window> = {
  name: 'sumPool',
  infer: ([x], window) => inferPool('sumPool', x, window),
  jvp: ({ attributes }, [tangent]) => tangent && sumPool(tangent, attributes),
  vjp: ({ inputs: [x], attributes }, cotangent) => [
    sumPoolGradient(cotangent, { ...attributes, spatial: x.shape.slice(2) }),
  ],
  batch: (inputs, batched, window) => batchByMerging(([x]) => sumPool(x, window))(inputs, batched),
  kernel({ inputs: [x], output: y, attributes }) {
    const walks = tapWalks(x, y, attributes);
    const { count, size } = planes(y);
    const inputSize = planes(x).size;
    const plane = new Float64Array(size);
    return (output, image) => {
      for (let p = 0; p < count; p++) {
        plane.fill(0);
        for (const walk of walks) {
          walk((out, into) => {
            plane[out] += image[p * inputSize + into];
          });
        }
        output.set(plane, p * size);
      }
    };
  },
  decompose: ([x], window) =>
    tapViews(x, window)
      .map(({ seen }) => seen)
      .reduce((total, seen) => total.add(seen)),
  onnx(emitter, { names, output, attributes }) {
    const mean = emitter.emit('AveragePool', names, {
      ...onnxPoolAttributes(attributes),
      count_include_pad: { int: 1 },
    });
    return emitter.emit('Mul', [mean, emitter.scalar(sizeOf(attributes.kernel), output.dtype)]);
  },
};

export const sumPoolGradientOp: Op<SumPoolGradientAttributes> = {
  name: 'sumPoolGradient',
  infer: ([dy], { spatial }) => ({ shape: [...dy.shape.slice(0, 2), ...spatial], dtype: dy.dtype }),
  jvp: ({ attributes }, [tangent]) => tangent && sumPoolGradient(tangent, attributes),
  vjp: ({ attributes }, cotangent) => [sumPool(cotangent, attributes)],
  batch: (inputs, batched, attributes) =>
    batchByMerging(([dy]) => sumPoolGradient(dy, attributes))(inputs, batched),
  kernel({ inputs: [y], output: x, attributes }: KernelRequest<SumPoolGradientAttributes>) {
    const walks = tapWalks(x, y, attributes);
    const { count, size } = planes(y);
    const inputSize = planes(x).size;
    const plane = new Float64Array(inputSize);
    return (output, gradient) => {
      for (let p = 0; p < count; p++) {
        plane.fill(0);
        for (const walk of walks) {
          walk((out, into) => {
            plane[into] += gradient[p * size + out];
          });
        }
        output.set(plane, p * inputSize);
      }
    };
  },
  decompose([dy], attributes) {
    const { spatial, low, high, strides } = attributes;
    const padded = spatial.map((extent, axis) => extent + low[axis] + high[axis]);
    const terms = windowTaps(spatial, dy.shape.slice(2), attributes).map((tap) => {
      const { starts, ends } = tapSlice(dy.shape.slice(2), tap, attributes);
      return dy.pad({
        low: [0, 0, ...starts],
        high: [0, 0, ...padded.map((extent, axis) => extent - ends[axis])],
        interior: [0, 0, ...strides.map((stride) => stride - 1)],
      });
    });
    const total = terms.reduce((sum, term) => sum.add(term));
    return total.slice(
      [0, 0, ...low],
      [dy.shape[0], dy.shape[1], ...spatial.map((extent, axis) => extent + low[axis])],
    );
  },
};

/** What each tap of the window sees of a tensor padded with zeros. */
function tapViews(x: Tensor, window: Window) {
  const spatial = x.shape.slice(2);
  const output = windowedExtents('pool', spatial, window);
  const padded = x.pad({ low: [0, 0, ...window.low], high: [0, 0, ...window.high] });
  return windowTaps(spatial, output, window).map((tap) => {
    const { starts, ends, steps } = tapSlice(output, tap, window);
    const seen = padded.slice([0, 0, ...starts], [x.shape[0], x.shape[1], ...ends], [1, 1, ...steps]);
    return { seen, starts, ends };
  });
}

/** Taps' views with −∞ in place of padding. */
function tapViewsForMaximum(x: Tensor, window: Window) {
  const views = tapViews(x, window);
  if ([...window.low, ...window.high].every((count) => count === 0)) return views;
  const ones = x.builder.constant(ndarray(1, [], x.dtype)).broadcastTo([1, 1, ...x.shape.slice(2)]);
  const inside = tapViews(ones, window);
  return views.map((view, index) => ({
    ...view,
    seen: inside[index].seen.greater(0).where(view.seen, -Infinity),
  }));
}

/** For each tap, where it is the first one that holds the window's largest value. */
function firstWinners(x: Tensor, window: Window) {
  const views = tapViewsForMaximum(x, window);
  const best = views.map(({ seen }) => seen).reduce((a, b) => a.maximum(b));
  let taken: Tensor | undefined;
  return views.map(({ seen, starts, ends }) => {
    const reaches = seen.equal(best);
    const wins = taken === undefined ? reaches : reaches.and(taken.not());
    taken = taken === undefined ? reaches : taken.or(reaches);
    return { wins, starts, ends };
  });
}

function maxPoolGradient(x: Tensor, dy: Tensor, window: Window): Tensor {
  return x.builder.apply(maxPoolGradientOp, [x, dy], window);
}

function maxPoolPick(x: Tensor, values: Tensor, window: Window): Tensor {
  return x.builder.apply(maxPoolPickOp, [x, values], window);
}

function sumPool(x: Tensor, { kernel, strides, low, high, dilation }: Window): Tensor {
  return x.builder.apply(sumPoolOp, [x], { kernel, strides, low, high, dilation });
}

function sumPoolGradient(dy: Tensor, attributes: SumPoolGradientAttributes): Tensor {
  return dy.builder.apply(sumPoolGradientOp, [dy], attributes);
}

function poolKernel(name: string, x: Tensor, window: number | Shape): Shape {
  const kernel =
    typeof window === 'number' ? new Array<number>(Math.max(0, x.rank - 2)).fill(window) : window;
  if (
    kernel.length < 1 ||
    kernel.length > 3 ||
    !kernel.every((extent) => Number.isInteger(extent) && extent >= 1)
  ) {
    throw new ScreeError(
      `${name}: window ${JSON.stringify(window)} must be positive integers, one for each of one to three spatial axes of ${showShape(x.shape)}`,
    );
  }
  return kernel;
}

/** Largest value in each window of [batch, channels, ...spatial]; strides default to the window, as in PyTorch. */
export function maxPool(x: Tensor, window: number | Shape, options: WindowOptions = {}): Tensor {
  const kernel = poolKernel('maxPool', x, window);
  const full = makeWindow('maxPool', kernel, options, kernel);
  if (full.low.some((pad, axis) => 2 * pad > kernel[axis])) {
    throw new ScreeError(
      `maxPool: padding ${showShape(full.low)} must be at most half of the window ${showShape(kernel)}`,
    );
  }
  return x.builder.apply(maxPoolOp, [x], full);
}

/** Mean of each window of [batch, channels, ...spatial]; padding counts as zeros, as in PyTorch's default. */
export function avgPool(x: Tensor, window: number | Shape, options: WindowOptions = {}): Tensor {
  const kernel = poolKernel('avgPool', x, window);
  return sumPool(x, makeWindow('avgPool', kernel, options, kernel)).mul(1 / sizeOf(kernel));
}
