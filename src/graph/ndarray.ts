import { allocate, dtypeOf, type DType, type TypedArray } from './dtype.js';
import { ScreeError } from './errors.js';
import { sameShape, showShape, sizeOf, type Shape } from './shape.js';

/** A dense row-major array of numbers. */
export interface NDArray {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

type Nested = number | readonly Nested[];

function nestedShape(value: Nested): number[] {
  return typeof value === 'number' ? [] : [value.length, ...(value.length > 0 ? nestedShape(value[0]) : [])];
}

function flattenNested(value: Nested, shape: Shape, into: number[]): void {
  if (!sameShape(nestedShape(value), shape)) {
    throw new ScreeError(`ndarray: ragged nested array; expected ${showShape(shape)} at every place`);
  }
  if (typeof value === 'number') into.push(value);
  else for (const item of value) flattenNested(item, shape.slice(1), into);
}

/**
 * An NDArray over a typed array (shared, not copied) or from a number or nested arrays (float64 unless `dtype` says otherwise).
 * @param shape defaults to the nesting of `data`, or to one axis for a typed array.
 * @throws ScreeError when the count of elements does not fit the shape.
 * @example
 * ```ts
 * import { ndarray } from 'scree/graph';
 *
 * const { shape, dtype } = ndarray([[1, 2, 3], [4, 5, 6]]);
 * console.log(shape, dtype);
 * ```
 * ```text
 * [ 2, 3 ] float64
 * ```
 */
export function ndarray(data: TypedArray | Nested, shape?: Shape, dtype?: DType): NDArray {
  if (ArrayBuffer.isView(data)) {
    const actual = dtype ?? dtypeOf(data);
    const full = shape ?? [data.length];
    if (sizeOf(full) !== data.length) {
      throw new ScreeError(`ndarray: ${data.length} elements do not fill shape ${showShape(full)}`);
    }
    if (actual === dtypeOf(data)) return { data, shape: full, dtype: actual };
    const converted = allocate(actual, data.length);
    converted.set(data);
    return { data: converted, shape: full, dtype: actual };
  }
  const nested = nestedShape(data);
  const values: number[] = [];
  flattenNested(data, nested, values);
  const full = shape ?? nested;
  if (sizeOf(full) !== values.length) {
    throw new ScreeError(`ndarray: ${values.length} elements do not fill shape ${showShape(full)}`);
  }
  const array = allocate(dtype ?? 'float64', values.length);
  array.set(values);
  return { data: array, shape: full, dtype: dtype ?? 'float64' };
}

export function zeros(shape: Shape, dtype: DType = 'float32'): NDArray {
  return { data: allocate(dtype, sizeOf(shape)), shape, dtype };
}
