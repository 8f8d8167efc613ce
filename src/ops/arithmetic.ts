import { isFloat } from '../graph/dtype.js';
import type { Op } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import {
  constantScalar,
  elementwise,
  noAttributes,
  toTensor,
  unify,
  type NoAttributes,
  type PartialDerivative,
  type TensorLike,
} from './define.js';

const one: PartialDerivative = () => 1;
const minusOne: PartialDerivative = () => -1;

export const addOp = elementwise({
  name: 'add',
  arity: 2,
  evaluate: (x, y) => x + y,
  code: (x, y) => `(${x} + ${y})`,
  partials: [one, one],
  onnx: 'Add',
});

export const subOp = elementwise({
  name: 'sub',
  arity: 2,
  evaluate: (x, y) => x - y,
  code: (x, y) => `(${x} - ${y})`,
  partials: [one, minusOne],
  onnx: 'Sub',
});

export const mulOp = elementwise({
  name: 'mul',
  arity: 2,
  evaluate: (x, y) => x * y,
  code: (x, y) => `(${x} * ${y})`,
  partials: [([, y]) => y, ([x]) => x],
  onnx: 'Mul',
});

export const divOp = elementwise({
  name: 'div',
  arity: 2,
  evaluate: (x, y) => x / y,
  code: (x, y) => `(${x} / ${y})`,
  partials: [([, y]) => y.reciprocal(), ([, y], quotient) => quotient.div(y).neg()],
  onnx: 'Div',
});

export const negOp = elementwise({
  name: 'neg',
  arity: 1,
  evaluate: (x) => -x,
  code: (x) => `(-${x})`,
  partials: [minusOne],
  onnx: 'Neg',
});

export const reciprocalOp = elementwise({
  name: 'reciprocal',
  arity: 1,
  evaluate: (x) => 1 / x,
  code: (x) => `(1 / ${x})`,
  partials: [(_, output) => output.mul(output).neg()],
  onnx: 'Reciprocal',
});

/** x^y. At y = 0 ∂/∂x is 0; ∂/∂y is 0 where x = 0 and y ≥ 0, as in PyTorch. */
export const powOp = elementwise({
  name: 'pow',
  arity: 2,
  // JavaScript has NaN for 1 to the power of NaN or infinity, where C, PyTorch and ONNX have 1.
  evaluate: (x, y) => (x === 1 ? 1 : Math.pow(x, y)),
  code: (x, y) => `(${x} === 1 ? 1 : Math.pow(${x}, ${y}))`,
  partials: [
    ([x, y]) => {
      const exponent = constantScalar(y);
      if (exponent === 0) return undefined;
      if (exponent !== undefined) return x.pow(exponent - 1).mul(exponent);
      return y.equal(0).where(0, x.pow(y.sub(1)).mul(y));
    },
    ([x, y], power) => x.equal(0).and(y.greaterEqual(0)).where(0, power.mul(x.log())),
  ],
  onnx: 'Pow',
});

/** Larger of two. Where they are equal each gets half of the derivative, as in PyTorch. NaN if either is NaN. */
export const maximumOp = elementwise({
  name: 'maximum',
  arity: 2,
  evaluate: Math.max,
  code: (x, y) => `Math.max(${x}, ${y})`,
  partials: [([x, y]) => share(x, y), ([x, y]) => share(y, x)],
  onnx: 'Max',
});

/** Smaller of two. Where they are equal each gets half of the derivative, as in PyTorch. NaN if either is NaN. */
export const minimumOp = elementwise({
  name: 'minimum',
  arity: 2,
  evaluate: Math.min,
  code: (x, y) => `Math.min(${x}, ${y})`,
  partials: [([x, y]) => share(y, x), ([x, y]) => share(x, y)],
  onnx: 'Min',
});

/**
 * What is left of x after dividing by y and rounding the quotient down: it has y's sign, as Python's % and torch.remainder. NaN
 * where y is 0 or x infinite. ∂/∂y is −⌊x/y⌋, as in PyTorch for finite operands.
 */
export const remainderOp = elementwise({
  name: 'remainder',
  arity: 2,
  evaluate(x, y) {
    const rest = x % y;
    return rest * y < 0 ? rest + y : rest;
  },
  partials: [one, ([x, y]) => x.div(y).floor().neg()],
  onnx(emitter, { names: [x, y], output: { dtype } }) {
    if (dtype === 'int32') return emitter.emit('Mod', [x, y]);
    const rest = emitter.emit('Mod', [x, y], { fmod: { int: 1 } });
    const opposite = emitter.emit('Less', [emitter.emit('Mul', [rest, y]), emitter.scalar(0, dtype)]);
    return emitter.emit('Where', [opposite, emitter.emit('Add', [rest, y]), rest]);
  },
});

/** 0 where x is smaller, ½ where they are equal, 1 elsewhere. */
function share(x: Tensor, y: Tensor): Tensor {
  return x.less(y).where(0, x.equal(y).where(toTensor('maximum', 0.5, x.dtype), 1));
}

/** Emits a two-operand op with operands brought to one element type. */
function binary(op: Op<NoAttributes>): (x: TensorLike, y: TensorLike) => Tensor {
  return (x, y) => {
    const [a, b] = unify(op.name, [x, y]);
    return a.builder.apply(op, [a, b], noAttributes);
  };
}

export const add = binary(addOp);
export const sub = binary(subOp);
export const mul = binary(mulOp);
export const maximum = binary(maximumOp);
export const minimum = binary(minimumOp);
export const remainder = binary(remainderOp);

export function floating(tensor: Tensor): Tensor {
  return isFloat(tensor.dtype) ? tensor : tensor.cast('float32');
}

/** xʸ. Exponents 0, ½ and small integers become products and square roots, so that every derivative exists at 0. */
export function pow(x: TensorLike, y: TensorLike): Tensor {
  const [base, exponent] = unify('pow', [x, y]).map(floating);
  const constant = constantScalar(exponent);
  if (constant !== undefined && exponent.rank <= base.rank) {
    if (constant === 0) return toTensor('pow', 1, base.dtype).broadcastTo(base.shape);
    if (constant === 1) return base;
    if (constant === 2) return base.mul(base);
    if (constant === 3) return base.mul(base).mul(base);
    if (constant === 4) return base.mul(base).square();
    if (constant === 0.5) return base.sqrt();
    if (constant === -1) return base.reciprocal();
  }
  return base.builder.apply(powOp, [base, exponent], noAttributes);
}

function single(op: Op<NoAttributes>): (x: TensorLike) => Tensor {
  return (x) => {
    const tensor = toTensor(op.name, x);
    return tensor.builder.apply(op, [tensor], noAttributes);
  };
}

export const neg = single(negOp);

export function reciprocal(x: TensorLike): Tensor {
  return single(reciprocalOp)(floating(toTensor('reciprocal', x)));
}

export function square(x: TensorLike): Tensor {
  const tensor = toTensor('square', x);
  return mul(tensor, tensor);
}

/** √(x² + y²); its derivative at the origin is NaN, as in PyTorch. On ONNX large operands overflow. */
export const hypotOp = elementwise({
  name: 'hypot',
  arity: 2,
  evaluate: (x, y) => Math.hypot(x, y),
  code: (x, y) => `Math.hypot(${x}, ${y})`,
  partials: [([x], output) => x.div(output), ([, y], output) => y.div(output)],
  onnx(emitter, { names }) {
    const squares = names.map((name) => emitter.emit('Mul', [name, name]));
    return emitter.emit('Sqrt', [emitter.emit('Add', squares)]);
  },
});

/**
 * The angle of the point (x, y) in (−π, π]; its derivative at the origin is 0, as in PyTorch.
 */
export const atan2Op = elementwise({
  name: 'atan2',
  arity: 2,
  evaluate: Math.atan2,
  code: (y, x) => `Math.atan2(${y}, ${x})`,
  partials: [([y, x]) => x.mul(inverseSquare(x, y)), ([y, x]) => y.neg().mul(inverseSquare(x, y))],
  // ONNX has atan alone: atan(y/x), shifted by ±π left of the axis, and ±π/2 or 0 on it.
  onnx(emitter, { names: [y, x], output: { dtype } }) {
    const zero = emitter.scalar(0, dtype);
    const pick = (condition: string, yes: string, no: string) => emitter.emit('Where', [condition, yes, no]);
    const number = (value: number) => emitter.scalar(value, dtype);
    const below = emitter.emit('Less', [y, zero]);
    const angle = emitter.emit('Atan', [emitter.emit('Div', [y, x])]);
    const shift = pick(below, number(-Math.PI), number(Math.PI));
    const left = emitter.emit('Add', [angle, shift]);
    const above = emitter.emit('Greater', [y, zero]);
    const onAxis = pick(above, number(Math.PI / 2), pick(below, number(-Math.PI / 2), zero));
    const isLeft = emitter.emit('Less', [x, zero]);
    const isAxis = emitter.emit('Equal', [x, zero]);
    return pick(isAxis, onAxis, pick(isLeft, left, angle));
  },
});

/** 1/(x² + y²), and 0 at the origin. */
function inverseSquare(x: Tensor, y: Tensor): Tensor {
  const squares = square(x).add(square(y));
  return squares.equal(0).where(0, squares.reciprocal());
}

function binaryFloat(op: Op<NoAttributes>): (x: TensorLike, y: TensorLike) => Tensor {
  return (x, y) => {
    const [a, b] = unify(op.name, [x, y]).map(floating);
    return a.builder.apply(op, [a, b], noAttributes);
  };
}

export const hypot = binaryFloat(hypotOp);
export const atan2 = binaryFloat(atan2Op);
/** x / y, elementwise. Integers are divided as float32. */
export const div = binaryFloat(divOp);
