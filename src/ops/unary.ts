import { isFloat } from '../graph/dtype.js';
import type { Op, OnnxEmitter, OnnxRequest } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { floating } from './arithmetic.js';
import {
  elementwise,
  noAttributes,
  onnxTypes,
  toTensor,
  type NoAttributes,
  type TensorLike,
} from './define.js';
import {
  erf as erfNumber,
  roundHalfEven,
  sigmoid as sigmoidNumber,
  softplus as softplusNumber,
} from './special.js';

type Lowering = string | ((emitter: OnnxEmitter, request: OnnxRequest<NoAttributes>) => string);

function smooth(
  name: string,
  evaluate: (x: number) => number,
  derivative: (x: Tensor, y: Tensor) => Tensor,
  onnx: Lowering,
  code?: (x: string) => string,
): Op<NoAttributes> {
  return elementwise({
    name,
    arity: 1,
    evaluate,
    code,
    partials: [([x], y) => derivative(x, y)],
    onnx,
  });
}

/** A step-like op: its derivative is 0 wherever it exists, and 0 is what is used everywhere, as in PyTorch. */
function flat(name: string, evaluate: (x: number) => number, onnx: Lowering, code?: (x: string) => string) {
  return elementwise({ name, arity: 1, evaluate, code, onnx });
}

const math = (name: string) => (x: string) => `Math.${name}(${x})`;

export const expOp = smooth('exp', Math.exp, (_x, y) => y, 'Exp', math('exp'));
export const logOp = smooth('log', Math.log, (x) => x.reciprocal(), 'Log', math('log'));
export const sqrtOp = smooth('sqrt', Math.sqrt, (_x, y) => y.reciprocal().mul(0.5), 'Sqrt', math('sqrt'));
export const sinOp = smooth('sin', Math.sin, (x) => x.cos(), 'Sin', math('sin'));
export const cosOp = smooth('cos', Math.cos, (x) => x.sin().neg(), 'Cos', math('cos'));
export const tanOp = smooth('tan', Math.tan, (_x, y) => y.mul(y).add(1), 'Tan', math('tan'));
export const asinOp = smooth('asin', Math.asin, (x) => x.mul(x).neg().add(1).rsqrt(), 'Asin', math('asin'));
export const acosOp = smooth(
  'acos',
  Math.acos,
  (x) => x.mul(x).neg().add(1).rsqrt().neg(),
  'Acos',
  math('acos'),
);
export const atanOp = smooth('atan', Math.atan, (x) => x.mul(x).add(1).reciprocal(), 'Atan', math('atan'));
export const sinhOp = smooth('sinh', Math.sinh, (x) => x.cosh(), 'Sinh', math('sinh'));
export const coshOp = smooth('cosh', Math.cosh, (x) => x.sinh(), 'Cosh', math('cosh'));
export const tanhOp = smooth('tanh', Math.tanh, (_x, y) => y.mul(y).neg().add(1), 'Tanh', math('tanh'));
export const asinhOp = smooth('asinh', Math.asinh, (x) => x.mul(x).add(1).rsqrt(), 'Asinh', math('asinh'));
export const acoshOp = smooth('acosh', Math.acosh, (x) => x.mul(x).sub(1).rsqrt(), 'Acosh', math('acosh'));
export const atanhOp = smooth(
  'atanh',
  Math.atanh,
  (x) => x.mul(x).neg().add(1).reciprocal(),
  'Atanh',
  math('atanh'),
);
export const sigmoidOp = smooth('sigmoid', sigmoidNumber, (_x, y) => y.sub(y.mul(y)), 'Sigmoid');
export const softplusOp = smooth('softplus', softplusNumber, (x) => x.sigmoid(), 'Softplus');
export const erfOp = smooth(
  'erf',
  erfNumber,
  (x) =>
    x
      .mul(x)
      .neg()
      .exp()
      .mul(2 / Math.sqrt(Math.PI)),
  'Erf',
);

export const cbrtOp = smooth(
  'cbrt',
  Math.cbrt,
  (_x, y) => y.mul(y).mul(3).reciprocal(),
  (emitter, { names: [x], output }) => {
    const root = emitter.emit('Pow', [emitter.emit('Abs', [x]), emitter.scalar(1 / 3, output.dtype)]);
    return emitter.emit('Mul', [emitter.emit('Sign', [x]), root]);
  },
  math('cbrt'),
);

/** 1/√x; ONNX has it as two operators. */
export const rsqrtOp = smooth(
  'rsqrt',
  (x) => 1 / Math.sqrt(x),
  (x, y) => y.div(x).mul(-0.5),
  (emitter, { names }) => emitter.emit('Reciprocal', [emitter.emit('Sqrt', names)]),
  (x) => `(1 / Math.sqrt(${x}))`,
);

/** eˣ − 1. On ONNX as tanh(x/2)(eˣ + 1), which keeps its digits near 0, and eˣ − 1 beyond 20, where the product could overflow. */
export const expm1Op = smooth(
  'expm1',
  Math.expm1,
  (x) => x.exp(),
  (emitter, { names: [x], output: { dtype } }) => {
    const e = emitter.emit('Exp', [x]);
    const half = emitter.emit('Tanh', [emitter.emit('Mul', [x, emitter.scalar(0.5, dtype)])]);
    const near = emitter.emit('Mul', [half, emitter.emit('Add', [e, emitter.scalar(1, dtype)])]);
    const far = emitter.emit('Sub', [e, emitter.scalar(1, dtype)]);
    return emitter.emit('Where', [emitter.emit('Greater', [x, emitter.scalar(20, dtype)]), far, near]);
  },
  math('expm1'),
);

/** log(1 + x). On ONNX with u = 1 + x as log(u) − ((u − 1) − x)/u (Kahan), and log(u) where u is huge. */
export const log1pOp = smooth(
  'log1p',
  Math.log1p,
  (x) => x.add(1).reciprocal(),
  (emitter, { names: [x], output: { dtype } }) => {
    const one = emitter.scalar(1, dtype);
    const u = emitter.emit('Add', [x, one]);
    const log = emitter.emit('Log', [u]);
    const lost = emitter.emit('Sub', [emitter.emit('Sub', [u, one]), x]);
    const near = emitter.emit('Sub', [log, emitter.emit('Div', [lost, u])]);
    const small = emitter.emit('Less', [emitter.emit('Abs', [x]), emitter.scalar(1, dtype)]);
    return emitter.emit('Where', [small, near, log]);
  },
  math('log1p'),
);

/** |x|; its derivative at 0 is 0, as in PyTorch. */
export const absOp = smooth('abs', Math.abs, (x) => x.sign(), 'Abs', math('abs'));

/** −1, 0 or 1; 0 for NaN, as in PyTorch. */
export const signOp = flat(
  'sign',
  (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  (emitter, { names: [x], output: { dtype } }) => {
    const sign = emitter.emit('Sign', [x]);
    if (!isFloat(dtype)) return sign;
    return emitter.emit('Where', [emitter.emit('IsNaN', [x]), emitter.scalar(0, dtype), sign]);
  },
);
export const floorOp = flat('floor', Math.floor, 'Floor', math('floor'));
export const ceilOp = flat('ceil', Math.ceil, 'Ceil', math('ceil'));
/** To the nearest integer, halves to the even one. */
export const roundOp = flat('round', roundHalfEven, 'Round');

/** max(x, 0); its derivative at 0 is 0, as in PyTorch. NaN stays NaN. */
export const reluOp: Op<NoAttributes> = {
  ...elementwise({
    name: 'relu',
    arity: 1,
    evaluate: (x) => (x < 0 ? 0 : x),
    code: (x) => `(${x} < 0 ? 0 : ${x})`,
    partials: [(_, y) => y.lessEqual(0).not().cast(y.dtype)],
    onnx: 'Relu',
  }),
  vjp: ({ output }, cotangent) => [maskPositive(cotangent, output)],
};

/** The cotangent where relu's output is positive, 0 elsewhere: relu's derivative in one pass. */
export const maskPositiveOp = elementwise({
  name: 'maskPositive',
  arity: 2,
  evaluate: (cotangent, y) => (y <= 0 ? 0 : cotangent),
  code: (cotangent, y) => `(${y} <= 0 ? 0 : ${cotangent})`,
  partials: [([cotangent, y]) => y.lessEqual(0).not().cast(cotangent.dtype), () => undefined],
  onnx: (emitter, { names: [cotangent, y], output: { dtype } }) => {
    const positive = emitter.emit('Greater', [y, emitter.scalar(0, dtype)]);
    return emitter.emit('Mul', [
      cotangent,
      emitter.emit('Cast', [positive], { to: { int: onnxTypes[dtype] } }),
    ]);
  },
});

function maskPositive(cotangent: Tensor, y: Tensor): Tensor {
  return y.builder.apply(maskPositiveOp, [cotangent, y], noAttributes);
}

/** The same value; marks where a transform begins. Simplification removes it. */
export const identityOp = elementwise({
  name: 'identity',
  arity: 1,
  evaluate: (x) => x,
  code: (x) => x,
  partials: [() => 1],
  onnx: 'Identity',
});

/** The same value, through which no derivative passes. */
export const stopGradientOp = flat(
  'stopGradient',
  (x) => x,
  'Identity',
  (x) => x,
);

function unary(op: Op<NoAttributes>): (x: TensorLike) => Tensor {
  return (x) => {
    const input = floating(toTensor(op.name, x));
    return input.builder.apply(op, [input], noAttributes);
  };
}

/** A unary op that integers pass through as they are. */
function unaryAnyType(op: Op<NoAttributes>): (x: TensorLike) => Tensor {
  return (x) => {
    const input = toTensor(op.name, x);
    return input.builder.apply(op, [input], noAttributes);
  };
}

export const exp = unary(expOp);
export const expm1 = unary(expm1Op);
export const log = unary(logOp);
export const log1p = unary(log1pOp);
export const sqrt = unary(sqrtOp);
export const rsqrt = unary(rsqrtOp);
export const cbrt = unary(cbrtOp);
export const sin = unary(sinOp);
export const cos = unary(cosOp);
export const tan = unary(tanOp);
export const asin = unary(asinOp);
export const acos = unary(acosOp);
export const atan = unary(atanOp);
export const sinh = unary(sinhOp);
export const cosh = unary(coshOp);
export const tanh = unary(tanhOp);
export const asinh = unary(asinhOp);
export const acosh = unary(acoshOp);
export const atanh = unary(atanhOp);
export const sigmoid = unary(sigmoidOp);
export const softplus = unary(softplusOp);
export const erf = unary(erfOp);
export const floor = unary(floorOp);
export const ceil = unary(ceilOp);
export const round = unary(roundOp);
export const relu = unary(reluOp);
export const abs = unaryAnyType(absOp);
export const sign = unaryAnyType(signOp);
export const identity = unaryAnyType(identityOp);
export const stopGradient = unaryAnyType(stopGradientOp);
