import { isFloat, type DType } from '../graph/dtype.js';
import type { Op, OnnxEmitter, OnnxRequest } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { elementwise, noAttributes, onnxTypes, unify, type NoAttributes, type TensorLike } from './define.js';

const bool = (): DType => 'bool';

function comparison(
  name: string,
  symbol: string,
  evaluate: (x: number, y: number) => boolean,
  onnx: string | ((emitter: OnnxEmitter, request: OnnxRequest<NoAttributes>) => string),
): Op<NoAttributes> {
  return elementwise({
    name,
    arity: 2,
    evaluate: (x, y) => (evaluate(x, y) ? 1 : 0),
    code: (x, y) => `(${x} ${symbol} ${y} ? 1 : 0)`,
    result: bool,
    onnx,
  });
}

const equalOp = comparison('equal', '===', (x, y) => x === y, 'Equal');
const notEqualOp = comparison(
  'notEqual',
  '!==',
  (x, y) => x !== y,
  (emitter, { names }) => emitter.emit('Not', [emitter.emit('Equal', names)]),
);
const lessOp = comparison('less', '<', (x, y) => x < y, 'Less');
const lessEqualOp = comparison('lessEqual', '<=', (x, y) => x <= y, 'LessOrEqual');
const greaterOp = comparison('greater', '>', (x, y) => x > y, 'Greater');
const greaterEqualOp = comparison('greaterEqual', '>=', (x, y) => x >= y, 'GreaterOrEqual');

const andOp = elementwise({
  name: 'and',
  arity: 2,
  evaluate: (x, y) => x & y,
  code: (x, y) => `(${x} & ${y})`,
  result: bool,
  onnx: 'And',
});
const orOp = elementwise({
  name: 'or',
  arity: 2,
  evaluate: (x, y) => x | y,
  code: (x, y) => `(${x} | ${y})`,
  result: bool,
  onnx: 'Or',
});
const notOp = elementwise({
  name: 'not',
  arity: 1,
  evaluate: (x) => 1 - x,
  code: (x) => `(1 - ${x})`,
  result: bool,
  onnx: 'Not',
});

/** The second operand where the first (a bool) holds, the third elsewhere. */
const whereOp = elementwise({
  name: 'where',
  arity: 3,
  evaluate: (condition, x, y) => (condition !== 0 ? x : y),
  code: (condition, x, y) => `(${condition} !== 0 ? ${x} : ${y})`,
  partials: [
    () => undefined,
    ([condition, x]) => condition.cast(x.dtype),
    ([condition, x]) => condition.not().cast(x.dtype),
  ],
  result: (inputs) => inputs[1].dtype,
  onnx: 'Where',
});

function castTo(
  dtype: DType,
  evaluate: (x: number) => number,
  code: (x: string) => string,
): Op<NoAttributes> {
  return {
    ...elementwise({
      name: `to_${dtype}`,
      arity: 1,
      evaluate,
      code,
      result: () => dtype,
      onnx: (emitter, { names }) => emitter.emit('Cast', names, { to: { int: onnxTypes[dtype] } }),
    }),
    jvp: (_application, [tangent]) => (tangent && isFloat(dtype) ? cast(tangent, dtype) : undefined),
    vjp: ({ inputs }, cotangent) => [cast(cotangent, inputs[0].dtype)],
  };
}

/** Conversion of the element type: to int32 towards zero, to bool by being non-zero. One op for each target type. */
export const castOps: Readonly<Record<DType, Op<NoAttributes>>> = {
  float64: castTo(
    'float64',
    (x) => x,
    (x) => x,
  ),
  float32: castTo('float32', Math.fround, (x) => `Math.fround(${x})`),
  int32: castTo('int32', Math.trunc, (x) => `Math.trunc(${x})`),
  bool: castTo(
    'bool',
    (x) => (x !== 0 ? 1 : 0),
    (x) => `(${x} !== 0 ? 1 : 0)`,
  ),
};

/** The tensor with another element type; itself if it has it already. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : x.builder.apply(castOps[dtype], [x], noAttributes);
}

function compare(op: Op<NoAttributes>): (x: TensorLike, y: TensorLike) => Tensor {
  return (x, y) => {
    const [a, b] = unify(op.name, [x, y]);
    return a.builder.apply(op, [a, b], noAttributes);
  };
}

export const equal = compare(equalOp);
export const notEqual = compare(notEqualOp);
export const less = compare(lessOp);
export const lessEqual = compare(lessEqualOp);
export const greater = compare(greaterOp);
export const greaterEqual = compare(greaterEqualOp);

export function and(x: Tensor, y: Tensor): Tensor {
  return x.builder.apply(andOp, [cast(x, 'bool'), cast(y, 'bool')], noAttributes);
}
export function or(x: Tensor, y: Tensor): Tensor {
  return x.builder.apply(orOp, [cast(x, 'bool'), cast(y, 'bool')], noAttributes);
}
export function not(x: Tensor): Tensor {
  return x.builder.apply(notOp, [cast(x, 'bool')], noAttributes);
}

/** `x` where `condition` holds, `y` elsewhere, broadcast together. The derivative passes only through the chosen one. */
export function where(condition: Tensor, x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = unify('where', [x, y]);
  return a.builder.apply(whereOp, [cast(condition, 'bool'), a, b], noAttributes);
}

/**
 * x held between low and high. The derivative is 1 strictly between them and 0 at the bounds and beyond, as in PyTorch's clamp.
 * NaN stays NaN.
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  const inside = and(greater(x, low), less(x, high));
  return where(inside, x, x.stopGradient().maximum(low).minimum(high));
}
