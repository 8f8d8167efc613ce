import { ScreeError } from '../graph/errors.js';
import type { Op } from '../graph/op.js';
import {
  normalizeAxes,
  normalizeAxis,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
  type Shape,
} from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { linearRules, unify } from './define.js';
import { broadcastTo, reshape } from './shape-ops.js';
import { stridedWalk } from './strided.js';

type SliceAttributes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

/** Every `step`-th element from `start` up to, without, `end`, along each axis; steps are positive. */
export const sliceOp: Op<SliceAttributes> = {
  name: 'slice',
  infer([input], { starts, ends, steps }) {
    const shape = input.shape.map((extent, axis) => {
      const [start, end, step] = [starts[axis], ends[axis], steps[axis]];
      if (!(step >= 1 && start >= 0 && end >= start && end <= extent)) {
        throw new ScreeError(
          `slice: ${start}:${end}:${step} is not inside axis ${axis} of ${showShape(input.shape)}; 0 ≤ start ≤ end ≤ ${extent} and step ≥ 1`,
        );
      }
      return Math.ceil((end - start) / step);
    });
    return { shape, dtype: input.dtype };
  },
  ...linearRules<SliceAttributes>(
    (input, { starts, ends, steps }) => slice(input, starts, ends, steps),
    (cotangent, { shape }, { starts, steps }) => {
      const covered = cotangent.shape.map((count, axis) => (count === 0 ? 0 : (count - 1) * steps[axis] + 1));
      return pad(cotangent, {
        low: starts,
        high: shape.map((extent, axis) => extent - starts[axis] - covered[axis]),
        interior: steps.map((step) => step - 1),
      });
    },
  ),
  batch: ([input], _batched, { starts, ends, steps }) =>
    slice(input, [0, ...starts], [input.shape[0], ...ends], [1, ...steps]),
  kernel({ inputs: [input], output: { shape }, attributes: { starts, steps } }) {
    const strides = stridesOf(input.shape);
    const start = starts.reduce((offset, at, axis) => offset + at * strides[axis], 0);
    const walk = stridedWalk(
      shape,
      strides.map((stride, axis) => stride * steps[axis]),
      start,
    );
    return (output, data) =>
      walk((position, offset) => {
        output[position] = data[offset];
      });
  },
  onnx: (emitter, { names: [x], attributes: { starts, ends, steps } }) => {
    const axes = emitter.ints(starts.map((_, axis) => axis));
    return emitter.emit('Slice', [x, emitter.ints(starts), emitter.ints(ends), axes, emitter.ints(steps)]);
  },
};

export interface PadOptions {
  /** Zeros before the first element along each axis. */
  readonly low: readonly number[];
  /** Zeros after the last one. */
  readonly high: readonly number[];
  /** Zeros between neighbours; none by default. */
  readonly interior?: readonly number[];
}

type PadAttributes = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
};

/** Zeros around and between the elements: the adjoint of slice. */
export const padOp: Op<PadAttributes> = {
  name: 'pad',
  infer([input], { low, high, interior }) {
    if ([...low, ...high, ...interior].some((count) => count < 0) || low.length !== input.shape.length) {
      throw new ScreeError(
        `pad: needs ${input.shape.length} non-negative counts on each side, got low ${showShape(low)} high ${showShape(high)}`,
      );
    }
    const shape = input.shape.map(
      (extent, axis) => low[axis] + high[axis] + extent + Math.max(0, extent - 1) * interior[axis],
    );
    return { shape, dtype: input.dtype };
  },
  ...linearRules<PadAttributes>(
    (input, attributes) => pad(input, attributes),
    (cotangent, { shape }, { low, interior }) =>
      slice(
        cotangent,
        low,
        low.map(
          (start, axis) => start + (shape[axis] === 0 ? 0 : (shape[axis] - 1) * (interior[axis] + 1) + 1),
        ),
        interior.map((count) => count + 1),
      ),
  ),
  batch: ([input], _batched, { low, high, interior }) =>
    pad(input, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }),
  kernel({ inputs: [input], output, attributes: { low, interior } }) {
    const strides = stridesOf(output.shape);
    const walk = stridedWalk(
      input.shape,
      strides.map((stride, axis) => stride * (interior[axis] + 1)),
      low.reduce((offset, count, axis) => offset + count * strides[axis], 0),
    );
    return (result, data) => {
      result.fill(0);
      walk((position, offset) => {
        result[offset] = data[position];
      });
    };
  },
  onnx(emitter, { names: [x], inputs: [input], attributes: { low, high, interior } }) {
    let value = x;
    const shape = [...input.shape];
    interior.forEach((count, axis) => {
      if (count === 0 || shape[axis] === 0) return;
      // Each element gets an axis of its own, that axis is padded, the two are merged, and the last zeros cut off.
      const split = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
      const pads = new Array<number>(2 * split.length).fill(0);
      pads[split.length + axis + 1] = count;
      value = emitter.emit('Pad', [
        emitter.emit('Reshape', [value, emitter.ints(split)]),
        emitter.ints(pads),
      ]);
      const spread = shape[axis] * (count + 1);
      shape[axis] = spread;
      value = emitter.emit('Reshape', [value, emitter.ints(shape)]);
      shape[axis] = spread - count;
      value = emitter.emit('Slice', [
        value,
        emitter.ints([0]),
        emitter.ints([shape[axis]]),
        emitter.ints([axis]),
      ]);
    });
    return [...low, ...high].every((count) => count === 0)
      ? emitter.emit('Identity', [value])
      : emitter.emit('Pad', [value, emitter.ints([...low, ...high])]);
  },
};

type ConcatAttributes = { readonly axis: number };

export const concatOp: Op<ConcatAttributes> = {
  name: 'concat',
  infer(inputs, { axis }) {
    const [first] = inputs;
    for (const { shape, dtype } of inputs) {
      if (dtype !== first.dtype || !sameShape(replaceAt(shape, axis, 0), replaceAt(first.shape, axis, 0))) {
        throw new ScreeError(
          `concat: ${inputs.map((input) => input.dtype + showShape(input.shape)).join(', ')} differ off axis ${axis}`,
        );
      }
    }
    const total = inputs.reduce((count, { shape }) => count + shape[axis], 0);
    return { shape: replaceAt(first.shape, axis, total), dtype: first.dtype };
  },
  jvp({ inputs, attributes: { axis } }, tangents) {
    return concat(
      inputs.map((input, index) => tangents[index] ?? input.zerosLike()),
      axis,
    );
  },
  vjp({ inputs, attributes: { axis } }, cotangent) {
    let start = 0;
    return inputs.map(({ shape }) => {
      const from = start;
      start += shape[axis];
      return slice(cotangent, replaceAt(zerosOf(shape), axis, from), replaceAt(shape, axis, start));
    });
  },
  batch(inputs, batched, { axis }) {
    const size = inputs[batched.indexOf(true)].shape[0];
    const all = inputs.map((input, index) =>
      batched[index] ? input : broadcastTo(input, [size, ...input.shape]),
    );
    return concat(all, axis + 1);
  },
  kernel({ inputs, output, attributes: { axis } }) {
    const outer = sizeOf(output.shape.slice(0, axis));
    const blocks = inputs.map(({ shape }) => sizeOf(shape.slice(axis)));
    return (result, ...data) => {
      let at = 0;
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < blocks.length; k++) {
          const from = o * blocks[k];
          for (let i = 0; i < blocks[k]; i++) result[at++] = data[k][from + i];
        }
      }
    };
  },
  onnx: (emitter, { names, attributes: { axis } }) => emitter.emit('Concat', names, { axis: { int: axis } }),
};

type FlipAttributes = { readonly axes: readonly number[] };

export const flipOp: Op<FlipAttributes> = {
  name: 'flip',
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  ...linearRules<FlipAttributes>(
    (input, { axes }) => flip(input, axes),
    (cotangent, _type, { axes }) => flip(cotangent, axes),
  ),
  batch: ([input], _batched, { axes }) =>
    flip(
      input,
      axes.map((axis) => axis + 1),
    ),
  kernel({ inputs: [{ shape }], attributes: { axes } }) {
    const strides = stridesOf(shape);
    const walk = stridedWalk(
      shape,
      strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
      axes.reduce((start, axis) => start + Math.max(0, shape[axis] - 1) * strides[axis], 0),
    );
    return (output, data) =>
      walk((position, offset) => {
        output[position] = data[offset];
      });
  },
  onnx(emitter, { names: [x], attributes: { axes } }) {
    const all = (value: number) => emitter.ints(axes.map(() => value));
    return emitter.emit('Slice', [x, all(-1), all(-(2 ** 31)), emitter.ints(axes), all(-1)]);
  },
};

function replaceAt(shape: Shape, axis: number, extent: number): number[] {
  return shape.map((old, a) => (a === axis ? extent : old));
}

function zerosOf(shape: Shape): number[] {
  return shape.map(() => 0);
}

/** A bound of a slice along an axis: an index, counted from the end where it is negative, or null for the axis' end. */
export type SliceBound = number | null;

/**
 * Elements from start on, up to but without end, every step-th, along each axis, as NumPy's `x[start:end:step]`: a negative bound
 * counts from the end, null stands for all there is, a negative step goes backwards from start (`null, null, -1` reverses), and
 * axes that are not named stay whole. Unlike NumPy, bounds outside the axis or in the wrong order are refused.
 * @throws ScreeError naming the axis whose bounds do not fit
 * @example
 * ```ts
 * import { compile, float64, slice, type Tensor } from 'scree';
 *
 * const backwards = compile((x: Tensor) => slice(x, [4], [null], [-2]), [float64(6)]);
 * console.log(backwards.run([0, 1, 2, 3, 4, 5]).data);
 * ```
 * ```text
 * Float64Array(3) [ 4, 2, 0 ]
 * ```
 */
export function slice(
  x: Tensor,
  starts: readonly SliceBound[],
  ends: readonly SliceBound[],
  steps: readonly number[] = [],
): Tensor {
  if (Math.max(starts.length, ends.length, steps.length) > x.rank) {
    throw new ScreeError(
      `slice: bounds for ${Math.max(starts.length, ends.length, steps.length)} axes; ${showShape(x.shape)} has ${x.rank}`,
    );
  }
  const bounds = x.shape.map((extent, axis) =>
    forwards(x.shape, axis, extent, starts[axis] ?? null, ends[axis] ?? null, steps[axis] ?? 1),
  );
  const whole = bounds.every(
    ({ start, end, step }, axis) => start === 0 && end === x.shape[axis] && step === 1,
  );
  const taken = whole
    ? x
    : x.builder.apply(sliceOp, [x], {
        starts: bounds.map(({ start }) => start),
        ends: bounds.map(({ end }) => end),
        steps: bounds.map(({ step }) => step),
      });
  const reversed = bounds.flatMap(({ isReversed }, axis) => (isReversed ? [axis] : []));
  return reversed.length === 0 ? taken : flip(taken, reversed);
}

/** The same elements with a positive step, and whether they are to be reversed. */
function forwards(
  shape: Shape,
  axis: number,
  extent: number,
  first: SliceBound,
  last: SliceBound,
  step: number,
): { start: number; end: number; step: number; isReversed: boolean } {
  const fromStart = (bound: number) => (bound < 0 ? bound + extent : bound);
  if (step > 0) {
    const [start, end] = [fromStart(first ?? 0), last === null ? extent : fromStart(last)];
    return { start, end, step, isReversed: false };
  }
  const start = first === null ? extent - 1 : fromStart(first);
  const end = last === null ? -1 : fromStart(last);
  const isInside = start < extent && (start >= 0 || first === null) && (end >= 0 || last === null);
  if (!(Number.isInteger(step) && step < 0 && isInside && end <= start)) {
    throw new ScreeError(
      `slice: ${first ?? ''}:${last ?? ''}:${step} is not inside axis ${axis} of ${showShape(shape)}; backwards ${extent} > start ≥ end ≥ 0, or null for all there is`,
    );
  }
  const count = Math.ceil((end - start) / step);
  const lowest = start + (count - 1) * step;
  if (count === 0) return { start: 0, end: 0, step: 1, isReversed: false };
  return { start: lowest, end: start + 1, step: -step, isReversed: count > 1 };
}

/** Elements from ≤ index < to along one axis. */
export function sliceAxis(x: Tensor, axis: number, from: number, to: number): Tensor {
  return slice(
    x,
    x.shape.map((_, a) => (a === axis ? from : 0)),
    x.shape.map((extent, a) => (a === axis ? to : extent)),
  );
}

export function pad(x: Tensor, { low, high, interior = low.map(() => 0) }: PadOptions): Tensor {
  const none = [...low, ...high, ...interior].every((count) => count === 0);
  return none ? x : x.builder.apply(padOp, [x], { low, high, interior });
}

/** Tensors one after the other along an axis. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new ScreeError('concat: needs at least one tensor');
  const all = unify('concat', tensors);
  if (all.length === 1) return all[0];
  return all[0].builder.apply(concatOp, all, { axis: normalizeAxis('concat', axis, all[0].rank) });
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(
    tensors.map((tensor) => reshape(tensor, tensor.shape.toSpliced(axis, 0, 1))),
    axis,
  );
}

/** Elements in reverse order along axes. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  return x.builder.apply(flipOp, [x], { axes: normalizeAxes('flip', axes, x.rank) });
}
