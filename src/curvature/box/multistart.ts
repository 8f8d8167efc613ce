/**
 * Critical points by search from many starts spread evenly over a box: nothing is proven, and points may be missed. It carries
 * what intervals do not: many variables, and operations that have no interval rule.
 */
import { compile } from '../../compile/index.js';
import { ndarray } from '../../graph/ndarray.js';
import type { Tensor } from '../../graph/tensor.js';
import { symmetricEigen } from '../../linalg/index.js';
import { float64 } from '../../ops/index.js';
import { Generator, uniform } from '../../random/index.js';
import { grad, hessian } from '../../transform/index.js';
import type { Bounds, ScalarFunction } from '../interval/tape.js';
import { approachCritical, descend, norm, type PlainDerivatives } from './approach.js';
import { widthOf } from './bounds.js';

/** A point where the gradient vanishes to rounding. */
export interface FoundPoint {
  readonly point: Float64Array;
  readonly value: number;
  readonly eigenvalues: readonly number[];
}

/** What a step of √ε times the box would change the gradient by counts as 0. */
const flat = 1e-8;

export class Multistart {
  readonly found: FoundPoint[] = [];
  count = 0;
  readonly #derivativesAt: (x: Float64Array) => PlainDerivatives & { value: number };
  readonly #starts: ArrayLike<number>;

  constructor(
    f: ScalarFunction,
    readonly whole: Bounds,
    readonly starts: number,
    seed: number,
  ) {
    const n = whole.lo.length;
    const program = compile((x: Tensor) => [f(x), grad(f)(x), hessian(f)(x)], [float64(n)]);
    this.#derivativesAt = (x) => {
      const [value, gradient, second] = program.run(ndarray(x, [n]));
      return {
        value: value.data[0],
        gradient: Float64Array.from(gradient.data),
        hessian: Float64Array.from(second.data),
      };
    };
    this.#starts = uniform(new Generator(seed), [starts, n], { dtype: 'float64' }).data;
  }

  /** Goes down from one start. False after the last. */
  advance(): boolean {
    if (this.count === this.starts) return false;
    const { whole } = this;
    const n = whole.lo.length;
    const from = this.count++ * n;
    const start = whole.lo.map((lo, axis) => lo + widthOf(whole, axis) * this.#starts[from + axis]);
    // Every other start goes down first: minima are what most look for, and far from them the gradient leads elsewhere.
    const near = this.count % 2 === 0 ? descend(this.#derivativesAt, start) : start;
    const point = approachCritical(this.#derivativesAt, near, { steps: 60 });
    this.#keep(point);
    return true;
  }

  #keep(point: Float64Array): void {
    const { whole } = this;
    const isInside = point.every((x, axis) => {
      const slack = 1e-12 * widthOf(whole, axis);
      return x >= whole.lo[axis] - slack && x <= whole.hi[axis] + slack;
    });
    if (!isInside) return;
    const isKnown = this.found.some((known) =>
      known.point.every((x, axis) => Math.abs(x - point[axis]) <= 1e-6 * widthOf(whole, axis)),
    );
    if (isKnown) return;
    const { value, gradient, hessian } = this.#derivativesAt(point);
    if (!hessian.every(Number.isFinite)) return;
    const eigenvalues = Array.from(symmetricEigen(hessian, point.length).values);
    const largest = Math.max(...eigenvalues.map(Math.abs));
    if (norm(gradient) <= flat * Math.max(1, largest)) this.found.push({ point, value, eigenvalues });
  }
}
