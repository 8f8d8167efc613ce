import { isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import type { OnnxEmitter, Op, TensorType } from '../graph/op.js';
import { sizeOf } from '../graph/shape.js';
import type { Tensor } from '../graph/tensor.js';
import { noAttributes, type NoAttributes } from './define.js';

/**
 * Its first operand, once the others are there (JAX's `optimization_barrier`). What is computed from it is not merged with what is
 * computed from the operand itself, and not before the others: a way to compute something a second time, later, in place of keeping it.
 */
export const barrierOp: Op<NoAttributes> = {
  name: 'barrier',
  infer([x, ...others]) {
    if (x === undefined || others.length === 0) {
      throw new ScreeError('barrier: takes a tensor and those that it waits for');
    }
    return { shape: x.shape, dtype: x.dtype };
  },
  // A tangent waits with its value, or the values that it meets would have to be kept.
  jvp: ({ inputs: [, ...others] }, [tangent]) => tangent && barrier(tangent, others),
  vjp: ({ inputs }, cotangent) => inputs.map((_, index) => (index === 0 ? cotangent : undefined)),
  batch([x, ...others], [isBatched, ...rest]) {
    const size = others[rest.indexOf(true)]?.shape[0];
    return barrier(isBatched ? x : x.broadcastTo([size, ...x.shape]), others);
  },
  kernel: () => (output, x) => output.set(x),
  onnx(emitter, { names: [x, ...others], inputs: [{ shape }, ...types], output }) {
    if (sizeOf(output.shape) === 0) return x;
    // A reshape to the shape that it has already moves nothing; but the runtime cannot know that, for a zero is added to the shape
    // that comes of the others' values.
    const zeros = others.flatMap((other, index) => zeroOf(emitter, other, types[index]));
    const extents = zeros.reduce((sum, zero) => emitter.emit('Add', [sum, zero]), emitter.ints(shape));
    const shaped =
      shape.length > 0 ? extents : emitter.emit('Slice', [zeros[0], emitter.ints([0]), emitter.ints([0])]);
    return emitter.emit('Reshape', [x, shaped]);
  },
};

/** int64 [1], always zero, which the runtime finds by looking at a value: whether its first number is above infinity. */
function zeroOf(emitter: OnnxEmitter, name: string, { shape, dtype }: TensorType): string[] {
  if (!isFloat(dtype) || sizeOf(shape) === 0) return [];
  const each = (value: number) => emitter.ints(shape.map(() => value));
  const first = shape.length === 0 ? name : emitter.emit('Slice', [name, each(0), each(1)]);
  const one = emitter.emit('Reshape', [first, emitter.ints([1])]);
  const never = emitter.emit('Greater', [one, emitter.scalar(Infinity, dtype)]);
  return [emitter.emit('Cast', [never], { to: { int: 7 } })];
}

/**
 * A tensor, once others are there: see `barrierOp`.
 * @param others of which the first one is floating-point and has elements
 */
export function barrier(x: Tensor, others: readonly Tensor[]): Tensor {
  return x.builder.apply(barrierOp, [x, ...others], noAttributes);
}
