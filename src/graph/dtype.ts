import { ScreeError } from './errors.js';

/** Element types. `bool` holds 0 and 1 in a Uint8Array. */
export type DType = 'float64' | 'float32' | 'int32' | 'bool';

export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

export const bytesPerElement: Readonly<Record<DType, number>> = { float64: 8, float32: 4, int32: 4, bool: 1 };

const rank: Readonly<Record<DType, number>> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** A zeroed typed array for `length` elements of `dtype`, or a view of `buffer` at `byteOffset`. */
export function allocate(dtype: DType, length: number, buffer?: ArrayBufferLike, byteOffset = 0): TypedArray {
  // Without a buffer of its own a small array lies on V8's heap, where it is quicker to make.
  switch (dtype) {
    case 'float64':
      return buffer === undefined ? new Float64Array(length) : new Float64Array(buffer, byteOffset, length);
    case 'float32':
      return buffer === undefined ? new Float32Array(length) : new Float32Array(buffer, byteOffset, length);
    case 'int32':
      return buffer === undefined ? new Int32Array(length) : new Int32Array(buffer, byteOffset, length);
    case 'bool':
      return buffer === undefined ? new Uint8Array(length) : new Uint8Array(buffer, byteOffset, length);
  }
}

export function isFloat(dtype: DType): boolean {
  return rank[dtype] >= rank.float32;
}

/** The wider of two element types: bool < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return rank[a] >= rank[b] ? a : b;
}

export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint8Array) return 'bool';
  throw new ScreeError(
    `dtypeOf: ${Object.prototype.toString.call(data)} is not one of Float64Array, Float32Array, Int32Array, Uint8Array`,
  );
}
