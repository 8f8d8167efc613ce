import { allocate, isFloat } from '../graph/dtype.js';
import { ScreeError } from '../graph/errors.js';
import { sizeOf } from '../graph/shape.js';
import { currentBuilder, type Tensor } from '../graph/tensor.js';
import { flattenTree, treePaths, unflattenTree, type Tree } from '../graph/tree.js';
import { ndarray } from '../graph/ndarray.js';
import { resultLeaves, type Traceable } from '../ops/trace.js';
import { pushforward } from './forward.js';
import { pullback } from './reverse.js';
import { vmap } from './vmap.js';

type Args = readonly Tree<Tensor>[];

export interface GradOptions<K extends number> {
  /** Which argument to differentiate by; the first by default. */
  readonly argument?: K;
}

/** Fresh names for the same values, so that a derivative by an argument sees only what the function does with it. */
function fresh<T extends Tree<Tensor>>(tree: T): T {
  return unflattenTree(
    tree,
    flattenTree(tree).map((tensor) => tensor.identity()),
  ) as T;
}

function requireFloat(operation: string, tree: Tree<Tensor>): void {
  const paths = treePaths(tree);
  flattenTree(tree).forEach((tensor, index) => {
    if (!isFloat(tensor.dtype)) {
      const name = paths[index] === '' ? 'the argument' : `'${paths[index]}'`;
      throw new ScreeError(
        `${operation}: ${name} is ${tensor.dtype}; only floating-point tensors have derivatives`,
      );
    }
  });
}

function gradientAt<A extends Args, X, K extends number>(
  args: A,
  argument: K,
  body: (args: A) => { value: Tensor; aux: X },
): { value: Tensor; aux: X; gradient: A[K] } {
  if (args[argument] === undefined) {
    throw new ScreeError(`grad: there is no argument ${argument}; the function got ${args.length}`);
  }
  requireFloat('grad', args[argument]);
  const copy = fresh(args[argument]);
  const replaced = args.map((arg, index) => (index === argument ? copy : arg)) as Args as A;
  const { value, aux } = body(replaced);
  const [output] = resultLeaves('grad', value);
  if (output.size !== 1 || !isFloat(output.dtype)) {
    throw new ScreeError(
      `grad: the function gave ${output.toString()}; it must give one floating-point number`,
    );
  }
  const sources = flattenTree(copy);
  const cotangents = pullback(sources, [output], [output.zerosLike().add(1)]);
  const leaves = sources.map((source, index) => cotangents[index] ?? source.zerosLike());
  return { value, aux, gradient: unflattenTree(copy, leaves) as A[K] };
}

/**
 * The function that gives `f`'s value and its gradient, by reverse mode. The gradient has the tree of the argument.
 * @throws ScreeError when `f` does not give a scalar, or the argument is not floating-point.
 * @example
 * ```ts
 * import { compile, float64, valueAndGrad, type Tensor } from 'scree';
 *
 * const f = valueAndGrad((x: Tensor) => x.square().sum());
 * const { value, gradient } = compile(f, [float64(2)]).run([3, 4]);
 * console.log(value.data, gradient.data);
 * ```
 * ```text
 * Float64Array(1) [ 25 ] Float64Array(2) [ 6, 8 ]
 * ```
 */
export function valueAndGrad<A extends Args, K extends number = 0>(
  f: Traceable<A, Tensor>,
  { argument }: GradOptions<K> = {},
): (...args: A) => { value: Tensor; gradient: A[K] } {
  return (...args) => {
    const { value, gradient } = gradientAt(args, (argument ?? 0) as K, (replaced) => ({
      value: f(...replaced),
      aux: undefined,
    }));
    return { value, gradient };
  };
}

/** valueAndGrad of a function that also gives tensors to be passed on as they are: new states, accuracies. */
export function valueAndGradWithAux<A extends Args, X extends Tree<Tensor>, K extends number = 0>(
  f: (...args: A) => { value: Tensor; aux: X },
  { argument }: GradOptions<K> = {},
): (...args: A) => { value: Tensor; aux: X; gradient: A[K] } {
  return (...args) => gradientAt(args, (argument ?? 0) as K, (replaced) => f(...replaced));
}

/**
 * The gradient of a scalar function, by reverse mode, in the tree of the argument.
 * @example
 * ```ts
 * import { compile, float64, grad, type Tensor } from 'scree';
 *
 * const slope = grad((x: Tensor) => x.pow(3));
 * const curvature = grad(slope);
 * console.log(compile(curvature, [float64()]).run(2).data);
 * ```
 * ```text
 * Float64Array(1) [ 12 ]
 * ```
 */
export function grad<A extends Args, K extends number = 0>(
  f: Traceable<A, Tensor>,
  options: GradOptions<K> = {},
): (...args: A) => A[K] {
  const both = valueAndGrad(f, options);
  return (...args) => both(...args).gradient;
}

/**
 * Reverse mode by hand: `f`'s result at `args` and the function from a cotangent of the result to cotangents of the arguments.
 * @example
 * ```ts
 * import { compile, float64, vjp, type Tensor } from 'scree';
 *
 * const f = (x: Tensor) => vjp((y: Tensor) => y.exp(), x).pullback(x.mul(0).add(1))[0];
 * console.log(compile(f, [float64(1)]).run([0]).data);
 * ```
 * ```text
 * Float64Array(1) [ 1 ]
 * ```
 */
export function vjp<A extends Args, R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  ...args: A
): { value: R; pullback: (cotangent: R) => A } {
  args.forEach((arg) => requireFloat('vjp', arg));
  const copies = fresh<Args>(args) as A;
  const value = f(...copies);
  const outputs = resultLeaves('vjp', value);
  return {
    value,
    pullback: (cotangent) => {
      const given = flattenTree<Tensor>(cotangent);
      if (given.length !== outputs.length) {
        throw new ScreeError(`vjp: the result has ${outputs.length} tensors, its cotangent ${given.length}`);
      }
      const sources = flattenTree<Tensor>(copies);
      const result = pullback(sources, outputs, given);
      return unflattenTree<Tensor, Tensor>(
        copies,
        sources.map((source, index) => result[index] ?? source.zerosLike()),
      ) as Args as A;
    },
  };
}

/**
 * Forward mode: `f`'s result at `args` and its derivative along `tangents`, both in the tree of the result.
 * @example
 * ```ts
 * import { compile, float64, jvp, type Tensor } from 'scree';
 *
 * const along = (x: Tensor, v: Tensor) => jvp((y: Tensor) => y.square(), [x], [v]);
 * const { value, tangent } = compile(along, [float64(), float64()]).run(3, 1);
 * console.log(value.data, tangent.data);
 * ```
 * ```text
 * Float64Array(1) [ 9 ] Float64Array(1) [ 6 ]
 * ```
 */
export function jvp<A extends Args, R extends Tree<Tensor>>(
  f: Traceable<A, R>,
  args: A,
  tangents: A,
): { value: R; tangent: R } {
  args.forEach((arg) => requireFloat('jvp', arg));
  const copies = fresh<Args>(args) as A;
  const sources = flattenTree<Tensor>(copies);
  const directions = flattenTree<Tensor>(tangents);
  sources.forEach((source, index) => {
    const direction = directions[index];
    if (direction?.toString() !== source.toString()) {
      throw new ScreeError(
        `jvp: the tangent of ${source.toString()} is ${direction?.toString() ?? 'missing'}; it must be alike`,
      );
    }
  });
  const value = f(...copies);
  const outputs = resultLeaves('jvp', value);
  const result = pushforward(sources, directions, outputs);
  const leaves = outputs.map((output, index) => result[index] ?? output.zerosLike());
  return { value, tangent: unflattenTree<Tensor, Tensor>(value, leaves) as R };
}

/**
 * The Hessian times a vector, without the Hessian: forward over reverse mode.
 * @example
 * ```ts
 * import { compile, float64, hvp, type Tensor } from 'scree';
 *
 * const product = hvp((x: Tensor) => x.pow(3).sum());
 * console.log(compile(product, [float64(2), float64(2)]).run([1, 2], [1, 1]).data);
 * ```
 * ```text
 * Float64Array(2) [ 6, 12 ]
 * ```
 */
export function hvp<T extends Tree<Tensor>>(f: Traceable<[T], Tensor>): (x: T, v: T) => T {
  return (x, v) => jvp<[T], T>(grad<[T]>(f), [x], [v]).tangent;
}

/**
 * All second derivatives of a scalar function of one tensor of shape [...s], as a tensor [...s, ...s]; all columns are computed
 * at once, as one batched Hessian-vector product.
 * @example
 * ```ts
 * import { compile, float64, hessian, type Tensor } from 'scree';
 *
 * const all = hessian((x: Tensor) => x.sum().square());
 * console.log(compile(all, [float64(2)]).run([1, 2]).data);
 * ```
 * ```text
 * Float64Array(4) [ 2, 2, 2, 2 ]
 * ```
 */
export function hessian(f: Traceable<[Tensor], Tensor>): (x: Tensor) => Tensor {
  return (x) => {
    const count = sizeOf(x.shape);
    const identity = allocate(x.dtype, count * count);
    for (let i = 0; i < count; i++) identity[i * count + i] = 1;
    const basis = currentBuilder('hessian').constant(ndarray(identity, [count, ...x.shape], x.dtype));
    const column = (v: Tensor) => hvp<Tensor>(f)(x, v);
    return vmap<[Tensor], Tensor>(column)(basis).reshape([...x.shape, ...x.shape]);
  };
}
