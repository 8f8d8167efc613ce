import type { DType, TypedArray } from '../../graph/dtype.js';
import { ScreeError } from '../../graph/errors.js';
import type { Shape } from '../../graph/shape.js';

/** What the model says of one of its inputs or outputs. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface SessionOptions {
  /** Threads of one session, the calling one included. */
  readonly threads: number;
  /** Where to write a trace, as a prefix of the file's path; it is complete once the session is closed. */
  readonly profilePrefix?: string;
  /** Which way to ONNX Runtime: its C API, or the stock binding. Whichever loads, in this order, by default. */
  readonly via?: 'c' | 'binding';
}

/**
 * Equal small constants stay apart: batch normalisation in training mode overwrites its running statistics, and
 * ONNX Runtime merges them when they start out equal. Two fusions do not know float64: x · σ(x) becomes an operator that has no
 * such kernel, and a factor of a matrix product becomes a float32 attribute.
 */
export const disabledOptimizers = 'ConstantSharing;QuickGeluFusion;MatMulScaleFusion';

/** What a way to the runtime must provide; `session` adds the checks. */
export interface Backend {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  run(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): Promise<void>;
  release(): void;
}

/** The spec of an input or output as the runtime reports it. */
export function tensorSpec(name: string, dtype: DType | undefined, shape: readonly unknown[]): TensorSpec {
  const extents = shape.filter((extent) => typeof extent === 'number' && extent >= 0);
  if (dtype === undefined || extents.length !== shape.length) {
    throw new ScreeError(
      `createSession: ${name} must be a tensor of float64, float32, int32 or bool with a fixed shape`,
    );
  }
  return { name, dtype, shape: extents as number[] };
}
