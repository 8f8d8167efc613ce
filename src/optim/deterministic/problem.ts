import { ScreeError } from '../../graph/errors.js';
import { allocate } from '../../graph/dtype.js';
import { ndarray, type NDArray } from '../../graph/ndarray.js';
import type { TensorType } from '../../graph/op.js';
import { currentBuilder, type Tensor } from '../../graph/tensor.js';
import { compileGraph, type SyncExecutable } from '../../compile/index.js';
import { float64, square, sum, trace } from '../../ops/index.js';
import { hessian, hvp, jvp, valueAndGrad, vmap } from '../../transform/index.js';

/** The vector whose sum of squares is the value of a problem. */
export interface Residuals {
  /** How many there are. */
  readonly count: number;
  /** out [m] ← r(x). */
  evaluate(x: Float64Array, out: Float64Array): void;
  /** out [m, n] ← ∂rᵢ/∂xⱼ, row after row. */
  jacobian(x: Float64Array, out: Float64Array): void;
}

/**
 * A function of n variables to go down on. Points, gradients and vectors are float64 arrays of length n, matrices are row after
 * row. Nothing keeps the arrays it is given. Outside its domain a function gives NaN; it does not throw.
 */
export interface Problem {
  /** n. */
  readonly dimension: number;
  value(x: Float64Array): number;
  /** The value; gradient [n] is written. */
  valueAndGradient(x: Float64Array, gradient: Float64Array): number;
  /** out [n, n] ← ∇²f(x). */
  hessian?(x: Float64Array, out: Float64Array): void;
  /** out [n] ← ∇²f(x)·v. */
  hessianVector?(x: Float64Array, v: Float64Array, out: Float64Array): void;
  /** out [n, n, n] ← ∇³f(x). */
  thirdDerivative?(x: Float64Array, out: Float64Array): void;
  /** Where f(x) = Σ rᵢ(x)². */
  readonly residuals?: Residuals;
}

/** A problem that has all that problemOf makes. */
export type SmoothProblem = Required<Omit<Problem, 'residuals'>> & Pick<Problem, 'residuals'>;

/** An executable of a point, and perhaps a vector, that is compiled when it is first called. */
function lazily(make: () => SyncExecutable): (inputs: Float64Array[], outputs: Float64Array[]) => void {
  let executable: SyncExecutable | undefined;
  return (inputs, outputs) => {
    executable ??= make();
    const { nodes, inputs: given, outputs: wanted } = executable.graph;
    const array = (id: number, data: Float64Array): NDArray => ({
      data,
      shape: nodes[id].shape,
      dtype: 'float64',
    });
    executable.run(
      inputs.map((data, index) => array(given[index], data)),
      outputs.map((data, index) => array(wanted[index], data)),
    );
  };
}

/** The columns of a Jacobian by forward mode, all in one batch: [n, ...shape of f's result]. */
function columns(f: (x: Tensor) => Tensor, x: Tensor, n: number): Tensor {
  const identity = allocate('float64', n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  const basis = currentBuilder('jacobian').constant(ndarray(identity, [n, n], 'float64'));
  const along = (v: Tensor): Tensor => jvp<[Tensor], Tensor>(f, [x], [v]).tangent;
  return vmap<[Tensor], Tensor>(along)(basis);
}

function requireDimension(operation: string, n: number): void {
  if (!Number.isInteger(n) || n < 1) {
    throw new ScreeError(`${operation}: dimension ${n} is not a positive integer`);
  }
}

/**
 * A problem from a function of one float64 tensor [n] that gives one number. It is traced and compiled for the JavaScript target,
 * each derivative once, when it is first needed. The Hessian and the third derivative are dense: n² and n³ numbers.
 * @throws ScreeError when n is no positive integer; and when `f` does not give one floating-point number.
 */
export function problemOf(f: (x: Tensor) => Tensor, n: number): SmoothProblem {
  requireDimension('problemOf', n);
  const scalar = (x: Tensor): Tensor => f(x).reshape([]);
  const point: [TensorType] = [float64(n)];
  const graph = trace(scalar, point);
  const values = lazily(() => compileGraph(graph));
  const gradients = lazily(() =>
    compileGraph(
      trace((x: Tensor) => {
        const { value, gradient } = valueAndGrad<[Tensor]>(scalar)(x);
        return [value, gradient] as const;
      }, point),
    ),
  );
  const hessians = lazily(() => compileGraph(trace(hessian(scalar), point)));
  const products = lazily(() => compileGraph(trace(hvp<Tensor>(scalar), [float64(n), float64(n)])));
  const thirds = lazily(() => compileGraph(trace((x: Tensor) => columns(hessian(scalar), x, n), point)));
  const result = new Float64Array(1);
  return {
    dimension: n,
    value(x) {
      values([x], [result]);
      return result[0];
    },
    valueAndGradient(x, gradient) {
      gradients([x], [result, gradient]);
      return result[0];
    },
    hessian: (x, out) => hessians([x], [out]),
    hessianVector: (x, v, out) => products([x, v], [out]),
    thirdDerivative: (x, out) => thirds([x], [out]),
  };
}

/**
 * The problem f(x) = Σ rᵢ(x)² from a function of one float64 tensor [n] that gives a tensor [m] of residuals.
 * @throws ScreeError when n is no positive integer; and when `residuals` does not give a vector.
 */
export function leastSquaresOf(
  residuals: (x: Tensor) => Tensor,
  n: number,
): SmoothProblem & { readonly residuals: Residuals } {
  requireDimension('leastSquaresOf', n);
  const point: [TensorType] = [float64(n)];
  const graph = trace(residuals, point);
  const { shape } = graph.nodes[graph.outputs[0]];
  if (shape.length !== 1) {
    throw new ScreeError(
      `leastSquaresOf: the function gave shape [${shape.join(', ')}]; it must give a vector of residuals`,
    );
  }
  const values = lazily(() => compileGraph(graph));
  const jacobians = lazily(() =>
    compileGraph(trace((x: Tensor) => columns(residuals, x, n).swapLast(), point)),
  );
  return {
    ...problemOf((x) => sum(square(residuals(x))), n),
    residuals: {
      count: shape[0],
      evaluate: (x, out) => values([x], [out]),
      jacobian: (x, out) => jacobians([x], [out]),
    },
  };
}

/** How often each was evaluated. A value with its gradient counts as one of both; residuals as values, Jacobians as gradients. */
export interface Evaluations {
  values: number;
  gradients: number;
  hessians: number;
  hessianVectors: number;
  thirdDerivatives: number;
}

/** The same problem, counting in `evaluations`. */
export function counted(problem: Problem): { problem: Problem; evaluations: Evaluations } {
  const evaluations: Evaluations = {
    values: 0,
    gradients: 0,
    hessians: 0,
    hessianVectors: 0,
    thirdDerivatives: 0,
  };
  const { residuals } = problem;
  const counting: Problem = {
    dimension: problem.dimension,
    value(x) {
      evaluations.values++;
      return problem.value(x);
    },
    valueAndGradient(x, gradient) {
      evaluations.values++;
      evaluations.gradients++;
      return problem.valueAndGradient(x, gradient);
    },
    hessian:
      problem.hessian &&
      ((x, out) => {
        evaluations.hessians++;
        problem.hessian?.(x, out);
      }),
    hessianVector:
      problem.hessianVector &&
      ((x, v, out) => {
        evaluations.hessianVectors++;
        problem.hessianVector?.(x, v, out);
      }),
    thirdDerivative:
      problem.thirdDerivative &&
      ((x, out) => {
        evaluations.thirdDerivatives++;
        problem.thirdDerivative?.(x, out);
      }),
    residuals: residuals && {
      count: residuals.count,
      evaluate(x, out) {
        evaluations.values++;
        residuals.evaluate(x, out);
      },
      jacobian(x, out) {
        evaluations.gradients++;
        residuals.jacobian(x, out);
      },
    },
  };
  return { problem: counting, evaluations };
}
