import { ScreeError } from '../graph/errors.js';
import type { Kernel, KernelRequest, Op, OnnxEmitter, OnnxRequest, TensorType } from '../graph/op.js';
import { normalizeAxes, normalizeAxis, showShape, sizeOf, stridesOf, type Shape } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { linearRules, toTensor, type TensorLike } from './define.js';
import { sliceAxis } from './slices.js';
import { stridedWalk } from './strided.js';

export interface ReduceOptions {
  /** The axes to reduce over, counted from the end if negative; all of them by default. */
  readonly axes?: number | readonly number[];
  /** Keeps reduced axes with extent 1. */
  readonly keepDims?: boolean;
}

type ReduceAttributes = { readonly axes: readonly number[]; readonly keepDims: boolean };

function reducedShape(shape: Shape, { axes, keepDims }: ReduceAttributes): Shape {
  if (keepDims) return shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** The shape of a reduction's output with the reduced axes kept as 1, so that it broadcasts against the input. */
function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return reducedShape(shape, { axes, keepDims: true });
}

/** `output = combine(output, input)` over the reduced axes, from `initial`. */
function reduceKernel(
  { inputs: [input], attributes: { axes } }: KernelRequest<ReduceAttributes>,
  initial: number,
  combine: (total: number, value: number) => number,
): Kernel {
  const kept = keptShape(input.shape, axes);
  const keptStrides = stridesOf(kept);
  const strides = input.shape.map((_, axis) => (axes.includes(axis) ? 0 : keptStrides[axis]));
  const walk = stridedWalk(input.shape, strides);
  const totals = new Float64Array(sizeOf(kept));
  return (output, data) => {
    totals.fill(initial);
    walk((position, offset) => {
      totals[offset] = combine(totals[offset], data[position]);
    });
    output.set(totals);
  };
}

/** The same reduction, one axis further right for a batch axis in front. */
function batchReduce(op: Op<ReduceAttributes>): NonNullable<Op<ReduceAttributes>['batch']> {
  return ([input], _batched, { axes, keepDims }) =>
    input.builder.apply(op, [input], { axes: axes.map((axis) => axis + 1), keepDims });
}

const inferReduce = ([input]: readonly TensorType[], attributes: ReduceAttributes): TensorType => ({
  shape: reducedShape(input.shape, attributes),
  dtype: input.dtype,
});

/** ONNX reductions treat empty axes as all axes; ours as none. */
function lowerReduce(onnx: string) {
  return (
    emitter: OnnxEmitter,
    { names: [x], attributes: { axes, keepDims } }: OnnxRequest<ReduceAttributes>,
  ) =>
    emitter.emit(onnx, [x, emitter.ints(axes)], {
      keepdims: { int: keepDims ? 1 : 0 },
      noop_with_empty_axes: { int: 1 },
    });
}

export const sumOp: Op<ReduceAttributes> = {
  name: 'sum',
  infer: inferReduce,
  ...linearRules<ReduceAttributes>(
    (input, { axes, keepDims }) => sum(input, { axes, keepDims }),
    (cotangent, { shape }, { axes }) => cotangent.reshape(keptShape(shape, axes)).broadcastTo(shape),
  ),
  batch: (inputs, batched, attributes) => batchReduce(sumOp)(inputs, batched, attributes),
  kernel: (request) => reduceKernel(request, 0, (total, value) => total + value),
  onnx: lowerReduce('ReduceSum'),
};

/** The largest or smallest along axes. Where several are equal they share the derivative evenly, as in PyTorch's amax. */
function extremeOp(name: 'max' | 'min', onnx: string): Op<ReduceAttributes> {
  const shares = (input: Tensor, output: Tensor, axes: readonly number[]) => {
    const mask = input.equal(output.reshape(keptShape(input.shape, axes))).cast(input.dtype);
    return mask.div(mask.sum({ axes, keepDims: true }));
  };
  const op: Op<ReduceAttributes> = {
    name,
    infer(inputs, attributes) {
      if (attributes.axes.some((axis) => inputs[0].shape[axis] === 0)) {
        throw new ScreeError(
          `${name}: nothing to choose from along an empty axis of ${showShape(inputs[0].shape)}`,
        );
      }
      return inferReduce(inputs, attributes);
    },
    jvp: ({ inputs: [input], output, attributes: { axes, keepDims } }, [tangent]) =>
      tangent && sum(tangent.mul(shares(input, output, axes)), { axes, keepDims }),
    vjp: ({ inputs: [input], output, attributes: { axes } }, cotangent) => [
      shares(input, output, axes).mul(cotangent.reshape(keptShape(input.shape, axes))),
    ],
    batch: (inputs, batched, attributes) => batchReduce(op)(inputs, batched, attributes),
    kernel: (request) => reduceKernel(request, name === 'max' ? -Infinity : Infinity, Math[name]),
    onnx: lowerReduce(onnx),
  };
  return op;
}

export const maxOp = extremeOp('max', 'ReduceMax');
export const minOp = extremeOp('min', 'ReduceMin');

type ArgAttributes = { readonly axis: number };

/** Index (int32) of the first largest element along an axis; of the first NaN if there is one, as in PyTorch. */
export const argmaxOp: Op<ArgAttributes> = {
  name: 'argmax',
  infer: ([input], { axis }) => ({ shape: input.shape.filter((_, a) => a !== axis), dtype: 'int32' }),
  jvp: () => undefined,
  batch: ([input], _batched, { axis }) => input.builder.apply(argmaxOp, [input], { axis: axis + 1 }),
  kernel({ inputs: [{ shape }], attributes: { axis } }) {
    const count = shape[axis];
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    return (output, data) => {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const start = o * count * inner + i;
          let best = 0;
          for (let k = 1; k < count; k++) {
            const value = data[start + k * inner];
            const champion = data[start + best * inner];
            if (value > champion || (Number.isNaN(value) && !Number.isNaN(champion))) best = k;
          }
          output[o * inner + i] = best;
        }
      }
    };
  },
  onnx(emitter, { names: [x], attributes: { axis } }) {
    const index = emitter.emit('ArgMax', [x], { axis: { int: axis }, keepdims: { int: 0 } });
    return emitter.emit('Cast', [index], { to: { int: 6 } });
  },
};

function reduce(op: Op<ReduceAttributes>): (x: TensorLike, options?: ReduceOptions) => Tensor {
  return (x, { axes, keepDims = false } = {}) => {
    const raw = toTensor(op.name, x);
    const input = raw.dtype === 'bool' ? raw.cast('int32') : raw;
    const normal = normalizeAxes(op.name, axes, input.rank);
    if (normal.length === 0) return input;
    return input.builder.apply(op, [input], { axes: normal, keepDims });
  };
}

export const sum = reduce(sumOp);
export const max = reduce(maxOp);
export const min = reduce(minOp);

export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const total = sum(x, options);
  return total.mul(total.size / x.size);
}

/** Mean squared deviation from the mean (divided by the count, not the count − 1). */
export function variance(x: Tensor, options: ReduceOptions = {}): Tensor {
  const centred = x.sub(mean(x, { ...options, keepDims: true }));
  return mean(centred.mul(centred), options);
}

export function argmax(x: Tensor, axis = -1): Tensor {
  return x.builder.apply(argmaxOp, [x], { axis: normalizeAxis('argmax', axis, x.rank) });
}

/** Product along an axis, by halves, so that its derivative is right where factors are 0. */
export function prod(x: Tensor, axis = -1): Tensor {
  const along = normalizeAxis('prod', axis, x.rank);
  let rest = x;
  if (rest.shape[along] === 0) {
    return toTensor('prod', 1, x.dtype).broadcastTo(x.shape.filter((_, a) => a !== along));
  }
  while (rest.shape[along] > 1) {
    const count = rest.shape[along];
    const half = count >> 1;
    const product = sliceAxis(rest, along, 0, half).mul(sliceAxis(rest, along, half, 2 * half));
    rest = count % 2 === 0 ? product : product.concat(sliceAxis(rest, along, 2 * half, count), along);
  }
  return rest.reshape(x.shape.filter((_, a) => a !== along));
}

/** log Σ eˣ along an axis, without overflow. */
export function logSumExp(x: Tensor, axis = -1): Tensor {
  const axes = [normalizeAxis('logSumExp', axis, x.rank)];
  const top = max(x, { axes, keepDims: true }).stopGradient();
  const shift = top.abs().lessEqual(Number.MAX_VALUE).where(top, 0);
  const total = sum(x.sub(shift).exp(), { axes, keepDims: true });
  return total
    .log()
    .add(shift)
    .reshape(reducedShape(x.shape, { axes, keepDims: false }));
}
