import { allocate, type DType } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { ndarray } from '../graph/ndarray.js';
import type { Tensor } from '../graph/tensor.js';
import { toTensor } from './define.js';

export interface RangeOptions {
  /** The first element; 0 by default. */
  readonly start?: number;
  /** The distance between neighbours; 1 by default. */
  readonly step?: number;
  readonly dtype?: DType;
}

function numbers(operation: string, count: number, dtype: DType, at: (place: number) => number): Tensor {
  if (!Number.isInteger(count) || count < 0) {
    throw new ScreeError(`${operation}: the count ${count} must be an integer ≥ 0`);
  }
  const data = allocate(dtype, count);
  for (let place = 0; place < count; place++) data[place] = at(place);
  return toTensor(operation, ndarray(data, [count], dtype));
}

/** `count` numbers start, start + step, … as a constant [count]; int32 by default. */
export function arange(count: number, { start = 0, step = 1, dtype = 'int32' }: RangeOptions = {}): Tensor {
  return numbers('arange', count, dtype, (place) => start + place * step);
}

/** `count` numbers from `from` to `to`, both included, evenly spaced, as a constant [count]; one number is `from`. */
export function linspace(from: number, to: number, count: number, dtype: DType = 'float32'): Tensor {
  const last = count - 1;
  return numbers('linspace', count, dtype, (place) =>
    place === 0 ? from : place === last ? to : from + ((to - from) * place) / last,
  );
}

/** Ones on the diagonal of a matrix of zeros [rows, columns], square by default. */
export function eye(rows: number, columns = rows, dtype: DType = 'float32'): Tensor {
  return arange(rows).reshape([rows, 1]).equal(arange(columns)).cast(dtype);
}
