import { compile } from '../../compile/index.js';
import { ndarray } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { float64, trace } from '../../ops/index.js';
import { grad, jvp } from '../../transform/index.js';
import { JetProgram } from '../../transform/jet-program.js';
import {
  constantSeries,
  monomials,
  representationError,
  type Monomials,
  type Series,
} from '../../transform/jet-series.js';

/** Gradient and Hessian with bounds on what rounding may have made of them, of the function and of the point. */
export interface Derivatives {
  readonly value: number;
  readonly valueError: number;
  readonly gradient: Float64Array;
  readonly gradientError: Float64Array;
  /** [n, n]. */
  readonly hessian: Float64Array;
  readonly hessianError: Float64Array;
  /** Why there are no derivatives, where there are none. */
  readonly kink?: string;
}

/** A polynomial curve through points: `terms[k]` is the vector that tᵏ is multiplied by. */
export type Arc = readonly Float64Array[];

/** Variables from which on third derivatives are compiled: series take less to make ready and more for each vector. */
const manyVariables = 20;

/** A function near a point: its power series and those of its gradient, along whatever is put in for the variables. */
export class LocalFunction {
  readonly #value: JetProgram;
  readonly #gradient: JetProgram;
  #third: ((point: ArrayLike<number>, vector: Float64Array) => Float64Array) | undefined;

  constructor(
    private readonly f: (x: Tensor) => Tensor,
    readonly size: number,
  ) {
    const spec = [float64(size)] as const;
    this.#value = new JetProgram(trace<[Tensor], Tensor>(f, [...spec]));
    this.#gradient = new JetProgram(trace<[Tensor], Tensor>(grad<[Tensor]>(f), [...spec]));
  }

  value(space: Monomials, inputs: readonly Series[]): Series {
    return this.#value.run(space, [inputs])[0][0];
  }

  gradient(space: Monomials, inputs: readonly Series[]): readonly Series[] {
    return this.#gradient.run(space, [inputs])[0];
  }

  /** The value alone, with its error. */
  valueAt(point: ArrayLike<number>): { value: number; error: number; kink?: string } {
    const space = monomials(1, 0);
    const { value, error, kink } = this.value(space, pointSeries(space, point));
    return { value: value[0], error: error[0], kink };
  }

  /** ∇³f[v, v, ·]. */
  thirdAlong(point: ArrayLike<number>, vector: Float64Array): Float64Array {
    if (this.size >= manyVariables) {
      this.#third ??= compiledThird(this.f, this.size);
      return this.#third(point, vector);
    }
    const space = monomials(1, 2);
    const inputs = pointSeries(space, point);
    inputs.forEach((series, i) => {
      series.value[1] = vector[i];
      series.degree = 1;
    });
    return Float64Array.from(this.gradient(space, inputs), ({ value }) => 2 * value[2]);
  }

  derivativesAt(point: ArrayLike<number>): Derivatives {
    const n = this.size;
    const space = monomials(n, 1);
    const inputs = pointSeries(space, point);
    inputs.forEach((series, i) => {
      series.value[1 + i] = 1;
      series.degree = 1;
    });
    const { value, error, kink } = this.value(space, inputs);
    const slopes = this.gradient(space, inputs);
    const hessian = new Float64Array(n * n);
    const hessianError = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const [a, b] = [slopes[i].value[1 + j], slopes[j].value[1 + i]];
        hessian[i * n + j] = (a + b) / 2;
        hessianError[i * n + j] = Math.max(slopes[i].error[1 + j], slopes[j].error[1 + i]);
      }
    }
    return {
      value: value[0],
      valueError: error[0],
      gradient: Float64Array.from(slopes, (series) => series.value[0]),
      gradientError: Float64Array.from(slopes, (series) => series.error[0]),
      hessian,
      hessianError,
      kink: kink ?? slopes.find((series) => series.kink !== undefined)?.kink,
    };
  }
}

/** The same as a function of numbers, without bounds on rounding. */
function compiledThird(f: (x: Tensor) => Tensor, size: number) {
  const slope = grad<[Tensor]>(f);
  const along = (g: (x: Tensor) => Tensor, v: Tensor) => (x: Tensor) =>
    jvp<[Tensor], Tensor>(g, [x], [v]).tangent;
  const program = compile(
    (x: Tensor, v: Tensor) => along(along(slope, v), v)(x),
    [float64(size), float64(size)],
  );
  return (point: ArrayLike<number>, vector: Float64Array) =>
    Float64Array.from(program.run(ndarray(Float64Array.from(point)), ndarray(vector.slice())).data);
}

/** The numbers of a point as constant series, each known to its last digit. */
function pointSeries(space: Monomials, point: ArrayLike<number>): Series[] {
  return Array.from({ length: point.length }, (_, i) =>
    constantSeries(space, point[i], representationError(point[i])),
  );
}

/** The point of an arc at t. */
export function arcPoint(arc: Arc, t: number): Float64Array {
  const point = new Float64Array(arc[0].length);
  for (let k = arc.length - 1; k >= 0; k--) point.forEach((value, i) => (point[i] = value * t + arc[k][i]));
  return point;
}
